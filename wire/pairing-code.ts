// What the sheet in the box says: `ECARD1:` + base32 of cardId and pairing secret. Whoever holds it may pair with an unowned card.

import { base32nopad } from "@scure/base";
import { concat } from "./bytes.js";
import { WireError } from "./errors.js";
import { CARD_ID_SIZE, SECRET_SIZE } from "./limits.js";

const PREFIX = "ECARD1:";

export interface PairingCode {
  readonly cardId: Uint8Array;
  readonly secret: Uint8Array;
}

export function encodePairingCode(code: PairingCode): string {
  return PREFIX + base32nopad.encode(concat(code.cardId, code.secret));
}

/** @throws {WireError} `PAIRING_CODE_INVALID`; the message never repeats the code. */
export function decodePairingCode(text: string): PairingCode {
  const clean = text.trim().toUpperCase().replaceAll(/[\s-]/g, "");
  try {
    if (!clean.startsWith(PREFIX)) throw new Error("prefix");
    const bytes = base32nopad.decode(clean.slice(PREFIX.length));
    if (bytes.length !== CARD_ID_SIZE + SECRET_SIZE) throw new Error("length");
    return { cardId: bytes.slice(0, CARD_ID_SIZE), secret: bytes.slice(CARD_ID_SIZE) };
  } catch (cause) {
    throw new WireError(
      "PAIRING_CODE_INVALID",
      `A pairing code is ${PREFIX} and 52 letters and digits; scan the sheet again`,
      { cause },
    );
  }
}
