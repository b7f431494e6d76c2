// How a command ends (docs/architecture.md, "Errors"): one table, from the codes of every room to the process's exit code. What a room
// has no line for here ends as its class does; types hold the codes to those that exist.

import type { AcsErrorCode } from "@enabling-card/acs";
import type { EmulatorErrorCode } from "@enabling-card/emulator";
import type { IssuerErrorCode } from "@enabling-card/issuer";
import type { PosErrorCode } from "@enabling-card/pos-sim";
import type { ProcessorErrorCode } from "@enabling-card/processor";
import type { CardErrorCode } from "@enabling-card/sdk";
import type { ImageErrorCode } from "@enabling-card/wire";

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unavailable: 3,
  linkLost: 4,
  refused: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that ends with something other than success, and says so itself. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(
    readonly code: string,
    message: string,
    readonly exit: ExitCode,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The exits that a class of errors has: one for all its codes, and those that differ. */
interface Exits<Code extends string> {
  readonly others: ExitCode;
  readonly codes: Readonly<Partial<Record<Code, ExitCode>>>;
}

const CARD: Exits<CardErrorCode> = {
  others: EXIT.refused,
  codes: {
    ABORTED: EXIT.interrupted,
    ARGUMENT_INVALID: EXIT.usage,
    PAIRING_CODE_INVALID: EXIT.usage,
    PAIRING_UNKNOWN: EXIT.usage,
    PIN_MALFORMED: EXIT.usage,
    LINK_LOST: EXIT.linkLost,
    LINK_TIMEOUT: EXIT.linkLost,
    LINK_CLOSED: EXIT.linkLost,
    CARD_NOT_FOUND: EXIT.linkLost,
    CARD_NOT_CHOSEN: EXIT.failed,
    BLUETOOTH_OFF: EXIT.unavailable,
    BLUETOOTH_FORBIDDEN: EXIT.unavailable,
    WEB_BLUETOOTH_MISSING: EXIT.unavailable,
    FRAME_INVALID: EXIT.linkLost,
    LOADER_SILENT: EXIT.linkLost,
    LOADER_ANSWER_MALFORMED: EXIT.failed,
    UPDATE_REVERTED: EXIT.failed,
    SESSION_ENDED: EXIT.linkLost,
    PAIRING_STORE_FAILED: EXIT.unavailable,
    REGISTRATION_STORE_FAILED: EXIT.unavailable,
    ISSUER_UNREACHABLE: EXIT.unavailable,
    ISSUER_ANSWER_INVALID: EXIT.failed,
    CARD_ANSWER_MALFORMED: EXIT.failed,
  },
};

const EMULATOR: Exits<EmulatorErrorCode> = {
  others: EXIT.failed,
  codes: {
    IMAGE_INVALID: EXIT.unavailable,
    IMPORT_REFUSED: EXIT.unavailable,
    EXPORT_MISSING: EXIT.unavailable,
    BUDGET_EXCEEDED: EXIT.unavailable,
    MODULE_DEAD: EXIT.unavailable,
    NOT_PERSONALISED: EXIT.unavailable,
    CARD_OFF: EXIT.unavailable,
    LINE_BUSY: EXIT.unavailable,
    QEMU_FAILED: EXIT.unavailable,
    APPLIANCE_NO_CODE: EXIT.usage,
    APPLIANCE_UNANSWERED: EXIT.linkLost,
    LINE_CLOSED: EXIT.linkLost,
    LOADER_LISTENS: EXIT.unavailable,
    LINE_CHUNK_INVALID: EXIT.usage,
    LINE_MTU_INVALID: EXIT.usage,
    COURIER_UNKNOWN: EXIT.usage,
    PERSONALISATION_INVALID: EXIT.usage,
    SCENARIO_INVALID: EXIT.usage,
    STORE_WRONG_SIZE: EXIT.usage,
  },
};

const POS: Exits<PosErrorCode> = {
  others: EXIT.failed,
  codes: {
    ABORTED: EXIT.interrupted,
    BAD_ARGUMENT: EXIT.usage,
    PCM_IS_WAV: EXIT.usage,
    HOST_UNREACHABLE: EXIT.unavailable,
    HOST_LOST: EXIT.linkLost,
    HOST_TIMEOUT: EXIT.linkLost,
  },
};

const ISSUER: Exits<IssuerErrorCode> = {
  others: EXIT.refused,
  codes: {
    BAD_REQUEST: EXIT.usage,
    NAME_INVALID: EXIT.usage,
    IIN_NOT_CONFIGURED: EXIT.usage,
    SAMPLE_KEYS_LOOPBACK: EXIT.usage,
    SAMPLE_KEYS_TEST_IIN: EXIT.usage,
    INTERNAL: EXIT.failed,
  },
};

/** Of processor and access control server. */
const SERVICE: Exits<ProcessorErrorCode | AcsErrorCode> = {
  others: EXIT.refused,
  codes: { BAD_REQUEST: EXIT.usage, INTERNAL: EXIT.failed },
};

const IMAGE: Exits<ImageErrorCode> = {
  others: EXIT.failed,
  codes: { IMAGE_VERSION_INVALID: EXIT.usage, IMAGE_ARGUMENT_INVALID: EXIT.usage },
};

const CLASSES: Readonly<Record<string, Exits<string>>> = {
  CardError: CARD,
  EmulatorError: EMULATOR,
  PosError: POS,
  IssuerError: ISSUER,
  ProcessorError: SERVICE,
  AcsError: SERVICE,
  ServiceRefusal: { others: EXIT.refused, codes: {} },
  ServiceError: { others: EXIT.unavailable, codes: { ANSWER_MALFORMED: EXIT.failed } },
  SqlError: { others: EXIT.refused, codes: {} },
  BackupError: { others: EXIT.refused, codes: { STORES_NONE: EXIT.usage } },
  ImageError: IMAGE,
  WireError: { others: EXIT.failed, codes: { PAIRING_CODE_INVALID: EXIT.usage } },
  Iso8583Error: { others: EXIT.failed, codes: {} },
  LedgerError: { others: EXIT.refused, codes: {} },
};

/** What the operating system says no to: `ENOENT`, `EADDRINUSE`. Node's own codes begin with `ERR_`. */
const SYSTEM = /^E(?!RR_)[A-Z0-9]+$/;

/** The exit code of whatever was thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  // By name, as every class here: two copies of a module have two classes.
  const {
    name = "",
    code,
    exit,
    exitCode,
  } = (error ?? {}) as {
    name?: string;
    code?: unknown;
    exit?: ExitCode;
    exitCode?: number;
  };
  if (name === "CommandError" && exit !== undefined) return exit;
  if (name === "AbortError") return EXIT.interrupted;
  if (typeof code !== "string") return EXIT.failed;
  const exits = CLASSES[name];
  if (exits) return exits.codes[code] ?? exits.others;
  if (code.startsWith("commander.")) return exitCode === 0 ? EXIT.done : EXIT.usage;
  return SYSTEM.test(code) ? EXIT.unavailable : EXIT.failed;
}
