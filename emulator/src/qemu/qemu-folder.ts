// The folder of a QEMU: its flash, its sockets. Its name says whose it is, so that what a killed process has left is swept by whoever makes the next one.

import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { begunAt, isAlive } from "../processes.js";

/** Whose: number, when it began, and among which processes that number counts; 0 where the system does not tell. */
const NAME = /^ecard-qemu-([1-9]\d{0,9})-(\d{1,20})-(\d{1,20})-\w+$/;

/** Of this process, new and empty, for its user alone. */
export function makeQemuFolder(root = tmpdir()): string {
  sweep(root);
  return mkdtempSync(join(root, `ecard-qemu-${process.pid}-${begunAt(process.pid) ?? 0}-${numbering()}-`));
}

/** Removes folders of processes that are gone. What another user has, what is no folder, and what counts in another numbering of processes stays. */
function sweep(root: string): void {
  for (const name of namesIn(root)) {
    const [, pid, begun, space] = NAME.exec(name) ?? [];
    if (pid === undefined || space !== numbering()) continue;
    if (isAlive({ pid: Number(pid), begun: begun === "0" ? undefined : begun })) continue;
    const folder = join(root, name);
    try {
      const found = lstatSync(folder);
      if (found.isDirectory() && found.uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Somebody else sweeps too, or it may not be ours after all: it is nothing that a start depends on.
    }
  }
}

/** None where a folder may be written to, and not be read. */
function namesIn(root: string): readonly string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

/** Linux's namespaces(7): containers that share a folder for temporary files count their processes each for itself. */
function numbering(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
