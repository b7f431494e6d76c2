// A purchase by a connected device (system 5): the phone asks for a code and hands it to an appliance, which shows it to the processor over HTTP.

import { randomBytes } from "node:crypto";
import { APPLIANCE_KEY_SIZE, Appliance, type Bought } from "@enabling-card/emulator";
import { CodeClient } from "@enabling-card/sdk";
import { amountText, enrolled, type PhoneCall } from "./paired-phone.js";

export interface BuyOptions extends Omit<PhoneCall, "transport"> {
  readonly cardId: Uint8Array;
  /** The processor. */
  readonly url: string;
  /** What the code is for. */
  readonly merchant: string;
  /** Cents. */
  readonly maxCost: number;
  /** What the appliance asks for. */
  readonly seller: string;
  readonly cost: number;
}

/** ISO 4217: the euro. */
const CURRENCY = "978";
const LIFE_S = 600;

/** @throws {CommandError} `CARD_NOT_ENROLLED`; {CardError} as `CodeClient`; {EmulatorError} `APPLIANCE_UNANSWERED` */
export async function buyByCode(options: BuyOptions): Promise<Bought> {
  const { phone, cardId, url, merchant, maxCost, seller, cost, signal, onStep } = options;
  const { accessKey, token } = await enrolled(phone, cardId);
  const codes = new CodeClient({ baseUrl: url, accessKey });
  const key = Uint8Array.from(randomBytes(APPLIANCE_KEY_SIZE));
  const { tokenRef } = token;
  const device = await codes.addDevice({ cardId }, { tokenRef, key }, { signal });
  onStep?.({ step: "registered", detail: "an appliance, by a key of its own" });
  const order = { tokenRef, provider: merchant, maxCost, currency: CURRENCY, device, lifeS: LIFE_S };
  const { code } = await codes.codeForDevice({ cardId }, order, { signal });
  onStep?.({
    step: "code",
    detail: `${code.slice(0, 6)}******${code.slice(-4)}, up to ${amountText(maxCost)} at ${merchant}`,
  });
  const appliance = new Appliance({ device, key, baseUrl: url });
  appliance.take(code);
  onStep?.({ step: "buying", detail: `${amountText(cost)} from ${seller}` });
  try {
    return await appliance.buy({ provider: seller, cost, currency: CURRENCY });
  } finally {
    // It was one for this purchase, and a card has so many devices. That it stays is no fault of the purchase.
    await codes.removeDevice({ cardId }, { tokenRef, device }).catch(() => undefined);
  }
}
