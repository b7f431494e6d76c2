// The processor: between terminals and issuers, and where transaction codes are kept (system 5).

export { DEVICE_KEY_SIZE, type DevicePurchase, purchaseMac, stripeMac } from "./device-mac.js";
export {
  CODE_DECLINES,
  type CodeDecline,
  PROCESSOR_ERRORS,
  ProcessorError,
  type ProcessorErrorCode,
} from "./errors.js";
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
export { restoreProcessor } from "./restore.js";
export { type ProcessorService, type ProcessorServiceOptions, startProcessor } from "./service.js";
export type { Party, Route } from "./switch.js";
