// Whether a SQLite's file is still there. Whoever has it open goes on in what nobody will find again, where it was removed, or put in another's place; one
// that was cut is damaged, and what was in it is not known any more.

import { type Stats, statSync } from "node:fs";

export class InPlace {
  readonly #file: string | undefined;
  #seen: Pick<Stats, "ino" | "dev" | "size"> | undefined;
  #log: number | undefined;

  /** @param file - As it was opened; undefined for one in memory */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /** A store's file never shrinks: nothing vacuums it. */
  get isThere(): boolean {
    if (this.#file === undefined) return true;
    const [now, log] = [stat(this.#file), stat(`${this.#file}-wal`)?.ino];
    const before = this.#seen;
    if (now === undefined) return false;
    if (before !== undefined && (now.ino !== before.ino || now.dev !== before.dev || now.size < before.size)) {
      return false;
    }
    if (this.#log !== undefined && log !== this.#log) return false;
    this.#seen = now;
    this.#log = log;
    return true;
  }
}

function stat(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}
