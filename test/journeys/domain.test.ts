// System 4 on a real card: the plug-in has the card's user asked by the access control server, gets a grant for one merchant, and the card swipes it; or
// it pays without a swipe. Firmware in the emulator, all services over HTTP and TCP, the POS simulator's reader and terminal.

import { randomBytes } from "node:crypto";
import { APPLIANCE_KEY_SIZE, Appliance, EmulatedCard, EmulatorError, MemoryBlock } from "@enabling-card/emulator";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { type Network, startNetwork } from "@enabling-card/network";
import { coilSignal, readSamples, Terminal } from "@enabling-card/pos-sim";
import {
  biometric,
  Card,
  CodeClient,
  DomainPlugIn,
  IssuerClient,
  MemoryPairingStore,
  memoryTransport,
} from "@enabling-card/sdk";
import { builtFirmware, makeCard } from "@enabling-card/tools";
import { Indicator, isTransactionCode, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { expectError } from "../support/expect-refusal.js";

async function expectAppliance(work: () => Promise<unknown>, code: string): Promise<void> {
  const thrown = await work().catch((error) => error);
  expect(thrown).to.be.instanceOf(EmulatorError).with.property("code", code);
}

const MERCHANT = "CORNER BAKERY";

describe("phone, card and network: a payment behind an authentication", () => {
  let network: Network;
  let emulator: EmulatedCard;
  let card: Card;
  let plugIn: DomainPlugIn;
  let tokenRef: Uint8Array;
  let asked: number;
  let accessKey: string;
  let terminal: Terminal;

  beforeEach(async () => {
    asked = 0;
    const now = Math.floor(Date.now() / 1000);
    network = await startNetwork({ keys: keysFromSeeds(randomSeeds()), now: () => now });
    const { issuer, url } = network.issuer;
    const block = new MemoryBlock();
    const log = { ...issuer.log.identity, checkpoint: issuer.log.head() };
    const made = await makeCard(block, { keys: issuer.keys, log, now });
    emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
    card = await Card.pair(memoryTransport([emulator], { mtu: 247 }), made.pairingCode, {
      ...{ phoneName: "Ada's phone", makerRoot: issuer.keys.makerRoot.publicKey, store: new MemoryPairingStore() },
    });
    const client = new IssuerClient({ baseUrl: url });
    ({ accessKey } = await client.enrol(card.certificate, "Ada's phone"));
    ({ tokenRef } = await client.createToken(card.cardId, "LOVELACE/ADA", { domainOnly: true }));
    plugIn = new DomainPlugIn({ baseUrl: network.processor.url, accessKey });
    terminal = new Terminal({
      ...network.processor.iso,
      merchantId: MERCHANT,
      merchantType: "5462",
      chipCapable: false,
    });
  });
  afterEach(async () => {
    await card.close();
    expect(emulator.traps).to.deep.equal([]);
    expect(emulator.violations).to.deep.equal([]);
    emulator.stop();
    await network.close();
  });

  const order = (change: object = {}) => ({
    ...{ tokenRef, requestor: "Test wallet", merchant: MERCHANT, mcc: 5462, country: 276, currency: "978" },
    ...{ amount: 1250, ...change },
  });
  /** Whoever holds the card presses its button twice, each time it asks. */
  const pressing = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    void (async () => {
      while (!isOver) {
        await Promise.race([emulator.shows(Indicator.Ask), over.catch(() => undefined)]);
        if (isOver) return;
        asked++;
        emulator.pressTwice();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    return over;
  };
  const swipe = async () => {
    await pressing(card.present({ when: "now" }));
    const { edgesNs, durationNs } = emulator.coil.emission()!;
    const edges = Float64Array.from(edgesNs.flatMap((pass) => [...pass]));
    const { samples, sampleRateHz } = coilSignal({ edgesNs: edges, durationNs }, { sampleRateHz: 48_000 });
    return readSamples(samples, sampleRateHz).reads;
  };

  it("is agreed to on the card, granted for one merchant, swiped, and approved there", async () => {
    const steps: string[] = [];
    const bundle = await pressing(plugIn.grant(card, order(), { onStep: (step) => steps.push(step) }));
    expect(steps).to.deep.equal(["asking", "confirming", "authenticated"]);
    expect(asked).to.equal(1);
    expect(emulator.coil.emissions(), "the question leaves the coil silent").to.deep.equal([]);
    expect(await card.load(bundle)).to.include({ merchant: MERCHANT, cap: 1250 });
    const reads = await swipe();
    const elsewhere = new Terminal({
      ...network.processor.iso,
      merchantId: "OTHER SHOP",
      merchantType: "5462",
      chipCapable: false,
    });
    expect(await elsewhere.authorise(reads, { amount: 950 })).to.include({
      approved: false,
      ourCode: "MERCHANT_WRONG",
    });
    expect(await terminal.authorise(reads, { amount: 950 })).to.include({ approved: true });
    expect(await terminal.authorise(reads, { amount: 950 })).to.include({ approved: false, ourCode: "ATC_REPLAYED" });
  });

  it("has one grant, and one question to its user, though each answer is lost once on the way", async () => {
    let isLost = false;
    const losing = (async (...args: Parameters<typeof fetch>) => {
      const response = await fetch(...args);
      isLost = !isLost;
      if (!isLost) return response;
      await response.text();
      throw new TypeError("the line is gone");
    }) as typeof fetch;
    const unlucky = new DomainPlugIn({ baseUrl: network.processor.url, accessKey, fetch: losing });
    const bundle = await pressing(unlucky.grant(card, order()));
    expect(asked).to.equal(1);
    expect(
      (await network.issuer.issuer.store.token(toHex(tokenRef)))!.atc,
      "of the question, and of the grant",
    ).to.equal(2);
    await card.load(bundle);
    expect(await terminal.authorise(await swipe(), { amount: 950 })).to.include({ approved: true });
  });

  it("asks its user about the order alone, whatever services make of it: SHOWN_DIFFERS, and nobody is asked", async () => {
    for (const change of [{ amount: 9999 }, { merchant: "OTHER SHOP" }]) {
      const lying = (async (url: string, init: RequestInit) =>
        fetch(url, { ...init, body: JSON.stringify({ ...JSON.parse(String(init.body)), ...change }) })) as typeof fetch;
      const lied = new DomainPlugIn({ baseUrl: network.processor.url, accessKey, fetch: lying });
      await expectError(() => pressing(lied.grant(card, order())), "SHOWN_DIFFERS");
    }
    expect(asked).to.equal(0);
  });

  it("is agreed to by a finger on the phone, in place of the card's button", async () => {
    await card.setPin("2468");
    const seen: object[] = [];
    const authenticator = biometric({
      verify: async (shown) => {
        seen.push(shown);
        return { outcome: "verified", secret: new TextEncoder().encode("2468"), seen: shown };
      },
      forget: async () => undefined,
    });
    await card.load(await plugIn.grant(card, order(), { authenticator }));
    expect(seen).to.deep.equal([{ merchant: MERCHANT, cap: 1250 }]);
    expect(asked).to.equal(0);
  });

  it("pays without a swipe, while the coil stays silent", async () => {
    const credentials = { ...(await pressing(plugIn.credentials(card, order()))), requestor: "Test wallet" };
    expect(credentials.eci).to.equal("05");
    expect(await terminal.authoriseRemote({ ...credentials, requestor: "Thief" }, { amount: 950 })).to.include({
      ourCode: "REQUESTOR_WRONG",
    });
    expect(await terminal.authoriseRemote(credentials, { amount: 950 })).to.include({ approved: true });
    expect(await terminal.authoriseRemote(credentials, { amount: 950 })).to.include({ ourCode: "ATC_REPLAYED" });
    expect(emulator.coil.emissions()).to.deep.equal([]);
  });

  it("swipes a transaction code in the token's place: neither phone nor terminal sees an account (system 5)", async () => {
    const { issuer, url } = network.issuer;
    const { tokenRef: paying } = await new IssuerClient({ baseUrl: url, accessKey }).createToken(
      card.cardId,
      "LOVELACE/ADA",
    );
    const codes = new CodeClient({ baseUrl: network.processor.url, accessKey });
    const order = { tokenRef: paying, provider: MERCHANT, maxCost: 1250, currency: "978", country: 276 };
    const { grant, codeRef } = await codes.codeForCard(card, order);
    expect(await card.load(grant)).to.include({ merchant: MERCHANT, cap: 1250 });
    const reads = await swipe();
    expect(reads.map(({ track }) => track)).to.satisfy((tracks: number[]) => tracks.every((track) => track === 2));
    const number = reads[0]!.data.slice(1, 17);
    expect(isTransactionCode(number)).to.equal(true);
    const { pan } = await issuer.account(card.cardId, Buffer.from(accessKey, "base64url"), toHex(paying));
    expect(reads[0]!.data).not.to.contain(pan);
    const elsewhere = new Terminal({ ...network.processor.iso, merchantId: "OTHER SHOP", chipCapable: false });
    expect(await elsewhere.authorise(reads, { amount: 950 })).to.include({ ourCode: "PROVIDER_WRONG" });
    expect(await terminal.authorise(reads, { amount: 1251 })).to.include({ ourCode: "COST_OVER" });
    expect(await terminal.authorise(reads, { amount: 950 })).to.include({ approved: true });
    expect(await terminal.authorise(reads, { amount: 950 })).to.include({ ourCode: "CODE_USED" });
    expect(codeRef).to.have.length(22);
  });

  it("has an appliance buy its powder with a code that the phone hands it, once however often it asks (system 5)", async () => {
    const { tokenRef: paying } = await new IssuerClient({ baseUrl: network.issuer.url, accessKey }).createToken(
      card.cardId,
      "LOVELACE/ADA",
    );
    const codes = new CodeClient({ baseUrl: network.processor.url, accessKey });
    const key = randomBytes(APPLIANCE_KEY_SIZE);
    const device = await codes.addDevice(card, { tokenRef: paying, key });
    const appliance = new Appliance({ device, key, baseUrl: network.processor.url });
    const powder = { provider: "POWDER & CO", cost: 1250, currency: "978" };
    await expectAppliance(() => appliance.buy(powder), "APPLIANCE_NO_CODE");
    const order = { tokenRef: paying, provider: powder.provider, maxCost: 1500, currency: "978", device, lifeS: 3600 };
    const { code } = await codes.codeForDevice(card, order);
    appliance.take(code);
    expect(await appliance.buy({ ...powder, cost: 1501 })).to.include({ approved: false, ourCode: "COST_OVER" });
    const away = new Appliance({ device, key, baseUrl: "http://127.0.0.1:9", counter: appliance.counter });
    away.take(code);
    await expectAppliance(() => away.buy(powder), "APPLIANCE_UNANSWERED");
    // The answer is lost, and asked for again: the same purchase.
    const { fetch } = globalThis;
    globalThis.fetch = async (...asked) => {
      globalThis.fetch = fetch;
      await fetch(...asked);
      throw new Error("lost");
    };
    await expectAppliance(() => appliance.buy(powder), "APPLIANCE_UNANSWERED");
    expect(await appliance.buy(powder)).to.include({ approved: true, responseCode: "00" });
    expect(await appliance.buy(powder)).to.include({ approved: false, ourCode: "CODE_USED" });
  });

  it("is not granted where the card's user says no, and nothing is paid", async () => {
    const paying = plugIn.grant(card, order());
    await Promise.race([emulator.shows(Indicator.Ask), paying.catch(() => undefined)]);
    emulator.advance(35_000);
    await expectError(() => paying, "USER_ABSENT");
    expect(emulator.coil.emissions()).to.deep.equal([]);
  });

  it("says what the service says where it refuses", async () => {
    const error = await plugIn.grant(card, order({ country: 999 })).catch((thrown) => thrown);
    expect(error).to.include({ code: "ISSUER_REFUSED", issuerCode: "AUTHENTICATION_REFUSED" });
  });
});
