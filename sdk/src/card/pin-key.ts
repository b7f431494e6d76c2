// The authenticator's public key, from the certificate that was checked when the card was paired.

import { AAD, decodeClaims, decodeSign1 } from "@enabling-card/wire";
import { sdkError } from "../errors.js";

/** @throws {CardError} `CARD_CERTIFICATE_MALFORMED` */
export function pinKeyOf(certificate: Uint8Array): Uint8Array {
  try {
    const { pin } = decodeClaims(decodeSign1(certificate, AAD.certificate).payload).keys;
    if (pin === undefined) throw new Error("no pin key");
    return pin;
  } catch (cause) {
    throw sdkError("CARD_CERTIFICATE_MALFORMED", undefined, { cause });
  }
}
