// State information, judged by the phone: whose it is, that nothing of it was altered, that it answers this question, and that it is not behind what was
// seen. Each fault has its code; what passes all of it is compared with what the card holds, and nothing else is (docs/protocol.md, "State information").

import { equalBytes, type StateInfo, stateInfoInput } from "@enabling-card/wire";
import { cmac } from "@noble/ciphers/aes.js";
import { sdkError } from "../errors.js";
import type { Registration } from "./registration-store.js";

export interface StateInfoAnswer extends StateInfo {
  /** 16 octets. */
  readonly cryptogram: Uint8Array;
}

/**
 * @param nonce - Of this question
 * @throws {CardError} `STATE_INFO_OTHER_CARD`, `STATE_INFO_OTHER_TOKEN`, `STATE_INFO_OTHER_REGISTRATION`, `STATE_INFO_ALTERED`, `STATE_INFO_REPLAYED`,
 * `STATE_INFO_OLD`, `STATE_INFO_CONTRADICTS`
 */
export function checkStateInfo(info: StateInfoAnswer, nonce: Uint8Array, kept: Registration): void {
  if (!equalBytes(info.cardId, kept.cardId)) throw sdkError("STATE_INFO_OTHER_CARD");
  if (!equalBytes(info.tokenRef, kept.tokenRef)) throw sdkError("STATE_INFO_OTHER_TOKEN");
  if (!equalBytes(info.registration, kept.registration)) throw sdkError("STATE_INFO_OTHER_REGISTRATION");
  // The cryptogram before the nonce: of what it does not vouch for, nobody can say whether it is a replay.
  if (!equalBytes(cmac(stateInfoInput(info), kept.key), info.cryptogram)) throw sdkError("STATE_INFO_ALTERED");
  if (!equalBytes(info.nonce, nonce)) throw sdkError("STATE_INFO_REPLAYED");
  const { seen, held } = kept;
  if (info.version < Math.max(seen?.version ?? 0, held?.version ?? 0)) throw sdkError("STATE_INFO_OLD");
  const isOther =
    (seen?.version === info.version && (seen.state !== info.state || seen.holds.join() !== info.holds.join())) ||
    (held?.version === info.version && held.state !== info.state);
  if (isOther) throw sdkError("STATE_INFO_CONTRADICTS");
}
