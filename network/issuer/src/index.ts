// The issuer: enrols cards, mints tokens, seals grants, authorises swipes (systems 1 to 3, thin but true).

export type { ResolvedToken } from "./accounts.js";
export { authorise, REPEAT_WINDOW_S } from "./authorise.js";
export { type ClosedGrant, closeGrant } from "./closing.js";
export {
  DELEGATIONS_MAX,
  type DelegationView,
  delegate,
  delegationLeft,
  delegationsOf,
  grantBy,
  type Left,
  type NewDelegation,
  revokeDelegation,
} from "./delegations.js";
export { DECLINES, type Decline, ISSUER_ERRORS, IssuerError, type IssuerErrorCode } from "./errors.js";
export type { Evidence, GrantBundle } from "./evidence.js";
export { GRANT_S, GRANTS_AT_ONCE } from "./grant-rate.js";
export type { CodeToSwipe, GrantOptions, GrantRequest, MakeCryptogram } from "./grant-request.js";
export { Issuer, LOG_ORIGIN, type SignedTokenState } from "./issuer.js";
export type { IssuerOptions } from "./issuer-options.js";
export {
  type IssuerKeys,
  keysFromSeeds,
  type Rotation,
  randomSeeds,
  rotatedSeeds,
  SEEDS_SIZE,
  sampleKeys,
} from "./keys.js";
export type { TokenView } from "./minting.js";
export { mintPan } from "./pan.js";
export { compareMeans, type MeansInfo, type Registered, registerMeans } from "./registration.js";
export { issuerAmendments } from "./restore.js";
export { sealToCard } from "./seal.js";
export { type IssuerService, type IssuerServiceOptions, startIssuer } from "./service.js";
export { type NewToken, openIssuerDatabase, Tables, TOKENS_AT_ONCE } from "./store.js";
export { cavvKeyOf, cavvKeysOf, hashOfDomain, type TokenSecrets } from "./token-secrets.js";
export { FAILURE_WINDOW_S, FAILURES_MAX } from "./verdict.js";
