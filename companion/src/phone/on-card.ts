// What waits on a card: a grant that may still be sent, and payments whose end nobody saw, as far as the card knows of it.

import { type Card, followCard, type WalletView } from "@enabling-card/sdk";
import { Phase, toHex } from "@enabling-card/wire";
import type { KeptPayment, Payments } from "../keep/payments.js";

/** Phases in which a payment may still be sent. */
const WAITING: readonly Phase[] = [Phase.Loaded, Phase.Asking, Phase.Armed, Phase.Sending];
/** What a card may be about when it leaves. */
const OPEN: ReadonlySet<WalletView["status"]> = new Set(["asking", "armed", "sending"]);

export const isWaiting = ({ status }: WalletView): boolean => OPEN.has(status);

/** The card as its owner should see it now. */
export function seenNow(card: Card): WalletView {
  const follower = followCard(card);
  follower.stop();
  return follower.view;
}

/** Of a payment that is being closed: only where its card is near, and that grant waits on it. @throws {CardError} as `Card.disarm` */
export async function takeBackOf(card: Card | undefined, { grantHash }: KeptPayment): Promise<void> {
  if (card !== undefined && grantHash !== undefined && waitsFor(card, grantHash)) await card.disarm();
}

/** One that was asked of its owner when the card left is over: nobody presses a button for it any more. @throws {CardError} as `Card.disarm` */
export async function dropAsked(payments: Payments, card: Card): Promise<void> {
  if (card.info.phase !== Phase.Loaded && card.info.phase !== Phase.Asking) return;
  await card.disarm();
  await settle(payments, card);
}

/** Payments whose end nobody saw: the card knows of its last grant. What it has sent, or may have, the issuer is asked about (closing.ts). */
export async function settle(payments: Payments, card: Card): Promise<void> {
  const { lastGrant, passesSent } = card.info;
  for (const payment of await payments.newest())
    if (payment.card === card.name && payment.isClosed === true) await takeBackOf(card, payment);
  for (const { id, grantHash } of await payments.open(card.name)) {
    if (grantHash !== undefined && waitsFor(card, grantHash)) continue;
    const isLast = grantHash !== undefined && lastGrant !== null && grantHash === toHex(lastGrant);
    if (!isLast) await payments.end(id, "unknown", "The card has had another grant since");
    else if (passesSent > 0) await payments.end(id, "sent", "The card has sent it; the terminal has the answer");
    else await payments.end(id, "not-sent", "The card has sent nothing of it");
  }
}

/** Whether that grant, and no other, may still be sent. @param grantHash - Hexadecimal */
function waitsFor({ info: { lastGrant, phase } }: Card, grantHash: string): boolean {
  return lastGrant !== null && toHex(lastGrant) === grantHash && WAITING.includes(phase);
}
