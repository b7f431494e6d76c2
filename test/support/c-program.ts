// A program in C for this machine, built before a suite's tests and taken away behind them: the microcontroller's own files with a harness around them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MCU = fileURLToPath(new URL("../../firmware/mcu/", import.meta.url));
const HARNESSES = fileURLToPath(new URL("../mcu/", import.meta.url));

/**
 * @param harness - Of test/mcu.
 * @param files - Of firmware/mcu.
 * @returns Where the program is, once the suite has begun.
 */
export function cProgram(harness: string, files: readonly string[], flags: readonly string[] = []): () => string {
  let folder: string;
  before(function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), "ecard-c-"));
    const sources = [join(HARNESSES, harness), ...files.map((file) => join(MCU, file))];
    execFileSync("gcc", ["-std=gnu11", "-O1", ...flags, `-I${join(MCU, "include")}`, ...sources, "-o", program()]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const program = () => join(folder, "program");
  return program;
}
