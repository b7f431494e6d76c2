// Paying: the phone's library against the card's own firmware in the emulator, with an issuer behind HTTP.

import {
  Card,
  type CardNotice,
  type CountingLink,
  countingLink,
  followCard,
  memoryTransport,
} from "@enabling-card/sdk";
import { Indicator, Phase } from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { cutting, present, soon, watchedWorlds } from "../support/watched-worlds.js";

const newWorld = watchedWorlds();

describe("phone and card: a payment", () => {
  it("is shown before it is asked for, sent, told, and silent the second time", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    const statuses: string[] = [];
    followCard(phone.card, ({ status }) => statuses.at(-1) !== status && statuses.push(status));
    const bundle = await phone.grant();
    const loaded = await phone.card.load(bundle);
    expect(loaded).to.include({ merchant: "Corner Bakery", cap: 1250 });
    const presented = await present(made, phone.card);
    await soon();
    expect(presented.passesSent).to.equal(made.emulator.coil.emission()!.passes.length);
    expect(presented.info.timeKnown).to.equal(true);
    expect(statuses).to.deep.equal(["ready", "asking", "sending", "sent"]);
    made.emulator.coil.clear();
    await expectError(() => phone.card.present({ when: "now" }), "GRANT_USED");
    expect(made.emulator.coil.emissions()).to.deep.equal([]);
    await phone.card.close();
  });

  it("loads again by itself at whatever chunk it was cut, with one answer for the same bytes", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.close();
    let challenge = phone.card.info.challenge;
    let size = phone.card.info.checkpointSize;
    // 1 chunk to open, about 14 to load at this MTU, 2 answers
    for (let cut = 0; cut < 20; cut++) {
      const cutter = cutting(Number.POSITIVE_INFINITY);
      const card = await Card.connect(cutter.wrap(made, 200), { store: made.store });
      ({ challenge } = card.info);
      size = card.info.checkpointSize;
      const bundle = await phone.grant({ challenge, checkpointSize: size });
      cutter.after(cut);
      const loaded = await card.load(bundle);
      expect(loaded.info.phase).to.equal(Phase.Loaded);
      await card.disarm();
      await card.close();
    }
  });

  it("cancelled while the card asks is disarmed, and stays silent whoever presses", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const abort = new AbortController();
    const presenting = phone.card.present({ when: "now", signal: abort.signal });
    await made.emulator.shows(Indicator.Ask);
    abort.abort();
    await expectError(() => presenting, "ABORTED");
    made.emulator.pressTwice();
    await soon();
    expect(made.emulator.coil.emissions()).to.deep.equal([]);
    expect((await phone.card.refresh()).phase).to.equal(Phase.Empty);
    await phone.card.close();
  });

  it("cancelled before it was sent takes nothing back: an armed card stays armed, the one that asks goes on asking", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const presenting = phone.card.present({ when: "swipe" });
    await made.emulator.shows(Indicator.Ask);
    const abort = new AbortController();
    const queued = phone.card.present({ when: "swipe", signal: abort.signal });
    abort.abort();
    await soon();
    made.emulator.pressTwice();
    expect((await presenting).armedForS).to.be.greaterThan(60);
    await expectError(() => queued, "ABORTED");
    expect((await phone.card.refresh()).phase).to.equal(Phase.Armed);
    await expectError(() => phone.card.present({ when: "now", signal: AbortSignal.abort() }), "ABORTED");
    expect((await phone.card.refresh()).phase).to.equal(Phase.Armed);
    await phone.card.close();
  });

  it("without anybody at the button is USER_ABSENT, and silent", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const presenting = phone.card.present({ when: "now" });
    await made.emulator.shows(Indicator.Ask);
    made.emulator.advance(31_000);
    await expectError(() => presenting, "USER_ABSENT");
    expect(made.emulator.coil.emissions()).to.deep.equal([]);
    await phone.card.close();
  });

  it("armed goes on without the phone: a stranger's reader gets it, and the phone hears of it when it is back", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const armed = await present(made, phone.card, "swipe");
    expect(armed.armedForS).to.be.greaterThan(60);
    await phone.card.close();
    made.emulator.advance(30_000);
    made.emulator.touchHead();
    await made.emulator.shows(Indicator.Done);
    const card = await Card.connect(memoryTransport([made.emulator]), { store: made.store });
    expect(card.info.phase).to.equal(Phase.Done);
    expect(card.info.passesSent).to.equal(made.emulator.coil.emission()!.passes.length);
    await card.close();
  });

  it("with a PIN is asked for the PIN, sealed past link and wallet to the authenticator", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.setPin("2468");
    await expectError(() => phone.card.setPin("1357"), "PIN_REQUIRED");
    await phone.card.refresh();
    await phone.card.setPin("1357", "2468");
    await phone.card.load(await phone.grant());
    expect((await phone.card.present({ when: "now", pin: "1357" })).passesSent).to.be.greaterThan(0);
    await phone.card.load(await phone.grant());
    await expectError(() => phone.card.present({ when: "now", pin: "0000" }), "PIN_WRONG");
    await phone.card.close();
  });

  it("takes a suspension from the issuer, and refuses the token until it is lifted", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    await present(made, phone.card);
    const { card, client, token } = phone;
    const position = () => ({ cardId: card.cardId, checkpointSize: card.info.checkpointSize });
    const held = await phone.grant();
    const { tokens } = await card.state(await client.setState(token.tokenRef, "suspended", position()));
    expect(tokens[0]).to.include({ state: 2, version: 1 });
    await expectError(() => card.load(held), "TOKEN_SUSPENDED");
    await card.state(await client.setState(token.tokenRef, "active", position()));
    await card.load(await phone.grant());
    await card.close();
  });

  it("is announced by fresh challenges while the session is open", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    const notices: CardNotice[] = [];
    phone.card.subscribe((notice) => notices.push(notice));
    const before = phone.card.info.challenge;
    made.emulator.advance(61_000);
    await soon();
    expect(notices.map(({ type }) => type)).to.include("challenge");
    expect(phone.card.info.challenge).not.to.deep.equal(before);
    await phone.card.close();
  });
});

describe("phone and card: a phone whose time is over", () => {
  it("leaves no card that still asks: a press that comes later pays nothing", async () => {
    const made = await newWorld();
    const { card, grant } = await pairedPhone(made);
    await card.load(await grant());
    const presenting = card.present({ when: "now", timeoutMs: 50 });
    await made.emulator.shows(Indicator.Ask);
    await expectError(() => presenting, "LINK_TIMEOUT");
    made.emulator.pressTwice();
    made.pass(1);
    expect(made.emulator.coil.emission()).to.equal(undefined);
    expect((await card.refresh()).phase).to.equal(Phase.Empty);
    await card.close();
  });
});

describe("phone and card: round trips at the link", () => {
  it("are one to open, one to load, one to present: three from link-up, two in an open session", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.close();
    const link: CountingLink = countingLink(await memoryTransport([made.emulator]).connect(made.emulator.id));
    const card = await Card.connect(link, { store: made.store });
    expect(link.counts.roundTrips).to.equal(1);
    const bundle = await phone.grant({
      challenge: card.info.challenge,
      checkpointSize: card.info.checkpointSize,
    });
    await card.load(bundle);
    expect(link.counts.roundTrips).to.equal(2);
    await present(made, card);
    expect(link.counts.roundTrips).to.equal(3);
    link.resetCounts();
    await card.load(await phone.grant({ challenge: card.info.challenge, checkpointSize: card.info.checkpointSize }));
    await present(made, card);
    expect(link.counts.roundTrips).to.equal(2);
    await card.close();
  });
});
