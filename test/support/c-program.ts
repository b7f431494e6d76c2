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
 * @param needs - Lets the suite off where what it is built of is not there.
 * @returns Where the program is, once the suite has begun.
 */
export function cProgram(
  harness: string,
  files: readonly string[],
  flags: readonly string[] = [],
  needs: (context: Mocha.Context) => void = () => undefined,
): () => string {
  let folder: string | undefined;
  before(function () {
    this.timeout(60_000);
    needs(this);
    folder = mkdtempSync(join(tmpdir(), "ecard-c-"));
    const sources = [join(HARNESSES, harness), ...files.map((file) => join(MCU, file))];
    execFileSync("gcc", ["-std=gnu11", "-O1", ...flags, `-I${join(MCU, "include")}`, ...sources, "-o", program()]);
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));
  const program = () => join(folder!, "program");
  return program;
}
