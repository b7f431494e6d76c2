// A payment without a swipe (system 4): the card's user agrees to merchant and amount, and the shop sends what its page was given for that.

import { randomInt } from "node:crypto";
import { Terminal } from "@enabling-card/pos-sim";
import { Card, DomainPlugIn } from "@enabling-card/sdk";
import type { NetworkAddress } from "../network-address.js";
import { AUTHENTICATING, COUNTRY, CURRENCY, REQUESTOR } from "./fetch-grant.js";
import { amountText, enrolled, type PhoneCall } from "./paired-phone.js";

export interface CheckOutOptions extends PhoneCall {
  readonly cardId: Uint8Array;
  /** The processor's HTTP, and its door for shops' terminals. */
  readonly url: string;
  readonly network: NetworkAddress;
  /** DE 42. */
  readonly merchant: string;
  /** What the card's user agrees to, cents. */
  readonly maxAmount: number;
  /** Who sends it, and what it asks for. */
  readonly shop: string;
  readonly amount: number;
  readonly pin?: string;
}

export interface CheckedOut {
  readonly approved: boolean;
  readonly responseCode: string;
  readonly ourCode?: string;
  readonly authCode?: string;
}

/** @throws {CommandError} `CARD_NOT_ENROLLED`; {CardError} as `DomainPlugIn.credentials`; {PosError} as `Terminal.authoriseRemote` */
export async function checkOut(options: CheckOutOptions): Promise<CheckedOut> {
  const { phone, transport, cardId, url, network, merchant, maxAmount, shop, amount, pin, signal } = options;
  const { onStep = () => undefined } = options;
  const { accessKey, token } = await enrolled(phone, cardId);
  const card = await Card.connect(transport, { store: phone.store, cardId, signal });
  const stop = card.subscribe((notice) => {
    if (notice.type === "asking") onStep({ step: "asking", detail: "press the card's button twice" });
  });
  try {
    const order = { merchant, country: COUNTRY, currency: CURRENCY, amount: maxAmount, requestor: REQUESTOR };
    const plugIn = new DomainPlugIn({ baseUrl: url, accessKey });
    const credentials = await plugIn.credentials(
      card,
      { ...order, tokenRef: token.tokenRef },
      {
        ...{ signal, ...(pin !== undefined && { pin }) },
        onStep: (step) => onStep({ step, detail: AUTHENTICATING[step] }),
      },
    );
    onStep({ step: "paying", detail: `${amountText(amount)} at ${shop}, without a swipe` });
    // Each run is another till of the shop's: two payments of one second are not to have one name.
    const shops = {
      merchantId: shop,
      country: String(COUNTRY),
      currency: CURRENCY,
      firstStan: randomInt(1, 1_000_000),
    };
    const till = new Terminal({ ...network, ...shops });
    const said = await till.authoriseRemote({ ...credentials, requestor: REQUESTOR }, { amount, signal });
    const { approved, responseCode, ourCode, authCode } = said;
    return { approved, responseCode, ...(ourCode && { ourCode }), ...(authCode && { authCode }) };
  } finally {
    stop();
    await card.close();
  }
}
