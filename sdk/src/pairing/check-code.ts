// The pairing code, as a person typed or scanned it.

import { decodePairingCode, type PairingCode } from "@enabling-card/wire";
import { sdkError } from "../errors.js";

/** @throws {CardError} `PAIRING_CODE_INVALID`; the message never repeats the code. */
export function checkPairingCode(text: string): PairingCode {
  try {
    return decodePairingCode(text);
  } catch {
    throw sdkError("PAIRING_CODE_INVALID"); // no cause: nothing of the code may travel on
  }
}
