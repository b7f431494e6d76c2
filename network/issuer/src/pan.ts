// New numbers for tokens: random, in a configured range, seventh digit 0 to 8.

import { randomInt } from "node:crypto";
import { luhnDigit } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";

/** A new token's PAN, random. */
export function mintPan(iin: string): string {
  if (!/^\d{6}$/.test(iin)) throw new IssuerError("IIN_NOT_CONFIGURED");
  const body = `${iin}${randomInt(9)}${String(randomInt(100_000_000)).padStart(8, "0")}`;
  return body + luhnDigit(body);
}
