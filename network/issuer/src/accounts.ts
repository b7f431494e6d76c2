// The account behind a card's tokens: a number of its own, which no card, phone or terminal ever sees. Who asks to have a token resolved is a service.

import { isPast } from "@enabling-card/doors";
import { TEST_IIN, type TokenState } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import { mintPan } from "./pan.js";
import type { Tables, TokenRow } from "./store.js";
import type { TokenSecrets } from "./token-secrets.js";
import { stateRefusal } from "./token-state.js";

/** Random numbers that may be taken already before the range is called full. */
export const MINT_TRIES = 16;

/** What a domain server and a processor know of a token. */
export interface ResolvedToken {
  /** The token's own number. */
  readonly token: string;
  /** The number that is charged. */
  readonly account: string;
  /** YYMM, of both. */
  readonly expiry: string;
}

/** The token, and its card's account, made where there is none yet. To be called in a transaction. */
export async function resolved(
  kept: Tables,
  secrets: TokenSecrets,
  token: TokenRow,
  now: number,
  iin = TEST_IIN,
): Promise<ResolvedToken> {
  const refusal = stateRefusal(token.state as TokenState);
  if (refusal) throw new IssuerError(refusal);
  if (isPast(token.expiry, now)) throw new IssuerError("TOKEN_EXPIRED");
  const found = await kept.account(token.card_id);
  const account = found ? secrets.open(found.pan) : await newAccount(kept, secrets, token.card_id, iin);
  return { token: secrets.open(token.pan), account, expiry: token.expiry };
}

async function newAccount(kept: Tables, secrets: TokenSecrets, cardId: string, iin: string): Promise<string> {
  for (let tries = 0; tries < MINT_TRIES; tries++) {
    const pan = mintPan(iin);
    if (!(await isFree(kept, secrets, pan))) continue;
    const isAdded = await kept.addAccount({ card_id: cardId, pan: secrets.seal(pan) }, secrets.panIndex(pan));
    if (isAdded) return pan;
  }
  throw new IssuerError("INTERNAL");
}

/** No token's and no account's: a number means one of both. */
export async function isFree(kept: Tables, secrets: TokenSecrets, pan: string): Promise<boolean> {
  const name = secrets.panIndex(pan);
  return (await kept.tokenByPan(name)) === undefined && (await kept.accountByPan(name)) === undefined;
}
