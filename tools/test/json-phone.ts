// --json of a phone's verbs, for json.test.ts.

import { expect } from "chai";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import {
  BOUGHT,
  check,
  DISARMED,
  MEANS,
  NEAR_CARD,
  OWN_CARD,
  PAID,
  PAIRED,
  PHONE_STEP,
  type Shape,
  SUSPENDED,
  UNPAIRED,
} from "./json-shapes.js";
import type { Ran } from "./run-ecard.js";

export function phoneVerbs(folder: () => string): Readonly<Record<string, () => Promise<void>>> {
  let cards = 0;
  async function withCard(work: (on: CardOnPort) => Promise<void>): Promise<void> {
    const on = await cardOnPort(folder(), `card-${cards++}`);
    try {
      await work(on);
    } finally {
      await on.close();
    }
  }
  const withPaired = (work: (on: CardOnPort) => Promise<void>) =>
    withCard(async (on) => {
      await on.phone("pair", on.sheet, "--issuer", on.issuer);
      await work(on);
    });
  /** Lines of one shape, and a last one of another. */
  function told({ stderr, facts }: Ran, each: Shape, last: Shape): void {
    expect(stderr).to.equal("");
    const all = facts();
    for (const line of all.slice(0, -1)) check(line, each);
    check(all.at(-1)!, last);
  }

  return {
    pair: () =>
      withCard(async (on) =>
        told(await on.phone("pair", on.sheet, "--issuer", on.issuer, "--json"), PHONE_STEP, PAIRED),
      ),
    cards: () =>
      withPaired(async (on) => {
        told(await on.phone("cards", "--json"), OWN_CARD, OWN_CARD);
        told(await on.phone("cards", "--near", "1", "--json"), NEAR_CARD, NEAR_CARD);
        told(await on.phone("cards", "--states", "--json"), MEANS, MEANS);
      }),
    pay: () => withPaired(async (on) => told(await on.phone("pay", "1", "--json"), PHONE_STEP, PAID)),
    checkout: () =>
      withPaired(async (on) => {
        const { url, iso } = on.network.processor;
        const at = ["--processor", url, "--network", `${iso.host}:${iso.port}`];
        told(await on.phone("checkout", "9.50", "--merchant", "BAKERY", ...at, "--json"), PHONE_STEP, BOUGHT);
      }),
    code: () =>
      withPaired(async (on) => {
        const line = ["code", "4.99", "--merchant", "POWDER SHOP", "--processor", on.network.processor.url, "--json"];
        told(await on.phone(...line), PHONE_STEP, BOUGHT);
      }),
    suspend: () => withPaired(async (on) => told(await on.phone("suspend", "--json"), PHONE_STEP, SUSPENDED)),
    disarm: () => withPaired(async (on) => told(await on.phone("disarm", "--json"), PHONE_STEP, DISARMED)),
    unpair: () => withPaired(async (on) => told(await on.phone("unpair", "--json"), PHONE_STEP, UNPAIRED)),
  };
}
