// An update over the air, from a phone's own stack (noble) to the loader's module, while the card's image goes on: who is let in, what is sent, a link that
// breaks, the new image tried and confirmed; and what a stranger gets. Its twin on the microcontroller: test/mcu/air.test.ts.

import { Air, Controller, SlotFlash } from "@enabling-card/emulator";
import {
  type AirFlashOptions,
  Card,
  type CardLink,
  type CardTransport,
  type FlashStep,
  flashCardOverAir,
  gattCarrier,
  Loader,
} from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn, type StoppableNoble } from "@enabling-card/tools";
import {
  concat,
  FlashArea,
  fromHex,
  type ImageError,
  Indicator,
  SMP_PACKET_MAX,
  SmpReader,
  SmpStatus,
  toHex,
  UPDATE_MAX_MS,
  UPDATE_SILENCE_MS,
} from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone, type World } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import {
  BOARD,
  loaderModule,
  OTHER_SECRET,
  partsOf,
  ROOT,
  SECTORS,
  sealed,
  versionIn,
} from "../support/loader-card.js";
import { present, watchedWorlds } from "../support/watched-worlds.js";

const ONE = sealed(partsOf(1, 1));
const TWO = sealed(partsOf(2, 2, 20_000));
const HOLD_MS = 3_100;
const ACL_DATA = 2;
const newWorld = watchedWorlds();

describe("an update over the air", () => {
  let air: Air;
  let phone: Controller;
  let radio: Controller;
  let noble: StoppableNoble;
  let flash: SlotFlash;
  let w: World;
  let transport: CardTransport;

  beforeEach(async () => {
    air = new Air({ time: "free" });
    phone = new Controller(air, { address: "c0:ff:ee:00:00:0a" });
    radio = new Controller(air);
    noble = nobleOn(phone);
    flash = new SlotFlash(SECTORS);
    flash.install(FlashArea.Slot0, ONE);
    const loader = { module: await loaderModule(), flash, board: BOARD, root: ROOT };
    w = await newWorld({ radio, loader });
    transport = nobleTransport(noble, { timeoutMs: 1_500 });
  });
  afterEach(() => {
    noble.stop();
    air.close();
    expect(radio.violations).to.deep.equal([]);
    expect(phone.violations).to.deep.equal([]);
  });

  const slot = (area: FlashArea) => versionIn(flash.areas[area]);
  const update = (options: Partial<AirFlashOptions> = {}) =>
    flashCardOverAir(transport, { image: TWO, reachMs: 5_000, ...options });

  /** A link to SMP's characteristic of the card in reach. */
  async function link(): Promise<CardLink> {
    for await (const { id } of transport.discover(AbortSignal.timeout(5_000))) return transport.connectLoader!(id);
    throw new Error("no card");
  }

  async function client(): Promise<Loader> {
    return new Loader(await gattCarrier(await link()));
  }

  it("is let in by a held button, sent, tried and confirmed", async () => {
    const steps: FlashStep[] = [];
    const result = await update({
      onStep(step) {
        steps.push(step);
        if (step === "waiting") w.emulator.hold(HOLD_MS);
      },
    });
    expect(steps).to.deep.equal(["checked", "waiting", "connected", "sent", "testing", "confirmed"]);
    expect(result).to.include({ confirmed: true, sentOctets: TWO.length });
    expect([slot(FlashArea.Slot0), slot(FlashArea.Slot1)]).to.deep.equal([2, 1]);
    expect(w.emulator.starts, "once to try it, once to have its wallet back").to.equal(3);
    const card = (await pairedPhone(w)).card;
    expect((await card.state()).tokens).to.have.length(0);
  });

  it("goes back to the image before where nobody confirms the new one", async () => {
    w.emulator.hold(HOLD_MS);
    expect(await update({ confirm: false })).to.include({ confirmed: false });
    expect(slot(FlashArea.Slot0)).to.equal(2);
    w.emulator.restart();
    expect(slot(FlashArea.Slot0)).to.equal(1);
  });

  it("goes on where a link that broke had come to, again and again", async () => {
    w.emulator.hold(HOLD_MS);
    let [packets, cut, octets] = [0, 40, 0];
    phone.tap((direction, packet) => {
      if (packet[0] === 4 && packet[1] === 0x05) air.setReach(phone, radio, true); // once both know
      if (packet[0] !== ACL_DATA || direction !== "to-controller") return;
      octets += packet.length;
      if (++packets % cut === 0 && packets < 4 * cut) air.setReach(phone, radio, false);
    });
    const steps: FlashStep[] = [];
    const resumed: number[] = [];
    const result = await update({
      onStep: (step) => steps.push(step),
      onProgress: (progress) => resumed.push(progress.resumed),
    });
    expect(steps.filter((step) => step === "mended")).to.have.length.of.at.least(2);
    expect(Math.max(...resumed)).to.be.greaterThan(5_000);
    expect(octets, "not all of it again each time").to.be.lessThan(2.2 * TWO.length);
    expect(result.confirmed).to.equal(true);
    expect(slot(FlashArea.Slot0)).to.equal(2);
    cut = 0;
  });

  it("sends nothing again of what an earlier call had sent within the minute", async () => {
    w.emulator.hold(HOLD_MS);
    const given = new AbortController();
    const call = update({
      signal: given.signal,
      onProgress: ({ sent }) => sent > 8_000 && given.abort(),
    });
    await expectError(() => call, "ABORTED");
    let had = 0;
    const { sentOctets } = await update({
      onProgress: ({ resumed }) => {
        had = Math.max(had, resumed);
      },
    });
    expect(had).to.be.greaterThan(8_000);
    expect(sentOctets).to.equal(TWO.length - had);
  });

  it("is refused to a stranger, whatever is asked, and the card is as it was: it pays with what was loaded", async () => {
    const owner = await pairedPhone(w);
    await owner.card.load(await owner.grant());
    await owner.card.close();
    const [before, writes] = [flash.snapshot(), flash.writes];
    const his = await link();
    const stranger = new Loader(await gattCarrier(his));
    for (const call of [
      () => stranger.echo("hello"),
      () => stranger.facts(),
      () => stranger.images(),
      () => stranger.upload(TWO),
      () => stranger.erase(),
      () => stranger.confirm(),
      () => stranger.reset(),
    ])
      await expectError(call, "UPDATE_NOT_ALLOWED");
    await his.close();
    await expectError(() => update({ reachMs: 100 }), "UPDATE_NOT_ALLOWED");
    expect(flash.snapshot()).to.deep.equal(before);
    expect(flash.writes).to.equal(writes);
    expect(w.emulator.starts).to.equal(1);
    const back = await Card.connect(transport, { store: w.store, cardId: w.made.cardId, timeoutMs: 5_000 });
    expect((await present(w, back)).passesSent).to.be.greaterThan(0);
    await back.close();
  });

  it("loses what a stranger holds it by: his connection ends after 5 s of the card's", async () => {
    const held = await link();
    const gone = new Promise<void>((resolve) => held.onDisconnect(() => resolve()));
    await held.subscribe(() => undefined);
    await held.write(fromHex("0200000000000005"), { response: false });
    w.emulator.advance(5_000);
    await gone;
  });

  it("is let in for a minute after the hold, and no longer", async () => {
    w.emulator.hold(HOLD_MS);
    w.emulator.advance(60_000);
    await expectError(() => update({ reachMs: 100 }), "UPDATE_NOT_ALLOWED");
    expect(w.emulator.starts).to.equal(1);
  });

  it("confirms an image on trial for a minute after its start, and no longer", async () => {
    w.emulator.hold(HOLD_MS);
    await update({ confirm: false });
    w.emulator.advance(UPDATE_SILENCE_MS);
    await expectError(async () => (await client()).confirm(), "UPDATE_NOT_ALLOWED");
  });

  it("ends wallet and authenticator, and what they held; a line is hung up meanwhile", async () => {
    const owner = await pairedPhone(w);
    await owner.card.load(await owner.grant());
    await owner.card.close();
    w.emulator.hold(HOLD_MS);
    const loader = await client();
    await loader.echo("an update");
    expect(w.emulator.memory("wallet")).to.have.length(0);
    expect(w.emulator.memory("authenticator")).to.have.length(0);
    expect(w.emulator.indicators.now).to.equal(Indicator.Pairing);
    w.emulator.connectLine();
    await new Promise((resolve) => setImmediate(resolve));
    expect(w.emulator.lineUp).to.equal(false);
    await loader.reset();
    while (w.emulator.starts < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(w.emulator.memory("wallet").length).to.be.greaterThan(0);
  });

  it("ends after a minute of silence, and after ten in all, and the card has its wallet again", async () => {
    w.emulator.hold(HOLD_MS);
    await (await client()).echo("an update");
    w.emulator.advance(UPDATE_SILENCE_MS - 1);
    expect(w.emulator.starts).to.equal(1);
    w.emulator.advance(1);
    expect(w.emulator.starts).to.equal(2);

    w.emulator.hold(HOLD_MS);
    const loader = await client();
    for (let ms = 0; ms < UPDATE_MAX_MS; ms += 50_000) {
      await loader.echo("still here");
      w.emulator.advance(50_000);
    }
    expect(w.emulator.starts).to.equal(3);
  });

  it("leaves the card as it was where its loader refuses the image", async () => {
    w.emulator.hold(HOLD_MS);
    const loader = await client();
    const forged = await loader.upload(sealed(partsOf(2, 2), OTHER_SECRET)).catch((error: ImageError) => error.code);
    expect(forged).to.equal("IMAGE_KEY_OTHER");
    expect((await loader.images()).map(({ version }) => version)).to.deep.equal(["1.0.0"]);
    loader.close();
  });

  it("bears messages that lie about their lengths, are cut, or are none, and is sent afterwards", async () => {
    w.emulator.hold(HOLD_MS);
    const held = await link();
    const reader = new SmpReader();
    const answers: string[] = [];
    await held.subscribe((octets) => {
      for (const packet of reader.push(octets)) answers.push(toHex(packet));
    });
    const write = async (octets: Uint8Array) => {
      for (let at = 0; at < octets.length; at += held.maxWrite)
        await held.write(octets.subarray(at, at + held.maxWrite), { response: false });
    };
    const echo = (sequence: number, length = 9) =>
      concat(Uint8Array.of(2, 0, length >> 8, length & 255, 0, 0, sequence, 0), fromHex("a16164656563617264"));
    const refusal = (sequence: number, status: SmpStatus) =>
      `03000005 0000 0${sequence} 00 a1627263 0${status}`.replaceAll(" ", "");
    const more = SMP_PACKET_MAX + 1 - 8;
    await write(concat(echo(1, more), new Uint8Array(more - 9))); // one octet too long
    await write(concat(echo(2, 0xffff), new Uint8Array(0xffff - 9))); // as long as can be said
    for (const octet of echo(3)) await write(Uint8Array.of(octet)); // an octet at a time
    await write(concat(echo(4), echo(5))); // two at once
    await write(echo(6, 8)); // shorter than it is: its last octet begins the next
    await write(new Uint8Array(7));
    await write(fromHex("0300000000000700")); // an answer, which nobody answers
    await write(echo(8));
    const echoed = (sequence: number) => `030000090000 0${sequence} 00 a1617265656361 7264`.replaceAll(" ", "");
    while (answers.at(-1) !== echoed(8)) await new Promise((resolve) => setImmediate(resolve));
    expect(answers).to.deep.equal([
      refusal(1, SmpStatus.TooLong),
      refusal(2, SmpStatus.TooLong),
      ...[3, 4, 5].map(echoed),
      refusal(6, SmpStatus.Invalid),
      "0100000500000000a162726308",
      echoed(8),
    ]);
    await write(echo(9, 500)); // never whole: its end is the connection's
    await held.close();
    expect(await update()).to.include({ confirmed: true });
  });
});
