// The issuer: enrols cards, mints tokens, seals grants, authorises swipes (systems 1 to 3, thin but true).

export { authorise, FAILURES_MAX } from "./authorise.js";
export { DECLINES, type Decline, ISSUER_ERRORS, IssuerError, type IssuerErrorCode } from "./errors.js";
export { httpServer } from "./http-server.js";
export { reply } from "./iso-server.js";
export {
  type Evidence,
  type GrantBundle,
  type GrantRequest,
  Issuer,
  type IssuerOptions,
  type TokenView,
} from "./issuer.js";
export { type IssuerKeys, keysFromSeeds, randomSeeds, SEEDS_SIZE, sampleKeys } from "./keys.js";
export { luhnDigit, mintPan, TEST_IIN } from "./pan.js";
export { sealToCard } from "./seal.js";
export { type IssuerService, type IssuerServiceOptions, startIssuer } from "./service.js";
