// Tokens are minted: a number of the issuer's range that nobody has, for one card, active at once. What a phone sees of it is never the whole number.

import { randomBytes } from "node:crypto";
import type { Once, Repeatable } from "@enabling-card/sql";
import { fromHex, NAME_MAX, TOKEN_REF_SIZE, TOKENS_MAX, TokenState, toHex } from "@enabling-card/wire";
import { isFree, MINT_TRIES } from "./accounts.js";
import { IssuerError } from "./errors.js";
import { cardIn } from "./kept-rows.js";
import { mintPan } from "./pan.js";
import type { IssuerStore, NewToken, Tables } from "./store.js";
import { expiryFrom } from "./token-expiry.js";
import type { TokenSecrets } from "./token-secrets.js";

export interface TokenView {
  readonly tokenRef: Uint8Array;
  readonly iin: string;
  readonly last4: string;
  readonly expiry: string;
}

/** An off-line token's grants are kept on the phone; one that is restricted to domains pays by grants of the domain server alone. */
export type TokenKind = "online" | "offline" | "domain";

interface Mint {
  readonly store: IssuerStore;
  readonly secrets: TokenSecrets;
  readonly once: Once;
  now(): number;
}

interface AskedToken {
  readonly cardId: Uint8Array;
  readonly holderName: string;
  readonly kind?: TokenKind;
}

/** @param iin - Six digits that its number begins with. @throws {IssuerError} `CARD_UNKNOWN`, `NAME_INVALID`, `TOKEN_LIMIT`, `IDEMPOTENCY_MISMATCH` */
export async function mintToken(
  issuer: Mint,
  iin: string,
  { cardId, holderName, kind = "online" }: AskedToken,
  repeat?: Repeatable,
): Promise<TokenView> {
  const { store, secrets, once } = issuer;
  const { card_id } = await cardIn(store, cardId);
  const holder = holderName.toUpperCase();
  if (holder.length < 2 || holder.length > NAME_MAX || !/^(?=.*[A-Z])[A-Z /.'-]+$/.test(holder)) {
    throw new IssuerError("NAME_INVALID");
  }
  const expiry = expiryFrom(issuer.now());
  const mint = async (kept: Tables) => {
    const held = await kept.tokensOutside(card_id, TokenState.Deactivated);
    if (held >= TOKENS_MAX) throw new IssuerError("TOKEN_LIMIT");
    for (let tries = 0; tries < MINT_TRIES; tries++) {
      const pan = mintPan(iin);
      const tokenRef = Uint8Array.from(randomBytes(TOKEN_REF_SIZE));
      const row: NewToken = {
        token_ref: toHex(tokenRef),
        card_id,
        pan: secrets.seal(pan),
        holder: secrets.seal(holder),
        last4: pan.slice(-4),
        expiry,
        offline: kind === "offline" ? 1 : 0,
        domain_only: kind === "domain" ? 1 : 0,
        state: TokenState.Active,
        state_by: "issuer",
        version: 0,
        atc: 0,
        last_expires: 0,
      };
      const isAdded = (await isFree(kept, secrets, pan)) && (await kept.addToken(row, secrets.panIndex(pan)));
      if (isAdded) return { tokenRef: row.token_ref, iin, last4: row.last4, expiry };
    }
    throw new IssuerError("INTERNAL");
  };
  const minted = await store.atomically((kept) => once.within(kept.answers, repeat, () => mint(kept)));
  return { ...minted, tokenRef: fromHex(minted.tokenRef) };
}
