// Paying from afar: a remote grant is loaded like any other, and the phone gets its cryptogram in place of a swipe, once its user has said yes on the card.

import { Card, followCard, memoryTransport } from "@enabling-card/sdk";
import { Channel, encodeDomain, Indicator, Phase } from "@enabling-card/wire";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { confirm, cutting, present, soon, watchedWorlds } from "../support/watched-worlds.js";

const newWorld = watchedWorlds();
const REMOTE = { ...DOMAIN, channel: Channel.Remote };

/** Whatever a reader does to the card, and for however long. */
function readersTouch({ emulator }: World): void {
  for (let touch = 0; touch < 4; touch++) {
    emulator.touchHead();
    emulator.advance(3_000);
  }
}

describe("phone and card: a payment from afar", () => {
  let made: World;
  let phone: Phone;
  beforeEach(async () => {
    made = await newWorld();
    phone = await pairedPhone(made);
  });
  afterEach(async () => {
    expect(made.emulator.coil.emissions(), "the coil is silent").to.deep.equal([]);
    await phone.card.close();
  });

  const load = async () => phone.card.load(await phone.grant({ domain: REMOTE }));

  it("is shown before it is asked for, confirmed on the card, and answered with the cryptogram that the issuer made", async () => {
    const statuses: string[] = [];
    followCard(phone.card, ({ status }) => statuses.at(-1) !== status && statuses.push(status));
    expect(await load()).to.include({ merchant: "Corner Bakery", cap: 1250 });
    readersTouch(made);
    const { cryptogram, info } = await confirm(made, phone.card);
    await soon();
    const { tokens } = await phone.card.state();
    const { secrets } = made.service.issuer;
    const expected = secrets.cryptogram(phone.token.tokenRef, tokens[0]!.atc, sha256(encodeDomain(REMOTE)));
    expect([...cryptogram]).to.deep.equal([...expected]);
    expect(info).to.include({ phase: Phase.Done, passesSent: 0 });
    expect(statuses).to.deep.equal(["ready", "asking", "sent"]);
    expect(made.emulator.indicators.now).to.equal(Indicator.Done);
    readersTouch(made);
  });

  it("is confirmed once: the second time is GRANT_USED, whatever is asked for", async () => {
    await load();
    await confirm(made, phone.card);
    await expectError(() => phone.card.confirm(), "GRANT_USED");
    for (const when of ["now", "swipe"] as const) await expectError(() => phone.card.present({ when }), "GRANT_USED");
    expect((await phone.card.refresh()).phase).to.equal(Phase.Done);
  });

  it("is confirmed by the PIN, where there is one, and not by a wrong one", async () => {
    await phone.card.setPin("2468");
    await load();
    await expectError(() => phone.card.confirm({ pin: "0000" }), "PIN_WRONG");
    expect((await phone.card.confirm({ pin: "2468" })).cryptogram).to.have.length(8);
    await expectError(() => phone.card.confirm({ pin: "2468" }), "GRANT_USED");
  });

  it("needs no charge for the coil", async () => {
    await load();
    made.emulator.battery.percent = 1;
    expect((await confirm(made, phone.card)).info.phase).to.equal(Phase.Done);
  });

  it("takes one round trip, as a presentation does", async () => {
    await phone.card.close();
    const { wrap, chunks } = cutting(Number.POSITIVE_INFINITY);
    const card = await Card.connect(wrap(made, 247), { store: made.store });
    await card.load(await phone.grant({ domain: REMOTE, challenge: card.info.challenge }));
    const before = chunks();
    await confirm(made, card);
    await soon();
    expect(chunks() - before, "the request, its answer, and that it is done").to.equal(3);
    await card.close();
  });

  it("is refused by a long press, and by nobody at the button: the grant can still be confirmed", async () => {
    await load();
    const refused = phone.card.confirm();
    await made.emulator.shows(Indicator.Ask);
    made.emulator.hold(1500);
    await expectError(() => refused, "USER_REFUSED");
    const missed = phone.card.confirm();
    await made.emulator.shows(Indicator.Ask);
    made.emulator.advance(31_000);
    await expectError(() => missed, "USER_ABSENT");
    expect((await confirm(made, phone.card)).cryptogram).to.have.length(8);
  });

  it("ends with its time, a disarm, a restart or an unpairing, like any other", async () => {
    await load();
    made.emulator.advance(121_000);
    await expectError(() => phone.card.confirm(), "GRANT_EXPIRED");
    await load();
    await phone.card.disarm();
    await expectError(() => phone.card.confirm(), "NO_GRANT");
    await load();
    made.emulator.restart();
    expect((await phone.card.refresh()).phase).to.equal(Phase.Empty);
    await expectError(() => phone.card.confirm(), "NO_GRANT");
    await load();
    await phone.card.unpair();
    const options = { phoneName: "New phone", makerRoot: made.makerRoot, store: made.store };
    const card = await Card.pair(memoryTransport([made.emulator]), made.made.pairingCode, options);
    await expectError(() => card.confirm(), "NOT_PAIRED"); // what ended the grant
    phone = { ...phone, card };
  });

  it("cancelled while the card asks is disarmed, and says nothing to whoever presses", async () => {
    await load();
    const abort = new AbortController();
    const confirming = phone.card.confirm({ signal: abort.signal });
    await made.emulator.shows(Indicator.Ask);
    abort.abort();
    await expectError(() => confirming, "ABORTED");
    made.emulator.pressTwice();
    expect((await phone.card.refresh()).phase).to.equal(Phase.Empty);
  });

  it("may be followed by a swipe, and a swipe by it: each grant pays in its own way", async () => {
    await load();
    await confirm(made, phone.card);
    await phone.card.load(await phone.grant());
    expect((await present(made, phone.card)).passesSent).to.equal(2);
    made.emulator.coil.clear();
    await load();
    await confirm(made, phone.card);
  });

  it("of which nobody waits for the answer any more is kept, and asked about again", async () => {
    await load();
    const confirming = phone.card.confirm();
    await made.emulator.shows(Indicator.Ask);
    await phone.card.close();
    await expectError(() => confirming, "LINK_CLOSED");
    made.emulator.pressTwice();
    await soon();
    expect(made.emulator.indicators.now).to.equal(Indicator.Refused);
    const card = await Card.connect(memoryTransport([made.emulator]), { store: made.store });
    expect(card.info.phase).to.equal(Phase.Loaded);
    expect((await confirm(made, card)).cryptogram).to.have.length(8);
    await card.close();
  });

  it("cut at any chunk is answered at most once, and the phone can tell a lost answer", async () => {
    await phone.card.close();
    const cutter = cutting(Number.POSITIVE_INFINITY);
    const card = await Card.connect(cutter.wrap(made, 60), { store: made.store });
    let lost = 0;
    for (let cut = 0; cut < 8; cut++) {
      const { challenge, checkpointSize } = await card.refresh();
      await card.load(await phone.grant({ domain: REMOTE, challenge, checkpointSize }));
      cutter.after(cut);
      const asked = made.emulator.shows(Indicator.Ask).then(() => made.emulator.pressTwice());
      const answer = await card.confirm().catch(() => undefined);
      cutter.after(Number.POSITIVE_INFINITY);
      const { phase } = await card.refresh();
      if (answer === undefined && phase === Phase.Loaded) {
        expect((await card.confirm()).cryptogram, `cut after chunk ${cut}`).to.have.length(8);
      } else {
        expect(phase, `cut after chunk ${cut}`).to.equal(Phase.Done);
        if (answer === undefined) lost++;
      }
      await asked;
      await expectError(() => card.confirm(), "GRANT_USED");
    }
    expect(lost).to.be.greaterThan(0);
    await card.close();
  });
});
