// A card's row and a token's, as whoever asks may see them.

import { toBase32 } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { CardRow, Tables, TokenRow } from "./store.js";

/** @throws {IssuerError} `CARD_UNKNOWN` */
export async function cardIn(kept: Tables, cardId: Uint8Array): Promise<CardRow> {
  const card = await kept.card(toBase32(cardId));
  if (card === undefined) throw new IssuerError("CARD_UNKNOWN");
  return card;
}

/** @throws {IssuerError} `TOKEN_UNKNOWN`, of another card's too where `cardId` says whose */
export async function tokenIn(kept: Tables, tokenRef: string, cardId?: Uint8Array): Promise<TokenRow> {
  const token = await kept.token(tokenRef);
  if (token === undefined || (cardId !== undefined && token.card_id !== toBase32(cardId))) {
    throw new IssuerError("TOKEN_UNKNOWN");
  }
  return token;
}
