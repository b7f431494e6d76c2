// Several payment means on one card, and its button: each press chooses the next one that may pay, shown by the card's lights and told to its phone.

import type { CardNotice, Token } from "@enabling-card/sdk";
import { CHOICE_SHOWN_MS, Indicator, Phase, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { settle } from "../support/raw-session.js";

describe("the card's button", () => {
  let w: World;
  let phone: Phone;
  let tokens: Token[];
  let chosen: string[];
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    tokens = [phone.token];
    for (let i = 0; i < 2; i++) tokens.push(await phone.client.createToken(phone.card.cardId, "LOVELACE/ADA"));
    chosen = [];
    phone.card.subscribe((notice: CardNotice) => {
      if (notice.type === "chosen") chosen.push(nameOf(notice.tokenRef));
    });
  });
  afterEach(async () => {
    await phone.card.close();
    await w.close();
  });

  const nameOf = (tokenRef: Uint8Array) =>
    `means ${1 + tokens.findIndex((token) => toHex(token.tokenRef) === toHex(tokenRef))}`;
  /** The card counts a means from its first grant on. */
  const introduce = async () => {
    for (const { tokenRef } of tokens) {
      await phone.card.load(await phone.grant({ tokenRef }));
      await phone.card.disarm();
    }
  };
  const press = async () => {
    w.emulator.press();
    w.emulator.advance(1000);
    for (let i = 0; i < 3; i++) await settle();
  };

  it("chooses one after the other, and begins anew behind the last", async () => {
    await introduce();
    const shown: Indicator[] = [];
    for (let i = 0; i < 4; i++) {
      await press();
      shown.push(w.emulator.indicators.now);
    }
    expect(chosen).to.deep.equal(["means 1", "means 2", "means 3", "means 1"]);
    expect(shown).to.deep.equal([Indicator.Choice1, Indicator.Choice2, Indicator.Choice3, Indicator.Choice1]);
    w.emulator.advance(CHOICE_SHOWN_MS);
    expect(w.emulator.indicators.now, "for a moment").to.equal(Indicator.Off);
    expect((await phone.card.refresh()).phase, "choosing pays nothing").to.equal(Phase.Empty);
  });

  it("leaves out what may not pay", async () => {
    await introduce();
    const [, second] = tokens as [Token, Token, Token];
    const position = { cardId: phone.card.cardId, checkpointSize: phone.card.info.checkpointSize };
    await phone.card.state(await phone.client.setState(second.tokenRef, "suspended", position));
    for (let i = 0; i < 3; i++) await press();
    expect(chosen).to.deep.equal(["means 1", "means 3", "means 1"]);
    expect(w.emulator.indicators.now).to.equal(Indicator.Choice1);
  });

  it("shows nothing where there is no means yet", async () => {
    await press();
    expect([chosen, w.emulator.indicators.now]).to.deep.equal([[], Indicator.Off]);
  });

  it("is told to the phone when it comes back, and once", async () => {
    await introduce();
    w.emulator.dropLine();
    await press();
    await press();
    expect([chosen, w.emulator.indicators.now]).to.deep.equal([[], Indicator.Choice2]);
    await phone.card.refresh();
    for (let i = 0; i < 3; i++) await settle();
    await phone.card.refresh();
    expect(chosen).to.deep.equal(["means 2"]);
  });

  it("means yes or no, and no choice, while a grant asks for its user or is armed", async () => {
    await introduce();
    await phone.card.load(await phone.grant());
    const armed = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await armed;
    await press();
    expect([chosen, w.emulator.indicators.now]).to.deep.equal([[], Indicator.Armed]);
    w.emulator.touchHead();
    w.emulator.advance(3000);
    expect(w.emulator.coil.emissions().length).to.equal(1);
  });

  it("says nothing where its phone is away for longer than its owner chose", async () => {
    await introduce();
    await phone.card.setNearness(30);
    w.emulator.advance(31_000);
    await press();
    expect([chosen, w.emulator.indicators.now]).to.deep.equal([[], Indicator.Off]);
    await phone.card.refresh();
    await press();
    expect(chosen).to.deep.equal(["means 1"]);
  });
});
