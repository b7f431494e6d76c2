// How a command ends (docs/architecture.md, "Errors"): one table, from the codes of every room to the process's exit code.

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

const LINK = /^(LINK_|CARD_NOT_FOUND)/;
const USAGE = /^(ARGUMENT_INVALID|BAD_ARGUMENT|PAIRING_CODE_INVALID|SCENARIO_|PERSONALISATION_INVALID)/;
const UNAVAILABLE = /^(ENOENT|EACCES|EADDRINUSE|NOT_PERSONALISED|IMAGE_|HOST_)/;

/** The exit code of whatever was thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exit;
  const { name, code } = error as { name?: string; code?: unknown };
  if (name === "AbortError" || code === "ABORTED") return EXIT.interrupted;
  if (typeof code !== "string") return EXIT.failed;
  if (code.startsWith("commander."))
    return code === "commander.helpDisplayed" || code === "commander.version" ? EXIT.done : EXIT.usage;
  if (LINK.test(code)) return EXIT.linkLost;
  if (USAGE.test(code)) return EXIT.usage;
  if (UNAVAILABLE.test(code)) return EXIT.unavailable;
  return name === "CardError" || name === "IssuerError" ? EXIT.refused : EXIT.failed;
}
