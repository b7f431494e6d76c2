// How the services are reached, and reach each other.

export { octetsOf } from "./base64url.js";
export { secondsNow } from "./clock.js";
export {
  type HttpDoorOptions,
  type HttpLimits,
  httpDoor,
  type Refusal,
  type Refusals,
  type RefusedRequest,
} from "./http-door.js";
export {
  type ServiceKeys,
  SIGNATURE_ERRORS,
  SignatureError,
  type SignatureErrorCode,
  serviceKeys,
} from "./http-signature.js";
export { answerFields } from "./iso-answers.js";
export { type CallerOptions, IsoCaller, LineError, type LineErrorCode } from "./iso-caller.js";
export {
  type IsoDoor,
  type IsoDoorOptions,
  type IsoLimits,
  openIsoDoor,
} from "./iso-door.js";
export type { Answer, PeerLine, Serve } from "./iso-line.js";
export { type LineKeys, lineKeys } from "./line-mac.js";
export { BY_ACCESS_KEY, OF_SERVICE, OPEN, shownAccessKey, words } from "./open-api.js";
export { Operations, type OperationsOptions, timed } from "./operations.js";
export { isNamed, NAMING, originalName, originalOf, requestName } from "./request-name.js";
export { answers, IDEMPOTENT, object, out, REFUSAL, whole } from "./schema.js";
export {
  SERVICE_ERRORS,
  ServiceCaller,
  type ServiceCallerOptions,
  ServiceError,
  type ServiceErrorCode,
  ServiceRefusal,
} from "./signed-caller.js";
export { type SharedNonces, type SignedDoorOptions, signedRoutes } from "./signed-door.js";
export {
  type Emission,
  equalText,
  expectedTracks,
  isPast,
  readStripe,
  readSwipe,
  SERVICE_CODE,
  type Swipe,
} from "./swipe.js";
