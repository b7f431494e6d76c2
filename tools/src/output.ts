// What a command prints: text for people, JSON Lines for machines, never both. Colours only on a terminal, and not with NO_COLOR.
// Green: done or allowed. Red: failed. Yellow: refused on purpose. Dim: detail.

import { inspect } from "node:util";

export interface Sink {
  /** @param done - Called when it is on its way, or with the error that it met. */
  write(data: string | Uint8Array, done?: (error?: Error | null) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Streams {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly streams?: Streams;
  readonly env?: NodeJS.ProcessEnv;
}

/** `lit` is white on black whatever the terminal's own colours are: for QR codes. */
const STYLES = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1, lit: "97;40" } as const;

export type Paint = (style: keyof typeof STYLES, text: string) => string;

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #streams: Streams;
  /** Colours what goes to stdout. */
  readonly paint: Paint;
  readonly #paintError: Paint;

  constructor(options: OutputOptions = {}) {
    this.json = options.json ?? false;
    this.quiet = options.quiet ?? false;
    this.verbose = options.verbose ?? false;
    this.#streams = options.streams ?? process;
    const { NO_COLOR, TERM } = options.env ?? process.env;
    const colours = !this.json && !NO_COLOR && TERM !== "dumb";
    this.paint = painter(colours && this.#streams.stdout.isTTY === true);
    this.#paintError = painter(colours && this.#streams.stderr.isTTY === true);
  }

  /** True where a person watches stderr: bars may be drawn there. */
  get interactive(): boolean {
    return !this.json && !this.quiet && this.#streams.stderr.isTTY === true;
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
    const { code, message: said } = describeError(error);
    const message = printable(said);
    if (this.json) this.fact({ error: { code, message } });
    else this.#streams.stderr.write(`${this.#paintError("red", "ecard:")} ${message} [${code}]\n`);
    if (this.verbose && error instanceof Error) this.#streams.stderr.write(`${inspect(error)}\n`);
  }
}

/** To so many decimals: what a clock or a head cannot tell apart is not printed. */
export function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

function painter(colours: boolean): Paint {
  return (style, text) => (colours ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text);
}

/** Text of a file or of the system, safe on a terminal: what would move its cursor or turn its text is shown by its code point. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** What the operating system refuses, as what happened and what to do. */
const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file or folder: check the name",
  EACCES: "This user may not do that: check the permissions",
  EPERM: "This user may not do that: check the permissions",
  EEXIST: "Something of that name is there already: choose another name",
  EISDIR: "That is a folder: name a file",
  ENOTDIR: "A part of that path is a file, not a folder: check the name",
  ENOSPC: "The disk is full: make room, then try again",
  EROFS: "That place cannot be written: choose another folder",
  EADDRINUSE: "That port is in use: choose another one",
};

/** Code and sentence of whatever was thrown; a file or port that the system names is named. */
export function describeError(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message, path, address, port } = (error ?? {}) as Record<
    "code" | "message" | "path" | "address" | "port",
    unknown
  >;
  if (typeof code !== "string") return { code: "UNEXPECTED", message: firstLine(message ?? error) };
  // A socket of a name, not of a number, has the port -1.
  const isNamed = port === -1;
  const known = isNamed && code === "EADDRINUSE" ? SYSTEM.EEXIST : SYSTEM[code];
  const which = path ?? (isNamed ? address : port);
  if (known) return { code, message: which === undefined ? known : `${known} (${String(which)})` };
  return { code, message: firstLine(message ?? error) };
}

function firstLine(text: unknown): string {
  return String(text).split("\n")[0]!;
}
