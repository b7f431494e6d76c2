// PAN-shaped tokens: 16 digits, a configured IIN, a seventh digit of 0 to 8 (9 is for transaction codes), Luhn (ISO/IEC 7812-1 annex B).

import { randomInt } from "node:crypto";
import { IssuerError } from "./errors.js";

export const TEST_IIN = "999999";

/** A new token's PAN, random. */
export function mintPan(iin: string): string {
  if (!/^\d{6}$/.test(iin)) throw new IssuerError("IIN_NOT_CONFIGURED");
  const body = `${iin}${randomInt(9)}${String(randomInt(100_000_000)).padStart(8, "0")}`;
  return body + luhnDigit(body);
}

/** The digit that makes `body` and itself pass the Luhn check. */
export function luhnDigit(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i]);
    sum += i % 2 === 0 ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return String((10 - (sum % 10)) % 10);
}
