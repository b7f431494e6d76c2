import { CardEvent, Op, Status, toHex } from "@enabling-card/wire";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "chai";
import { Card, type CardLink, type CardNotice, countingLink, memoryTransport } from "../src/index.js";
import { expectError } from "./expect-error.js";
import { BUNDLE, paired, soon } from "./paired.js";
import { TwinCard } from "./twin-card.js";

const abortedSoon = () => AbortSignal.timeout(20);

describe("a paired card", () => {
  it("is found again among others by what it advertises, and opened in one round trip", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const stranger = new TwinCard({ id: "stranger" });
    const transport = memoryTransport([stranger, twin]);
    const back = await Card.connect(transport, { store });
    expect(stranger.connections).to.equal(0);
    expect(back.name).to.equal(card.name);
    await back.close();

    const link = countingLink(await transport.connect(twin.id));
    const counted = await Card.connect(link, { store });
    expect(link.counts.roundTrips).to.equal(1);
    link.resetCounts();
    await counted.load(BUNDLE);
    expect(link.counts.roundTrips).to.equal(1);
    link.resetCounts();
    await counted.present({ when: "now" });
    expect(link.counts.roundTrips).to.equal(1);
    await counted.close();
  });

  it("shows what a grant would pay, then says what was sent", async () => {
    const { card } = await paired({ mtu: 23 });
    const notices: CardNotice[] = [];
    card.subscribe((notice) => notices.push(notice));
    const progress: (number | undefined)[] = [];
    const loaded = await card.load(BUNDLE, { onProgress: ({ sent }) => progress.push(sent) });
    expect(loaded).to.include({ merchant: "Corner Bakery", cap: 1250 });
    expect(toHex(loaded.grantHash)).to.equal(toHex(sha256(BUNDLE.sealed)));
    const sent = progress.filter((value) => value !== undefined);
    expect(sent.length).to.be.greaterThan(50);
    expect(sent).to.deep.equal([...sent].sort((a, b) => a - b));
    const presented = await card.present({ when: "now" });
    expect(presented).to.include({ passesSent: 3, armedForS: null });
    expect(card.info.passesSent).to.equal(3);
    expect(notices.map(({ type }) => type)).to.deep.equal(["loaded", "asking", "pass-sent"]);
    await card.close();
  });

  it("confirms a grant from afar, and gives what the card told, in one round trip", async () => {
    const { twin, card, links } = await paired();
    const notices: CardNotice[] = [];
    card.subscribe((notice) => notices.push(notice));
    await card.load(BUNDLE);
    links[0]!.resetCounts();
    const { cryptogram, info } = await card.confirm();
    expect(links[0]!.counts.roundTrips).to.equal(1);
    expect(toHex(cryptogram)).to.equal(toHex(twin.cryptogram));
    expect(info).to.equal(card.info);
    expect(notices.map(({ type }) => type)).to.deep.equal(["loaded", "asking", "done"]);
    await card.close();
  });

  it("confirms with a PIN, sealed as a presentation's is, and fetches a new pinNonce where it was wrong", async () => {
    const { twin, card } = await paired();
    await card.setPin("2468");
    await expectError(() => card.confirm({ pin: "2468" }), "NO_GRANT");
    await card.load(BUNDLE);
    await expectError(() => card.confirm(), "PIN_REQUIRED");
    await expectError(() => card.confirm({ pin: "1111" }), "PIN_WRONG");
    expect(toHex(card.info.pinNonce)).to.equal(toHex(twin.pinNonce));
    expect((await card.confirm({ pin: "2468" })).cryptogram).to.have.length(8);
    await card.close();
  });

  it("takes no other answer for a cryptogram, and none for passes", async () => {
    const { twin, card } = await paired();
    await card.load(BUNDLE);
    const perform = twin.perform.bind(twin);
    for (const answer of [[new Uint8Array(7), twin.info()], [new Uint8Array(8)], [3, null, twin.info()], null]) {
      twin.perform = (op, body, line) => (op === Op.Present ? answer : perform(op, body, line));
      await expectError(() => card.confirm(), "CARD_ANSWER_MALFORMED");
    }
    twin.perform = (op, body, line) => (op === Op.Present ? [new Uint8Array(8), twin.info()] : perform(op, body, line));
    await expectError(() => card.present({ when: "now" }), "CARD_ANSWER_MALFORMED");
    await card.close();
  });

  it("cancelled or out of time in a confirmation is disarmed, and asked once only", async () => {
    for (const [options, code] of [
      [{ signal: abortedSoon() }, "ABORTED"],
      [{ timeoutMs: 30 }, "LINK_TIMEOUT"],
    ] as const) {
      const { twin, card } = await paired();
      await card.load(BUNDLE);
      twin.gate = new Promise(() => undefined);
      await expectError(() => card.confirm(options), code);
      expect(twin.asked).to.deep.equal([Op.Load, Op.Present, Op.Disarm]);
      await card.close();
    }
  });

  it("can be armed, disarmed, asked for its tokens, and unpaired", async () => {
    const { twin, card, store } = await paired();
    await card.load(BUNDLE);
    expect((await card.present({ when: "swipe" })).armedForS).to.equal(120);
    expect((await card.disarm()).phase).to.equal(0);
    const { tokens } = await card.state();
    expect(tokens[0]).to.include({ state: 1, version: 2, atc: 41 });
    await card.unpair();
    expect(twin.owner).to.equal(undefined);
    expect(await store.list()).to.deep.equal([]);
    await expectError(() => card.refresh(), "LINK_CLOSED");
    await expectError(() => Card.connect(memoryTransport([twin]), { store }), "PAIRING_UNKNOWN");
  });

  it("gives the card's own refusals their names, and goes on", async () => {
    const { twin, card } = await paired();
    twin.refuse = () => Status.GrantExpired;
    const error = await expectError(() => card.load(BUNDLE), "GRANT_EXPIRED");
    expect(error.retryable).to.equal(false);
    twin.refuse = () => 222 as Status;
    await expectError(() => card.load(BUNDLE), "CARD_STATUS_UNKNOWN");
    twin.refuse = undefined;
    await card.load(BUNDLE);
    await card.close();
  });

  it("refuses a bundle that is not whole, or too large for one message, before anything is sent", async () => {
    const { twin, card } = await paired();
    await expectError(() => card.load({ ...BUNDLE, sealed: new Uint8Array(0) }), "GRANT_BUNDLE_INVALID");
    await expectError(() => card.load({ ...BUNDLE, receipt: new Uint8Array(5100) }), "GRANT_BUNDLE_INVALID");
    expect(twin.asked).to.deep.equal([]);
    await card.close();
  });

  it("takes a PIN only sealed to the question that was just asked", async () => {
    const { twin, card } = await paired();
    await expectError(() => card.setPin("123"), "PIN_MALFORMED");
    await card.setPin("2468");
    expect(twin.pin).to.equal("2468");
    await expectError(() => card.setPin("1357"), "PIN_REQUIRED");
    await card.refresh(); // the nonce was spent by the refusal
    await card.setPin("1357", "2468");
    await card.load(BUNDLE);
    await expectError(() => card.present({ when: "now" }), "PIN_REQUIRED");
    await expectError(() => card.present({ when: "now", pin: "2468" }), "PIN_WRONG");
    await card.refresh();
    expect((await card.present({ when: "now", pin: "1357" })).passesSent).to.equal(3);
    await card.close();
  });

  it("waits for one call before it makes the next, but a disarm waits for nobody", async () => {
    const { twin, card } = await paired();
    let open = () => {};
    twin.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = card.load(BUNDLE);
    const second = card.state();
    await soon();
    expect(twin.asked).to.deep.equal([Op.Load]);
    await card.disarm();
    expect(twin.asked).to.deep.equal([Op.Load, Op.Disarm]);
    open();
    await first;
    await second;
    expect(twin.asked).to.deep.equal([Op.Load, Op.Disarm, Op.State]);
    await card.close();
  });

  it("drops what is cancelled, disarms where that was a payment, and lives on", async () => {
    const { twin, card } = await paired();
    await card.load(BUNDLE);
    twin.gate = new Promise(() => undefined);
    const abort = new AbortController();
    const presenting = card.present({ when: "now", signal: abort.signal });
    await soon();
    abort.abort();
    await expectError(() => presenting, "ABORTED");
    expect(twin.asked).to.deep.equal([Op.Load, Op.Present, Op.Disarm]);
    twin.gate = undefined;
    expect(card.connected).to.equal(true);
    await card.load(BUNDLE);
    const before = twin.asked.length;
    await expectError(() => card.load(BUNDLE, { signal: AbortSignal.abort() }), "ABORTED");
    expect(twin.asked).to.have.length(before);
    await card.close();
  });

  it("is not disarmed for a payment that it was never asked for", async () => {
    const { twin, store, transport, card } = await paired();
    await card.load(BUNDLE);
    const notices: string[] = [];
    card.subscribe(({ type }) => notices.push(type));
    await expectError(() => card.present({ when: "now", signal: AbortSignal.abort() }), "ABORTED");

    let open = () => {};
    twin.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = card.present({ when: "swipe" });
    const abort = new AbortController();
    const queued = card.present({ when: "swipe", signal: abort.signal });
    await soon();
    abort.abort();
    await soon();
    open();
    expect((await first).armedForS).to.equal(120);
    await expectError(() => queued, "ABORTED");
    expect(twin.asked).to.deep.equal([Op.Load, Op.Present]);
    expect(notices.filter((type) => type === "asking")).to.have.length(1);
    await card.close();

    // The link takes nothing: the present that waits behind another message's chunk was not given to it either.
    const link = await transport.connect(twin.id);
    let stuck = false;
    const write: CardLink["write"] = (chunk, how) => (stuck ? new Promise(() => undefined) : link.write(chunk, how));
    const slow = await Card.connect({ ...link, write }, { store });
    const before = twin.asked.length;
    stuck = true;
    const disarming = slow.disarm({ signal: abortedSoon() }).catch(() => undefined);
    await expectError(() => slow.present({ when: "now", signal: abortedSoon() }), "ABORTED");
    stuck = false;
    await disarming;
    expect(twin.asked).to.have.length(before);
    await slow.close();
  });

  it("does not suffer from a listener that throws, and lets the app see what it threw", async () => {
    const { twin, card } = await paired();
    const heard: string[] = [];
    const seen: unknown[] = [];
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException").on("uncaughtException", (error) => seen.push(error));
    try {
      card.subscribe(() => {
        throw new Error("the app's own");
      });
      card.subscribe(({ type }) => heard.push(type));
      expect((await card.load(BUNDLE)).cap).to.equal(1250);
      twin.say(CardEvent.BatteryLow, 4);
      await soon();
      expect(card.connected).to.equal(true);
      expect(heard).to.deep.equal(["loaded", "battery-low"]);
      await soon();
      expect(seen.map((error) => (error as Error).message)).to.deep.equal(["the app's own", "the app's own"]);
      await card.close();
      await soon();
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const other of others) process.on("uncaughtException", other);
    }
  });

  it("fetches a new pinNonce after every refusal that may have spent the old one", async () => {
    const { twin, card } = await paired();
    await card.setPin("2468");
    await card.load(BUNDLE);
    for (const status of [
      Status.ConfirmationInvalid,
      Status.ConfirmationTimeout,
      Status.VaultFailed,
      Status.FlashFailed,
    ]) {
      twin.refuse = (op) => (op === Op.Present ? status : Status.Ok);
      await card.present({ when: "now", pin: "2468" }).catch(() => undefined);
      twin.refuse = undefined;
      expect(toHex(card.info.pinNonce), `status ${status}`).to.equal(toHex(twin.pinNonce));
    }
    expect((await card.present({ when: "now", pin: "2468" })).passesSent).to.equal(3);
    await card.close();
  });

  it("is disarmed where a payment got no answer in time", async () => {
    const { twin, card } = await paired();
    await card.load(BUNDLE);
    twin.gate = new Promise(() => undefined);
    await expectError(() => card.present({ when: "swipe", timeoutMs: 30 }), "LINK_TIMEOUT");
    expect(twin.asked).to.deep.equal([Op.Load, Op.Present, Op.Disarm]);
    await card.close();
  });

  it("says LINK_TIMEOUT where no answer comes, and opens a new session for the next call", async () => {
    const { twin, card, links } = await paired({ timeoutMs: 40 });
    twin.gate = new Promise(() => undefined);
    await expectError(() => card.present({ when: "now", timeoutMs: 30 }), "LINK_TIMEOUT");
    twin.gate = undefined;
    await card.refresh();
    expect(links).to.have.length(1);
    await card.close();
  });

  it("hears what the card says unasked", async () => {
    const { twin, card } = await paired();
    const notices: CardNotice[] = [];
    const stop = card.subscribe((notice) => notices.push(notice));
    twin.say(CardEvent.Challenge, twin.info());
    twin.say(CardEvent.Disarmed, [Status.UserAbsent, twin.info()]);
    twin.say(CardEvent.Disarmed, [0, twin.info()]);
    twin.say(CardEvent.Done, twin.info());
    twin.say(CardEvent.BatteryLow, 4);
    await soon();
    stop();
    twin.say(CardEvent.BatteryLow, 3);
    await soon();
    expect(notices.map(({ type }) => type)).to.deep.equal(["challenge", "disarmed", "disarmed", "done", "battery-low"]);
    expect(notices[1]).to.have.property("why").with.property("code", "USER_ABSENT");
    expect(notices[2]).to.have.property("why", undefined);
    await card.close();
  });

  it("proves its session by itself where the app is slow, so that events go on coming", async function () {
    this.timeout(6000);
    const { twin, store, card } = await paired();
    await card.close();
    const back = await Card.connect(memoryTransport([twin]), { store });
    await new Promise((resolve) => setTimeout(resolve, 2700));
    expect(twin.asked).to.deep.equal([Op.State]);
    await back.close();
  });
});
