export { ATN_PART_SIZE, ATN_SIZE, CAVV_SIZE, cavvOf, isCavv } from "./cavv.js";
