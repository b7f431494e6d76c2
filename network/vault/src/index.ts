// What a service keeps that others must not read, and the keys that it is under: derived, numbered, changed.

export { type KeptKeys, type Settings, type Tied, tellRenewed, tie } from "./kept-keys.js";
export {
  type KeyAbsence,
  keyOf,
  type Master,
  type NumberedMaster,
  numbered,
  SealRing,
  UnopenedError,
} from "./key-ring.js";
export { aesCmac, derivedKey, keyedName, openText, sealText } from "./sealed.js";
