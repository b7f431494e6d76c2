// Amounts on the command line.

import { InvalidArgumentError } from "commander";

/** "9.50" or "20". @returns hundredths. @throws {InvalidArgumentError} for anything else, and for nothing */
export function cents(text: string): number {
  const parts = /^(\d{1,7})(?:[.,](\d{2}))?$/.exec(text);
  const amount = parts === null ? 0 : Number(parts[1]) * 100 + Number(parts[2] ?? 0);
  if (amount === 0) throw new InvalidArgumentError("An amount is 9.50, or 20.");
  return amount;
}
