// What the emulator throws: a wrong call or a broken image. What the card itself refuses is a status on its line.

export type EmulatorErrorCode =
  | "IMAGE_INVALID"
  | "IMPORT_REFUSED"
  | "EXPORT_MISSING"
  | "BUDGET_EXCEEDED"
  | "MODULE_DEAD"
  | "NOT_PERSONALISED"
  | "ALREADY_PERSONALISED"
  | "PERSONALISATION_INVALID"
  | "STORE_CORRUPT"
  | "STORE_FULL"
  | "STORE_WRONG_SIZE"
  | "CARD_OFF"
  | "LINE_BUSY"
  | "LINE_CLOSED"
  | "LINE_CHUNK_INVALID"
  | "LINE_MTU_INVALID"
  | "COURIER_UNKNOWN"
  | "SCENARIO_INVALID"
  | "SCENARIO_FAILED"
  | "LOADER_LISTENS"
  | "QEMU_FAILED"
  | "APPLIANCE_NO_CODE"
  | "APPLIANCE_UNANSWERED";

/** Branch on `code`, show `message`. */
export class EmulatorError extends Error {
  override readonly name = "EmulatorError";

  constructor(
    readonly code: EmulatorErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The power went in the middle of a raw write: nothing after it ran. Open the store again to go on. */
export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

/** A module handed a port memory that is not its own, where the port has no status to say so. Ends the module as a trap. */
export class PortViolation extends Error {
  override readonly name = "PortViolation";
}
