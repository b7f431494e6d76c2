// npm run bench:delegation: what a payment by a right of twelve caveats costs beside a plain one, by turns in one process: the chain checked, uses counted,
// and all of it committed to a file (synchronous=FULL), in groups as the issuer's desk makes them. docs/network.md.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANY_METHOD, type Checked, checkedChain, readChain } from "@enabling-card/delegation";
import type { Message } from "@enabling-card/iso8583";
import { type Caveat, fromHex, type SwipeGrant, TokenState, toBase32, toHex } from "@enabling-card/wire";
import { Desk } from "../src/desk.js";
import { delegate, grantBy, type Issuer } from "../src/index.js";
import {
  DAY,
  DOMAIN,
  enrolledCard,
  newIssuer,
  openGrant,
  purchase,
  T0,
  type TestCard,
  tracksOf,
} from "./issuer-support.js";

const ROUNDS = 5;
/** Of each kind a round: a token has a thousand grants at once, one of which shows what its tracks are. */
const PAYMENTS = 800;
const GROUP = 200;

const folder = mkdtempSync(join(tmpdir(), "ecard-bench-delegation-"));
const { issuer } = await newIssuer({ file: join(folder, "issuer.sqlite") });
const [owner, friend] = [await enrolledCard(issuer), await enrolledCard(issuer)];
const desk = new Desk(issuer);
const CAVEATS: readonly Caveat[] = [
  { kind: "card", cardId: toBase32(friend.cardId) },
  { kind: "uses", atMost: 9_999 },
  { kind: "total", atMost: 99_999_999, currency: "978" },
  { kind: "amount", atMost: 5_000, currency: "978" },
  { kind: "until", at: T0 + 30 * DAY },
  { kind: "from", at: T0 },
  { kind: "categories", codes: [5411, DOMAIN.mcc] },
  { kind: "merchant", name: DOMAIN.merchant },
  { kind: "method", method: "button" },
  { kind: "uses", atMost: 5_000 },
  { kind: "amount", atMost: 2_000, currency: "978" },
  { kind: "until", at: T0 + DAY },
];
const request = { challenge: new Uint8Array(16), checkpointSize: 0, domain: DOMAIN, maxEmissions: 1 };

interface Kind {
  readonly card: TestCard;
  readonly tokenRef: string;
  readonly right?: Checked;
  readonly first: SwipeGrant;
}

/** Requests with a grant each, counted as the issuer has them counted; none is sealed, as no card is here. */
async function requestsOf({ card, tokenRef, right, first }: Kind): Promise<Message[]> {
  const by = right && { id: right.id, counters: right.counters, methods: ANY_METHOD, until: T0 + DAY };
  const asked = { ...request, cardId: card.cardId, tokenRef: fromHex(tokenRef) };
  const kind = right ? ("delegated" as const) : ("online" as const);
  const messages: Message[] = [];
  for (let i = 0; i < PAYMENTS; i++) {
    const counted = await issuer.grants.count({ ...asked, kind }, { hasOwnCryptogram: true, isOfCode: false, by });
    const { atc } = counted.counted;
    messages.push(purchase(tracksOf({ ...first, atc, cryptogram: issuer.grants.cryptogram(counted) })));
  }
  return messages;
}

/** Microseconds of the processor, and of the clock, for one. */
async function costOf(messages: readonly Message[], before: () => void): Promise<readonly [number, number]> {
  const [cpu, start] = [process.cpuUsage(), process.hrtime.bigint()];
  for (let at = 0; at < messages.length; at += GROUP) {
    const group = messages.slice(at, at + GROUP).map((message) => {
      before();
      return new Promise<boolean>((resolve) => {
        desk.ask(message, (outcome) => resolve(typeof outcome === "object" && outcome.decline === null));
      });
    });
    if ((await Promise.all(group)).includes(false)) throw new Error("a payment of the bench was declined");
  }
  const { user, system } = process.cpuUsage(cpu);
  return [(user + system) / messages.length, Number(process.hrtime.bigint() - start) / 1000 / messages.length];
}

async function round(
  of: Issuer,
): Promise<readonly [plain: readonly [number, number], lent: readonly [number, number]]> {
  const [lentOf, ownOf] = [await of.mint(owner.cardId, "Lovelace/Ada"), await of.mint(owner.cardId, "Lovelace/Ada")];
  const { id, delegation } = await delegate(of, owner.cardId, toHex(lentOf.tokenRef), CAVEATS);
  const key = of.secrets.delegationKey(id)!;
  const right = checkedChain(readChain(delegation), key);
  const lentGrant = await grantBy(of, { ...request, cardId: friend.cardId, delegation });
  const own = { ...request, cardId: owner.cardId, tokenRef: ownOf.tokenRef, kind: "online" as const };
  const plain = await requestsOf({
    ...{ card: owner, tokenRef: toHex(ownOf.tokenRef) },
    first: await openGrant((await of.grant(own)).sealed, owner),
  });
  const lent = await requestsOf({
    ...{ card: friend, tokenRef: toHex(lentOf.tokenRef), right },
    first: await openGrant(lentGrant.sealed, friend),
  });
  const costs = [
    await costOf(plain, () => undefined),
    await costOf(lent, () => void checkedChain(readChain(delegation), key)),
  ] as const;
  for (const { tokenRef } of [lentOf, ownOf]) await of.setState(toHex(tokenRef), TokenState.Deactivated, "cardholder");
  return costs;
}

console.log(`a payment by a right of ${CAVEATS.length} caveats, beside a plain one (asked: 2 times)`);
console.log("round   plain us   by a right us   times   (processor; then the clock)");
const ratios: number[] = [];
for (let i = 1; i <= ROUNDS; i++) {
  const [[plain, plainWall], [lent, lentWall]] = await round(issuer);
  ratios.push(lent / plain);
  const columns = [plain.toFixed(0).padStart(10), lent.toFixed(0).padStart(15), (lent / plain).toFixed(2).padStart(7)];
  const clock = `${plainWall.toFixed(0)}, ${lentWall.toFixed(0)} us, ${(lentWall / plainWall).toFixed(2)} times`;
  console.log(`${String(i).padStart(5)} ${columns.join(" ")}   ${clock}`);
}
const middle = ratios.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
console.log(`the middle round: ${middle.toFixed(2)} times`);
await issuer.close();
rmSync(folder, { recursive: true });
