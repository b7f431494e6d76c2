// Card info: what every answer tells the phone about the card. No token, no counter, nothing a passer-by could use.
import { percent } from "../ports/battery";
import * as cbor from "../common/cbor";
import { challenge } from "./challenge";
import { pinNonce } from "./confirm";
import { phase } from "./phase";
import { lastGrant, lastGrantKnown, passesSent, treeSize } from "./store";
import { timeKnown } from "./time";
import { CHALLENGE_SIZE, FIRMWARE_VERSION, KEY_SIZE, PIN_NONCE_SIZE } from "../../wire/limits";

/** Puts card info as the next CBOR item. */
export function putInfo(): void {
  cbor.putArray(9);
  cbor.putBytes(challenge(), CHALLENGE_SIZE);
  cbor.putBytes(pinNonce, PIN_NONCE_SIZE);
  cbor.putUint(treeSize());
  cbor.putUint(percent());
  cbor.putUint(FIRMWARE_VERSION);
  cbor.putBool(timeKnown());
  cbor.putUint(phase());
  if (lastGrantKnown()) cbor.putBytes(lastGrant, KEY_SIZE);
  else cbor.putNull();
  cbor.putUint(passesSent());
}
