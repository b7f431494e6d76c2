// What a command prints: text for people, JSON Lines for machines, never both. Colours only on a terminal, and not with NO_COLOR.
// Green: done or allowed. Red: failed. Yellow: refused on purpose. Dim: detail.

import { inspect } from "node:util";

export interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly streams?: Streams;
  readonly env?: NodeJS.ProcessEnv;
}

const STYLES = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 } as const;

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #streams: Streams;
  readonly #colours: boolean;

  constructor(options: OutputOptions = {}) {
    this.json = options.json ?? false;
    this.quiet = options.quiet ?? false;
    this.verbose = options.verbose ?? false;
    this.#streams = options.streams ?? process;
    const env = options.env ?? process.env;
    this.#colours = !this.json && this.#streams.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  }

  /** A line for people; nothing with `--json` or `--quiet`. */
  say(line = ""): void {
    if (!this.json && !this.quiet) this.#streams.stdout.write(`${line}\n`);
  }

  /** The result itself, for people: printed with `--quiet` too. */
  result(line: string): void {
    if (!this.json) this.#streams.stdout.write(`${line}\n`);
  }

  /** A fact for machines: one JSON object a line, only with `--json`. */
  fact(fact: object): void {
    if (this.json) this.#streams.stdout.write(`${JSON.stringify(fact)}\n`);
  }

  /** One line: what, why, next step, code. */
  error(error: unknown): void {
    const { code, message } = describeError(error);
    if (this.json) this.fact({ error: { code, message } });
    else this.#streams.stderr.write(`${this.paint("red", "ecard:")} ${message} [${code}]\n`);
    if (this.verbose && error instanceof Error) this.#streams.stderr.write(`${inspect(error)}\n`);
  }

  paint(style: keyof typeof STYLES, text: string): string {
    return this.#colours ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  }
}

export function describeError(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return {
    code: typeof code === "string" ? code : "UNEXPECTED",
    message: typeof message === "string" ? message.split("\n")[0]! : String(error),
  };
}
