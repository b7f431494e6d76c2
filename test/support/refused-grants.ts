// Forged grants that a card refuses: the cases of a table, each tried on a card of its own, and what several tables change.

import { keyId } from "@enabling-card/ledger";
import { AAD, decodeReceipt, decodeSign1, encodeReceipt, encodeSign1, Phase, type Receipt } from "@enabling-card/wire";
import { expect } from "chai";
import type { Phone, World } from "./card-with-issuer.js";
import { expectRefusal } from "./expect-refusal.js";
import { type Forgery, forge, otherIssuer } from "./forge.js";

export const STRANGER = new Uint8Array(32).fill(0x77);
export const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));

export const withReceipt = (change: (receipt: Receipt) => Receipt) => (w: World) =>
  encodeReceipt(change(decodeReceipt(w.service.issuer.log.receipt(w.service.issuer.certificate))));

/** An issuer whose certificate the root signed as `change` leaves it. */
export function resigned(w: World, change: (payload: Uint8Array) => Uint8Array, kid?: Uint8Array) {
  const other = otherIssuer(w, { stored: true });
  const { issuerRoot } = w.service.issuer.keys;
  const { payload } = decodeSign1(other.issuerCert, AAD.certificate);
  const issuerCert = encodeSign1(change(payload), kid ?? keyId(issuerRoot.publicKey), AAD.certificate, issuerRoot.sign);
  return { ...other, issuerCert };
}

export type Case = [name: string, code: string, forgery: Forgery | ((w: World, phone: Phone) => Forgery)];

/** A test a case: the code, nothing changed, and the card still takes a good grant. @param at - The card of the test that runs. */
export function itIsRefused(cases: readonly Case[], at: () => { readonly w: World; readonly phone: Phone }): void {
  for (const [name, code, forgery] of cases) {
    it(`${name}: ${code}`, async () => {
      const { w, phone } = at();
      const bundle = await forge(w, phone, typeof forgery === "function" ? forgery(w, phone) : forgery);
      await expectRefusal(w, () => phone.card.load(bundle), code);
      expect(phone.card.info.phase).to.equal(Phase.Empty);
      await phone.card.load(await forge(w, phone));
    });
  }
}
