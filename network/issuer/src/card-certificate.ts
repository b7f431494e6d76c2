// A card that wants to be enrolled: its maker's certificate, judged here and on the ledger. What speaks against the certificate
// speaks against the card.

import { type Authority, type DevelopmentLog, LedgerError, verifyCertificate } from "@enabling-card/ledger";
import { Role } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";

/** 16 octets in base32, without padding. */
const CARD_ID = /^[A-Z2-7]{25}[AEIMQUY4]$/;

/** The card's id in base32, and the key its grants are sealed to. @throws {IssuerError} `CARD_NOT_GENUINE` */
export function readCard(
  certificate: Uint8Array,
  maker: Authority,
  now: number,
): { readonly cardId: string; readonly grantKey: Uint8Array } {
  const { sub, keys } = genuine(() => verifyCertificate(certificate, maker.publicKey, Role.Card, now));
  if (!CARD_ID.test(sub)) throw new IssuerError("CARD_NOT_GENUINE", { detail: "no card id" });
  if (keys.grant === undefined) throw new IssuerError("CARD_NOT_GENUINE", { detail: "no grant key" });
  return { cardId: sub, grantKey: keys.grant };
}

/** Puts the card on the ledger. @throws {IssuerError} `CARD_NOT_GENUINE`, where it was revoked for one */
export function storeCard(certificate: Uint8Array, log: DevelopmentLog): void {
  genuine(() => log.append(certificate, Role.Card));
}

function genuine<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof LedgerError) throw new IssuerError("CARD_NOT_GENUINE", { cause, detail: cause.code });
    throw cause;
  }
}
