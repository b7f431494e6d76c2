// Rights that a token's owner hands out (system 6): whom they give grants, what those pay, and each way of wanting more than was handed out.

import { chainOf, DelegationError } from "@enabling-card/delegation";
import {
  type Caveat,
  caveatText,
  encodeDelegation,
  GrantKind,
  Method,
  readDelegation,
  TokenState,
  toBase32,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import macaroons from "macaroon";
import {
  closeGrant,
  DELEGATIONS_MAX,
  delegate,
  delegationLeft,
  delegationsOf,
  grantBy,
  type Issuer,
  IssuerError,
  revokeDelegation,
} from "../src/index.js";
import {
  answerTo,
  type Clock,
  DAY,
  DOMAIN,
  enrolledCard,
  expectIssuerError,
  newIssuer,
  openGrant,
  purchase,
  reversalOf,
  T0,
  type TestCard,
  tracksOf,
} from "./issuer-support.js";

const UNTIL = { kind: "until", at: T0 + 7 * DAY } as const satisfies Caveat;
const TWICE: Caveat = { kind: "uses", atMost: 2 };

/** Handed on with these caveats more, by anybody who holds it. */
function narrowed(text: string, ...caveats: readonly Caveat[]): string {
  const read = readDelegation(text);
  if (typeof read === "string") throw new Error(read);
  const chain = macaroons.importMacaroon(read.json);
  for (const caveat of caveats) chain.addFirstPartyCaveat(caveatText(caveat));
  return encodeDelegation(chain.exportJSON());
}

let issuer: Issuer;
let clock: Clock;
let owner: TestCard;
let friend: TestCard;
let stranger: TestCard;
let tokenRef: Uint8Array;

beforeEach(async () => {
  ({ issuer, clock } = await newIssuer());
  [owner, friend, stranger] = [await enrolledCard(issuer), await enrolledCard(issuer), await enrolledCard(issuer)];
  ({ tokenRef } = await issuer.mint(owner.cardId, "Lovelace/Ada"));
});
afterEach(() => issuer.close());

const hand = (...caveats: readonly Caveat[]) => delegate(issuer, owner.cardId, toHex(tokenRef), caveats);
const ask = (delegation: string, { card = friend, domain = {}, maxEmissions = 1 } = {}) =>
  grantBy(issuer, {
    ...{ cardId: card.cardId, challenge: new Uint8Array(16).fill(7), checkpointSize: 0, maxEmissions, delegation },
    domain: { ...DOMAIN, ...domain },
  });
const take = async (delegation: string, how: Parameters<typeof ask>[1] = {}) =>
  openGrant((await ask(delegation, how)).sealed, how.card ?? friend);
/** What a terminal hears that sees that card's stripe. */
const pay = async (delegation: string, amount = 950) =>
  answerTo(issuer, purchase(tracksOf(await take(delegation)), { 4: String(amount).padStart(12, "0") }));
const view = async () => (await delegationsOf(issuer, owner.cardId, toHex(tokenRef)))[0]!;
const refused = async (work: () => Promise<unknown>, code: string) => {
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error instanceof DelegationError || error instanceof IssuerError, `expected ${code}`).to.equal(true);
  expect(error).to.have.property("code", code);
};

describe("a right that was handed out", () => {
  it("gives somebody else's card a grant of the owner's token, for that card alone, which pays", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const grant = await take(delegation);
    expect(grant).to.deep.include({ kind: GrantKind.Delegated, cardId: friend.cardId, tokenRef, maxEmissions: 1 });
    expect(grant.caveats, "either the button or the PIN will do").to.equal(undefined);
    expect(await answerTo(issuer, purchase(tracksOf(grant)))).to.equal("APPROVED");
    expect(await view()).to.deep.include({ isRevoked: false, left: { uses: 1, until: UNTIL.at } });
  });

  it("is used as often as it may be, whoever asks: the third of two is DELEGATION_USED_UP, and gets no grant behind that", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const grants = [await take(delegation), await take(delegation), await take(delegation)];
    const said = [];
    for (const grant of grants) said.push(await answerTo(issuer, purchase(tracksOf(grant))));
    expect(said).to.deep.equal(["APPROVED", "APPROVED", "DELEGATION_USED_UP"]);
    await refused(() => ask(delegation), "CAVEAT_USES");
    expect((await view()).left.uses).to.equal(0);
  });

  it("pays as much as it may in all: what is over that is DELEGATION_SPENT, and less is paid still", async () => {
    const { delegation } = await hand(
      { kind: "uses", atMost: 9 },
      { kind: "total", atMost: 2000, currency: "978" },
      UNTIL,
    );
    const [big, small] = [await take(delegation), await take(delegation)];
    expect(await pay(delegation, 1200)).to.equal("APPROVED");
    expect(await answerTo(issuer, purchase(tracksOf(big), { 4: "000000000801" }))).to.equal("DELEGATION_SPENT");
    expect(await answerTo(issuer, purchase(tracksOf(small), { 4: "000000000800" }))).to.equal("APPROVED");
    await refused(() => ask(delegation, { domain: { maxAmount: 1 } }), "CAVEAT_TOTAL");
    expect((await view()).left).to.deep.include({ uses: 7, total: 0, currency: "978" });
  });

  it("gets back what a terminal reversed", async () => {
    const { delegation } = await hand(
      { kind: "uses", atMost: 1 },
      { kind: "total", atMost: 1900, currency: "978" },
      UNTIL,
    );
    const message = purchase(tracksOf(await take(delegation)));
    const next = purchase(tracksOf(await take(delegation)));
    expect(await answerTo(issuer, message)).to.equal("APPROVED");
    expect(await answerTo(issuer, next)).to.equal("DELEGATION_USED_UP");
    expect(await answerTo(issuer, reversalOf(message))).to.equal("APPROVED");
    const again = reversalOf(message);
    expect(await answerTo(issuer, { ...again, mti: "0401" }), "and once, however often it is told").to.equal(
      "APPROVED",
    );
    expect((await view()).left).to.deep.include({ uses: 1, total: 1900 });
    const { counters } = chainOf((await view()).id, [...(await view()).caveats]);
    expect(await issuer.store.delegations.used(counters[0]!.name)).to.deep.equal({ uses: 0, amount: 0 });
    expect(await pay(delegation)).to.equal("APPROVED");
  });

  it("counts a repeat of a request once", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const message = purchase(tracksOf(await take(delegation)));
    for (const mti of ["0100", "0101", "0100"])
      expect(await answerTo(issuer, { ...message, mti })).to.equal("APPROVED");
    expect((await view()).left.uses).to.equal(1);
  });

  it("is taken back from the next payment on, however far that is: DELEGATION_REVOKED", async () => {
    const { id, delegation } = await hand(TWICE, UNTIL);
    const [sealedBefore, second] = [await take(delegation), await take(delegation)];
    expect(await answerTo(issuer, purchase(tracksOf(sealedBefore)))).to.equal("APPROVED");
    await revokeDelegation(issuer, owner.cardId, id);
    expect(await answerTo(issuer, purchase(tracksOf(second)))).to.equal("DELEGATION_REVOKED");
    await refused(() => ask(delegation), "DELEGATION_REVOKED");
    await refused(() => ask(narrowed(delegation, TWICE)), "DELEGATION_REVOKED");
    await refused(() => delegationLeft(issuer, friend.cardId, delegation), "DELEGATION_REVOKED");
    expect(await view()).to.deep.include({ isRevoked: true });
    await revokeDelegation(issuer, owner.cardId, id);
  });

  it("is taken back by its owner alone: DELEGATION_UNKNOWN", async () => {
    const { id } = await hand(TWICE, UNTIL);
    await expectIssuerError(() => revokeDelegation(issuer, friend.cardId, id), "DELEGATION_UNKNOWN");
    await expectIssuerError(
      () => revokeDelegation(issuer, owner.cardId, toBase32(new Uint8Array(16))),
      "DELEGATION_UNKNOWN",
    );
    expect(await view()).to.deep.include({ isRevoked: false });
  });

  it("ends with its token: suspended, both are", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const grant = await take(delegation);
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "cardholder");
    expect(await answerTo(issuer, purchase(tracksOf(grant)))).to.equal("TOKEN_SUSPENDED");
    await refused(() => ask(delegation), "TOKEN_SUSPENDED");
  });

  it("lets its grants live no longer than itself", async () => {
    const { delegation } = await hand(TWICE, { kind: "until", at: T0 + 30 });
    const grant = await take(delegation);
    expect(grant.expires).to.equal(T0 + 30);
    clock.now += 30;
    expect(await answerTo(issuer, purchase(tracksOf(grant)))).to.equal("GRANT_EXPIRED");
    await refused(() => ask(delegation), "CAVEAT_EXPIRED");
  });

  it("tells its card what to ask for: the PIN, where its owner wants that", async () => {
    const pin = await hand(TWICE, UNTIL, { kind: "method", method: "PIN" });
    expect((await take(pin.delegation)).caveats).to.deep.equal({ methods: Method.Pin });
    const nobody = narrowed(pin.delegation, { kind: "method", method: "button" });
    await refused(() => ask(nobody), "CAVEAT_METHOD");
  });

  it("shows its owner what was done by it, and by whose card", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    await ask(delegation);
    const message = purchase(tracksOf(await take(delegation)));
    await answerTo(issuer, message);
    const { uses } = await view();
    const card = toBase32(friend.cardId);
    expect(uses.map(({ outcome, card: by }) => [outcome, by])).to.deep.equal([
      ["approved", card],
      ["waiting", card],
    ]);
    expect(uses[0]).to.deep.include({ amount: 950, currency: "978", merchant: DOMAIN.merchant, at: T0 });
    await answerTo(issuer, reversalOf(message));
    clock.now += 120;
    expect((await view()).uses.map(({ outcome }) => outcome)).to.deep.equal(["reversed", "unused"]);
  });

  it("lets who has a grant by it close that grant, and nobody else but its owner", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const { atc } = await ask(delegation);
    const close = (card: TestCard) => closeGrant(issuer, card.cardId, { tokenRef: toHex(tokenRef), atc });
    await expectIssuerError(() => close(stranger), "TOKEN_UNKNOWN");
    expect(await close(friend)).to.deep.equal({ outcome: "unused" });
    expect(await close(owner)).to.deep.equal({ outcome: "unused" });
  });
});

describe("a right that is narrowed on its way", () => {
  const CASES: readonly (readonly [Caveat, string, Parameters<typeof ask>[1]?])[] = [
    [{ kind: "card", cardId: "A".repeat(26) }, "CAVEAT_CARD"],
    [{ kind: "until", at: T0 }, "CAVEAT_EXPIRED"],
    [{ kind: "from", at: T0 + 1 }, "CAVEAT_NOT_YET"],
    [{ kind: "amount", atMost: DOMAIN.maxAmount - 1, currency: "978" }, "CAVEAT_AMOUNT"],
    [{ kind: "amount", atMost: DOMAIN.maxAmount, currency: "756" }, "CAVEAT_CURRENCY"],
    [{ kind: "total", atMost: DOMAIN.maxAmount - 1, currency: "978" }, "CAVEAT_TOTAL"],
    [{ kind: "total", atMost: DOMAIN.maxAmount, currency: "756" }, "CAVEAT_CURRENCY"],
    [{ kind: "categories", codes: [5411] }, "CAVEAT_CATEGORY"],
    [{ kind: "categories", codes: [5411, 5462] }, "CAVEAT_CATEGORY", { domain: { mcc: undefined } }],
    [{ kind: "merchant", name: "Other Shop" }, "CAVEAT_MERCHANT"],
    [{ kind: "merchant", name: "Corner Bakery" }, "CAVEAT_MERCHANT", { domain: { merchant: undefined } }],
    [{ kind: "uses", atMost: 0 }, "CAVEAT_USES"],
  ];
  for (const [caveat, code, how] of CASES) {
    it(`to ${caveatText(caveat)} does not give what goes beyond: ${code}${how ? ", nor where nothing is said of it" : ""}`, async () => {
      const { delegation } = await hand(TWICE, UNTIL);
      await refused(() => ask(narrowed(delegation, caveat), how), code);
      expect((await view()).uses, "nothing was counted").to.deep.equal([]);
    });
  }

  it("gives what keeps to all of it", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const narrow = narrowed(
      delegation,
      ...([
        { kind: "card", cardId: toBase32(friend.cardId) },
        { kind: "from", at: T0 },
        { kind: "amount", atMost: DOMAIN.maxAmount, currency: "978" },
        { kind: "categories", codes: [5411, DOMAIN.mcc] },
        { kind: "merchant", name: DOMAIN.merchant.toUpperCase() },
        { kind: "method", method: "button" },
      ] as const),
    );
    expect((await take(narrow)).caveats).to.deep.equal({ methods: Method.Button });
    expect(await pay(narrow)).to.equal("APPROVED");
  });

  it("never widens: what was narrowed stays, whatever is added", async () => {
    const { delegation } = await hand(
      { kind: "uses", atMost: 1 },
      { kind: "amount", atMost: 500, currency: "978" },
      UNTIL,
    );
    const wider = narrowed(delegation, { kind: "uses", atMost: 9 }, { kind: "amount", atMost: 9000, currency: "978" });
    await refused(() => ask(wider), "CAVEAT_AMOUNT");
    const [first, second] = [
      await take(wider, { domain: { maxAmount: 500 } }),
      await take(wider, { domain: { maxAmount: 500 } }),
    ];
    expect(await answerTo(issuer, purchase(tracksOf(first), { 4: "000000000501" }))).to.equal("AMOUNT_OVER_CAP");
    expect(await answerTo(issuer, purchase(tracksOf(first), { 4: "000000000500" }))).to.equal("APPROVED");
    expect(await answerTo(issuer, purchase(tracksOf(second), { 4: "000000000500" }))).to.equal("DELEGATION_USED_UP");
  });

  it("is counted apart for each that it was handed on to, and together for its owner", async () => {
    const { delegation } = await hand({ kind: "uses", atMost: 3 }, UNTIL);
    const [one, other] = [1, 2].map((n) =>
      narrowed(delegation, { kind: "part", name: toBase32(new Uint8Array(16).fill(n)) }, TWICE),
    ) as [string, string];
    const grants = [];
    for (const text of [one, one, one, other, other]) grants.push(await take(text));
    const said = [];
    for (const grant of grants) said.push(await answerTo(issuer, purchase(tracksOf(grant))));
    expect(said).to.deep.equal(["APPROVED", "APPROVED", "DELEGATION_USED_UP", "APPROVED", "DELEGATION_USED_UP"]);
    expect((await delegationLeft(issuer, friend.cardId, other)).uses).to.equal(0);
  });

  it("is counted, closed and taken back as it was made, where it is presented altered: DELEGATION_FORGED", async () => {
    const { delegation } = await hand(TWICE, { kind: "card", cardId: toBase32(stranger.cardId) }, UNTIL);
    const read = readDelegation(delegation);
    if (typeof read === "string") throw new Error(read);
    const { json, lines } = read;
    for (const changed of [
      lines.slice(0, 1),
      [lines[0]!, lines[2]!],
      [lines[1]!, lines[0]!, lines[2]!],
      [...lines, lines[0]!],
    ]) {
      await refused(() => ask(encodeDelegation({ ...json, c: changed.map((i) => ({ i })) })), "DELEGATION_FORGED");
    }
    await refused(() => ask(delegation), "CAVEAT_CARD");
    await refused(() => delegationLeft(issuer, friend.cardId, delegation), "CAVEAT_CARD");
    expect((await take(delegation, { card: stranger })).cardId).to.deep.equal(stranger.cardId);
  });

  it("is another issuer's: DELEGATION_UNKNOWN", async () => {
    const other = await newIssuer();
    const card = await enrolledCard(other.issuer);
    const token = await other.issuer.mint(card.cardId, "Hopper/Grace");
    const { delegation } = await delegate(other.issuer, card.cardId, toHex(token.tokenRef), [TWICE, UNTIL]);
    await other.issuer.close();
    await refused(() => ask(delegation), "DELEGATION_UNKNOWN");
  });

  it("pays by a swipe alone", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    await refused(() => ask(delegation, { domain: { channel: 1 } }), "BAD_REQUEST");
  });
});

describe("handing out a right", () => {
  it("wants to be told how often and how long: DELEGATION_UNBOUNDED", async () => {
    for (const caveats of [
      [TWICE],
      [UNTIL],
      [],
      [TWICE, { kind: "until", at: T0 }],
      [TWICE, { kind: "until", at: T0 + 367 * DAY }],
    ] as const) {
      await expectIssuerError(() => hand(...caveats), "DELEGATION_UNBOUNDED");
    }
    expect(await delegationsOf(issuer, owner.cardId, toHex(tokenRef))).to.deep.equal([]);
  });

  it("is its token's owner's: TOKEN_UNKNOWN", async () => {
    await expectIssuerError(() => delegate(issuer, friend.cardId, toHex(tokenRef), [TWICE, UNTIL]), "TOKEN_UNKNOWN");
    await expectIssuerError(() => delegationsOf(issuer, friend.cardId, toHex(tokenRef)), "TOKEN_UNKNOWN");
  });

  it("is for tokens that pay on line, and now", async () => {
    const of = async (kind: "offline" | "domain") =>
      toHex((await issuer.mint(owner.cardId, "Lovelace/Ada", kind)).tokenRef);
    await expectIssuerError(
      async () => delegate(issuer, owner.cardId, await of("offline"), [TWICE, UNTIL]),
      "BAD_REQUEST",
    );
    await expectIssuerError(
      async () => delegate(issuer, owner.cardId, await of("domain"), [TWICE, UNTIL]),
      "DOMAIN_REQUIRED",
    );
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "cardholder");
    await expectIssuerError(() => hand(TWICE, UNTIL), "TOKEN_SUSPENDED");
  });

  it(`stops at ${DELEGATIONS_MAX} that somebody may still use: DELEGATION_LIMIT`, async () => {
    let last = "";
    for (let i = 0; i < DELEGATIONS_MAX; i++) ({ id: last } = await hand(TWICE, UNTIL));
    await expectIssuerError(() => hand(TWICE, UNTIL), "DELEGATION_LIMIT");
    await revokeDelegation(issuer, owner.cardId, last);
    await hand(TWICE, UNTIL);
  });

  it("keeps nothing by which a right could be made again: neither its text nor a key of it", async () => {
    const { delegation } = await hand(TWICE, UNTIL);
    const row = await issuer.store.delegations.find((await view()).id);
    const read = readDelegation(delegation);
    if (typeof read === "string") throw new Error(read);
    expect(JSON.stringify(row)).not.to.include(read.json.s64);
  });
});
