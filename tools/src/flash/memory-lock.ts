// One call at a time on a file that keeps a card's flash. Who holds it is written beside it: a process that is gone holds nothing.

import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { begunAt, isAlive, type ProcessMark } from "@enabling-card/emulator";
import { CommandError, EXIT } from "../exit-codes.js";

/** Taking over what a process has left behind is a moment's work; what is older was left behind itself. */
const TAKING_MS = 10_000;

/** Holds `file` until what it returns is called, or this process ends. @throws {CommandError} `MEMORY_IN_USE` */
export function lockMemory(file: string): () => void {
  const lock = `${file}.lock`;
  if (!create(lock)) takeOver(file, lock);
  const release = (): void => {
    process.off("exit", release);
    rmSync(lock, { force: true });
  };
  process.once("exit", release);
  return release;
}

/** False where it is there already. */
function create(lock: string): boolean {
  let open: number;
  try {
    open = openSync(lock, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  try {
    writeSync(open, JSON.stringify({ pid: process.pid, begun: begunAt(process.pid) }));
  } finally {
    closeSync(open);
  }
  return true;
}

/** Of several that find a lock of nobody, one takes it. */
function takeOver(file: string, lock: string): void {
  const holder = holderOf(lock);
  if (holder !== undefined && isAlive(holder)) throw inUse(file, holder.pid);
  const taking = `${lock}.taking`;
  if (isOlder(taking, TAKING_MS)) rmSync(taking, { force: true });
  if (!create(taking)) throw inUse(file, holderOf(taking)?.pid);
  try {
    const now = holderOf(lock);
    if (now !== undefined && isAlive(now)) throw inUse(file, now.pid);
    // One that is being written holds nothing that can be read yet.
    if (now === undefined && !isOlder(lock, TAKING_MS)) throw inUse(file, undefined);
    rmSync(lock, { force: true });
    if (!create(lock)) throw inUse(file, holderOf(lock)?.pid);
  } finally {
    rmSync(taking, { force: true });
  }
}

function inUse(file: string, pid: number | undefined): CommandError {
  const who = pid === undefined ? "another call" : `process ${pid}`;
  const sentence = `${file} is in use by ${who}: wait until that has ended, or name another file`;
  return new CommandError("MEMORY_IN_USE", sentence, EXIT.unavailable);
}

/** Undefined where nothing can be read of it. */
function holderOf(lock: string): ProcessMark | undefined {
  try {
    const { pid, begun } = JSON.parse(readFileSync(lock, "utf8")) as Partial<ProcessMark>;
    return Number.isSafeInteger(pid) && pid! > 0 ? { pid: pid!, begun } : undefined;
  } catch {
    return undefined;
  }
}

function isOlder(file: string, ms: number): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > ms;
  } catch {
    return false;
  }
}
