// Where the services' logs go: lines of JSON, to a file that its owner alone can read, or to standard error.

import { open } from "node:fs/promises";
import { CommandError, EXIT } from "../exit-codes.js";

export interface LogLines {
  write(line: string): void;
  close(): Promise<void>;
}

/** @param where - A file, which is written on at its end, or `-`. @throws {CommandError} `LOG_UNWRITABLE` */
export async function logLines(where: string, stderr: { write(text: string): unknown }): Promise<LogLines> {
  if (where === "-") return { write: (line) => void stderr.write(line), close: async () => undefined };
  try {
    const stream = (await open(where, "a", 0o600)).createWriteStream();
    stream.on("error", () => undefined); // a full disk stops no payment
    const close = () => new Promise<void>((resolve) => stream.end(() => resolve()));
    return { write: (line) => void stream.write(line), close };
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code;
    throw new CommandError("LOG_UNWRITABLE", `The log ${where} cannot be written (${why})`, EXIT.usage, { cause });
  }
}
