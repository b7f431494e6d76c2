// The processor: between terminals and issuers, and where transaction codes are kept (system 5).

export { type CardCode, type CardCodeRequest, cardCode, type IssueCode } from "./card-codes.js";
export { DEVICE_KEY_SIZE, type DevicePurchase, purchaseMac, stripeMac } from "./device-mac.js";
export { addDevice, DEVICES_MAX, removeDevice } from "./devices.js";
export {
  ATN_LIFE_S,
  type Authentication,
  type CountedGrant,
  type DomainGrant,
  DomainServer,
  type DomainServerOptions,
  type GrantOfDomain,
  type KeptDomain,
  keepDomain,
  type Resolved,
  type SealedGrant,
} from "./domain-server.js";
export { type DrcInput, drcOf } from "./drc.js";
export {
  PROCESSOR_DECLINES,
  PROCESSOR_ERRORS,
  type ProcessorDecline,
  ProcessorError,
  type ProcessorErrorCode,
} from "./errors.js";
export type { LockToken } from "./failure-lock.js";
export { FAILURE_WINDOW_S, FAILURES_MAX } from "./present.js";
export {
  type Account,
  type AccountName,
  CODE_LIFE_MAX_S,
  type CodeRequest,
  type CodeState,
  type FindAccount,
  type NewCode,
  OPEN_CODES_MAX,
  Processor,
  type ProcessorOptions,
} from "./processor.js";
export { processorAmendments } from "./restore.js";
export { type ProcessorService, type ProcessorServiceOptions, startProcessor } from "./service.js";
export { openProcessorStore } from "./store.js";
export type { Party, Route } from "./switch.js";
