// The QEMU that a process has started, by its number (Linux's /proc): for tests that kill it.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves when there is one. */
export async function qemuOf(pid: number = process.pid): Promise<number> {
  for (;;) {
    const children = proc(pid, `task/${pid}/children`).split(" ");
    const found = children.find((child) => proc(child, "comm").startsWith("qemu-system") && !isDead(Number(child)));
    if (found !== undefined) return Number(found);
    await delay(20);
  }
}

/** Gone, or dead and not yet waited for by whoever has it now. */
export const isDead = (pid: number): boolean => ["", "Z"].includes(/\) (\S)/.exec(proc(pid, "stat"))?.[1] ?? "");

function proc(pid: string | number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1").trim();
  } catch {
    return "";
  }
}
