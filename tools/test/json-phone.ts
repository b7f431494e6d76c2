// --json of a phone's verbs, for json.test.ts.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import {
  BOUGHT,
  check,
  DISARMED,
  LENT,
  MEANS,
  NEAR_CARD,
  OWN_CARD,
  PAID,
  PAIRED,
  PHONE_STEP,
  REVOKED,
  RIGHT,
  SEEN_RIGHT,
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
  const made = (on: CardOnPort) => on.phone("delegate", "make", "--uses", "2", "--for", "7d", "--json");
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
    "delegate make": () => withPaired(async (on) => told(await made(on), RIGHT, RIGHT)),
    "delegate narrow": () =>
      withPaired(async (on) => {
        const right = join(folder(), "right.txt");
        writeFileSync(right, (await on.phone("delegate", "make", "--uses", "2", "--for", "7d")).stdout);
        told(await on.phone("delegate", "narrow", right, "--uses", "1", "--json"), RIGHT, RIGHT);
      }),
    "delegate show": () =>
      withPaired(async (on) => {
        const right = join(folder(), "right.txt");
        writeFileSync(right, (await on.phone("delegate", "make", "--uses", "2", "--for", "7d")).stdout);
        told(await on.phone("delegate", "show", right, "--json"), SEEN_RIGHT, SEEN_RIGHT);
        told(await on.phone("delegate", "show", "--json"), LENT, LENT);
      }),
    "delegate revoke": () =>
      withPaired(async (on) => {
        const { id } = (await made(on)).facts()[0] as { id: string };
        told(await on.phone("delegate", "revoke", id, "--json"), REVOKED, REVOKED);
      }),
    suspend: () => withPaired(async (on) => told(await on.phone("suspend", "--json"), PHONE_STEP, SUSPENDED)),
    disarm: () => withPaired(async (on) => told(await on.phone("disarm", "--json"), PHONE_STEP, DISARMED)),
    unpair: () => withPaired(async (on) => told(await on.phone("unpair", "--json"), PHONE_STEP, UNPAIRED)),
  };
}
