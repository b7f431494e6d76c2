// Who holds what a process may leave behind: its number, which comes again, and when it began, where the system tells it.

import { readFileSync } from "node:fs";

export interface ProcessMark {
  readonly pid: number;
  readonly begun: string | undefined;
}

/** Linux's proc(5): field 22 of `stat`, counted behind the name, which may have spaces. Undefined where nobody tells. */
export function begunAt(pid: number): string | undefined {
  try {
    const said = readFileSync(`/proc/${pid}/stat`, "latin1");
    return said.slice(said.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** Is that process there still? Where the system does not tell when one began, whoever has its number is taken for it. */
export function isAlive({ pid, begun }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process is there too.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = begunAt(pid);
  return now === undefined || begun === undefined || now === begun;
}
