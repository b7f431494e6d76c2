// Lending a card (system 6): an owner hands out a right, a friend's card pays by it at a till, and whoever wants more than was handed out is told so there.

import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { coilSignal, readSamples, Terminal } from "@enabling-card/pos-sim";
import {
  Card,
  CardError,
  DelegationClient,
  IssuerClient,
  MemoryPairingStore,
  memoryTransport,
} from "@enabling-card/sdk";
import { narrowDelegation, seeDelegation } from "@enabling-card/sdk/delegation";
import { builtFirmware, makeCard } from "@enabling-card/tools";
import { type Caveat, Indicator, toBase32 } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";

const PIN = "2468";

/** A friend with a card and a phone of his own, at the same issuer. */
interface Friend {
  readonly emulator: EmulatedCard;
  readonly card: Card;
  readonly client: IssuerClient;
  readonly delegations: DelegationClient;
}

async function befriended({ service, makerRoot }: World): Promise<Friend> {
  const { issuer } = service;
  const block = new MemoryBlock();
  const log = { ...issuer.log.identity, checkpoint: issuer.log.head() };
  const made = await makeCard(block, { keys: issuer.keys, log, now: issuer.now() });
  const emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
  const options = { phoneName: "Grace's phone", makerRoot, store: new MemoryPairingStore() };
  const card = await Card.pair(memoryTransport([emulator]), made.pairingCode, options);
  const client = new IssuerClient({ baseUrl: service.url });
  const { accessKey } = await client.enrol(card.certificate, "Grace's phone");
  return { emulator, card, client, delegations: new DelegationClient({ baseUrl: service.url, accessKey }) };
}

describe("a card that is lent", () => {
  let made: World;
  let owner: Phone;
  let rights: DelegationClient;
  let friend: Friend;

  beforeEach(async () => {
    made = await world();
    const { service } = made;
    owner = await pairedPhone(made);
    const accessKey = toBase64Url(await service.issuer.renewAccess(owner.card.cardId));
    rights = new DelegationClient({ baseUrl: service.url, accessKey });
    friend = await befriended(made);
  });
  afterEach(async () => {
    await owner.card.close();
    await friend.card.close();
    friend.emulator.stop();
    expect(friend.emulator.traps).to.deep.equal([]);
    await made.close();
  });

  const tomorrow = (): Caveat => ({ kind: "until", at: made.service.issuer.now() + 86_400 });
  const hand = (...caveats: readonly Caveat[]) =>
    rights.make(owner.card.cardId, owner.token.tokenRef, [...caveats, tomorrow()]);
  const fetch = (delegation: string, change: Partial<typeof DOMAIN> = {}) => {
    const { cardId, info } = friend.card;
    const { challenge, checkpointSize } = info;
    const domain = { ...DOMAIN, ...change };
    return friend.delegations.grant({ cardId, challenge, checkpointSize, domain, maxEmissions: 1, delegation });
  };

  /** The loaded card sends, by its button or its PIN, and what the till says. */
  async function swipe({ amount = 500, pin = "" } = {}): Promise<string | undefined> {
    const { card, emulator } = friend;
    emulator.coil.clear();
    const presenting = card.present({ when: "now", ...(pin !== "" && { pin }) });
    if (pin === "") {
      await Promise.race([emulator.shows(Indicator.Ask), presenting]);
      emulator.pressTwice();
    }
    await presenting;
    const { edgesNs, durationNs } = emulator.coil.emission()!;
    const edges = Float64Array.from(edgesNs.flatMap((some) => [...some]));
    const { samples, sampleRateHz } = coilSignal({ edgesNs: edges, durationNs }, { sampleRateHz: 48_000 });
    const bakery = { merchantName: DOMAIN.merchant, merchantType: String(DOMAIN.mcc) };
    const till = new Terminal({ ...made.service.iso!, ...bakery });
    const answer = await till.authorise(readSamples(samples, sampleRateHz).reads, { amount });
    return answer.outcome === "answered" ? (answer.approved ? "approved" : answer.ourCode) : answer.refusal.code;
  }

  async function pay(delegation: string, how: Parameters<typeof swipe>[0] = {}): Promise<string | undefined> {
    await friend.card.load(await fetch(delegation));
    return swipe(how);
  }

  const refusal = async (call: () => Promise<unknown>): Promise<string | undefined> => {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(CardError);
    return (error as CardError).issuerCode ?? (error as CardError).code;
  };
  const seen = async () => (await rights.list(owner.card.cardId, owner.token.tokenRef))[0]!;

  it("pays twice at a till by the friend's card, and the third time is told DELEGATION_USED_UP; its owner sees each", async () => {
    const { id, delegation } = await hand(
      { kind: "uses", atMost: 2 },
      { kind: "card", cardId: toBase32(friend.card.cardId) },
    );
    expect(seeDelegation(delegation)).to.deep.include({ id, lines: (await seen()).lines });
    const spare = await fetch(delegation);
    expect(spare.tokenRef).to.deep.equal(owner.token.tokenRef);
    expect([await pay(delegation), await pay(delegation)]).to.deep.equal(["approved", "approved"]);
    expect(await refusal(() => fetch(delegation))).to.equal("CAVEAT_USES");
    expect(await friend.delegations.left(friend.card.cardId, delegation)).to.deep.include({ uses: 0 });
    const { uses, left } = await seen();
    expect(left.uses).to.equal(0);
    const card = toBase32(friend.card.cardId);
    expect(uses.slice(0, 2)).to.satisfy((all: typeof uses) =>
      all.every(
        (use) =>
          use.outcome === "approved" && use.amount === 500 && use.card === card && use.merchant === DOMAIN.merchant,
      ),
    );
    expect(uses[2]).to.deep.equal({ outcome: "waiting", atc: spare.atc, card });
    // Whoever was handed a right closes what he had by it.
    const { tokenRef, atc } = spare;
    expect(await friend.client.closeGrant(friend.card.cardId, tokenRef, atc)).to.deep.equal({ outcome: "unused" });
  });

  it("is told of to its owner as it happens: paid, and taken back; who comes later hears what he missed", async () => {
    const { id, delegation } = await hand({ kind: "uses", atMost: 2 });
    const abort = new AbortController();
    const listen = () => rights.news(owner.card.cardId, { signal: abort.signal, retryMs: 10 });
    const news = listen()[Symbol.asyncIterator]();
    const next = async () => (await news.next()).value;
    const first = next();
    expect(await pay(delegation)).to.equal("approved");
    expect(await first).to.deep.equal({ tokenRef: owner.token.tokenRef, id, version: 1 });
    expect((await seen()).uses.map(({ outcome }) => outcome)).to.deep.equal(["approved"]);
    const second = next();
    await rights.revoke(owner.card.cardId, id);
    expect(await second).to.deep.include({ id, version: 2 });
    expect((await listen().next()).value).to.deep.include({ id, version: 2 });
    // Nobody hears of another's.
    const theirs = friend.delegations.news(friend.card.cardId, { signal: abort.signal }).next();
    const none = await Promise.race([theirs, new Promise((resolve) => setTimeout(resolve, 300, "nothing"))]);
    expect(none).to.equal("nothing");
    abort.abort();
    await theirs;
  });

  it("pays by the friend's PIN alone where its owner wants that, and stays silent at the button", async () => {
    const { delegation } = await hand({ kind: "uses", atMost: 2 }, { kind: "method", method: "PIN" });
    await friend.card.setPin(PIN);
    await friend.card.load(await fetch(delegation));
    expect(await refusal(() => friend.card.present({ when: "now" }))).to.equal("PIN_REQUIRED");
    expect(friend.emulator.coil.emission()).to.equal(undefined);
    expect(await pay(delegation, { pin: PIN })).to.equal("approved");
  });

  it("is narrowed by the friend without anybody, for a child who gets no more than that", async () => {
    const { delegation } = await hand({ kind: "uses", atMost: 5 }, { kind: "amount", atMost: 2000, currency: "978" });
    const pocket = narrowDelegation(delegation, [
      { kind: "uses", atMost: 1 },
      { kind: "amount", atMost: DOMAIN.maxAmount, currency: "978" },
      { kind: "categories", codes: [DOMAIN.mcc] },
    ]);
    expect(await refusal(() => fetch(pocket, { maxAmount: DOMAIN.maxAmount + 1 }))).to.equal("CAVEAT_AMOUNT");
    expect(await refusal(() => fetch(pocket, { mcc: 5813 }))).to.equal("CAVEAT_CATEGORY");
    expect(await pay(pocket)).to.equal("approved");
    expect(await refusal(() => fetch(pocket))).to.equal("CAVEAT_USES");
    const sibling = narrowDelegation(delegation, [{ kind: "uses", atMost: 1 }]);
    const twin = narrowDelegation(delegation, [{ kind: "uses", atMost: 1 }]);
    expect([await pay(sibling), await pay(twin)], "each of two has one").to.deep.equal(["approved", "approved"]);
    expect(await pay(delegation), "who handed it on has what is left").to.equal("approved");
    expect((await seen()).left.uses).to.equal(1);
  });

  it("is taken back, and a card that is armed already pays nothing: DELEGATION_REVOKED", async () => {
    const { id, delegation } = await hand({ kind: "uses", atMost: 2 });
    await friend.card.load(await fetch(delegation));
    await rights.revoke(owner.card.cardId, id);
    expect(await refusal(() => fetch(delegation))).to.equal("DELEGATION_REVOKED");
    expect(await swipe()).to.equal("DELEGATION_REVOKED");
  });

  it("is no right where its text is not whole, or was made up", async () => {
    const { delegation } = await hand({ kind: "uses", atMost: 2 });
    for (const text of ["", "swipe", delegation.slice(0, -4), delegation.slice(4)]) {
      expect(() => narrowDelegation(text, [{ kind: "uses", atMost: 1 }]), text.slice(0, 9)).to.throw(
        CardError,
        /no delegated right/,
      );
    }
    expect(() => narrowDelegation(delegation, [])).to.throw(CardError);
    expect(() => narrowDelegation(delegation, [{ kind: "uses", atMost: -1 }])).to.throw(CardError);
    const long = Array.from({ length: 40 }, (): Caveat => ({ kind: "from", at: 0 }));
    expect(() => narrowDelegation(delegation, long)).to.throw(CardError);
  });
});

function toBase64Url(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64url");
}
