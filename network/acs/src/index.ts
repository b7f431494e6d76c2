// The access control server (system 4): authenticates a cardholder for one purchase, by the card's own authenticator.

export { Acs, type AcsOptions, CardNotAsked, type CardQuestion, CHALLENGE_LIFE_S, TRIES_MAX } from "./acs.js";
export { ATN_PART_SIZE, ATN_SIZE, CAVV_SIZE, type CavvKeys, cavvFault, cavvOf } from "./cavv.js";
export {
  type Component,
  checkedAnswer,
  ERRO_CODES,
  type Erro,
  type ErroCode,
  type ErroRoute,
  erroAnswers,
  erroIn,
  erroOf,
  ThreeDsError,
} from "./error-message.js";
export { ACS_ERRORS, AcsError, type AcsErrorCode } from "./errors.js";
export { extensionSchema, FIELDS, type Field, fieldSchemas, headSchemas } from "./fields.js";
export {
  type AReq,
  type ARes,
  type CardChallenge,
  type CardOfRequest,
  type CReq,
  type CRes,
  Eci,
  EXTENSION,
  MESSAGE_VERSION,
  Reason,
  type RReq,
  type RRes,
} from "./messages.js";
export { acsAmendments } from "./restore.js";
export { type AcsService, type AcsServiceOptions, startAcs } from "./service.js";
export { openAcsStore } from "./store.js";
