// A store's file, a copy of one, and with either SQLite's journal, are for their owner's eyes: they hold holders' data, if sealed.

import { chmodSync, closeSync, openSync } from "node:fs";

export function ownersOnly(file: string): void {
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
}
