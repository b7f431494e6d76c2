// Delegated rights in the hand of whoever has them: what needs macaroons, apart from what each app loads.

export { narrowDelegation, type SeenDelegation, seeDelegation } from "./narrow.js";
