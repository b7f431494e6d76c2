// A card whose phone has been away for longer than its owner chose drops what waits for its user; what is armed goes on (docs/protocol.md, "Nearness").

import { randomBytes } from "node:crypto";
import type { CardNotice } from "@enabling-card/sdk";
import {
  type CborValue,
  encodeMessage,
  Indicator,
  MessageType,
  NEAR_MAX_S,
  NEAR_MIN_S,
  Op,
  Phase,
  toChunks,
} from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, strangerPairs, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { rawSession, settle } from "../support/raw-session.js";

describe("a card that its phone left", () => {
  let w: World;
  let phone: Phone;
  let told: (string | undefined)[];
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    told = [];
    phone.card.subscribe((notice: CardNotice) => notice.type === "disarmed" && told.push(notice.why?.code));
  });
  afterEach(async () => {
    await phone.card.close();
    await w.close();
  });

  /** Without a message of the phone, as the card's own timer has it. */
  const away = async (seconds: number) => {
    w.emulator.advance(seconds * 1000);
    for (let i = 0; i < 3; i++) await settle();
  };
  const phase = async () => (await phone.card.refresh()).phase;

  /** Armed for two emissions, and its phone away for longer than its owner chose. */
  const armAndLeave = async () => {
    await phone.card.setNearness(NEAR_MIN_S);
    await phone.card.load(await phone.grant({ maxEmissions: 2 }));
    const armed = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await armed;
    await away(60);
  };

  it("drops nothing before its owner chose a time", async () => {
    expect((await phone.card.nearness()).awayS).to.equal(null);
    await phone.card.load(await phone.grant());
    await away(110);
    expect(await phase()).to.equal(Phase.Loaded);
  });

  it("drops a loaded grant when it is over, and says why: PHONE_AWAY", async () => {
    expect((await phone.card.setNearness(40)).awayS).to.equal(40);
    await phone.card.load(await phone.grant());
    await away(39);
    expect(told).to.deep.equal([]);
    await away(2);
    expect(told).to.deep.equal(["PHONE_AWAY"]);
    await expectError(() => phone.card.present({ when: "now" }), "PHONE_AWAY");
    expect(await phase()).to.equal(Phase.Empty);
    await phone.card.load(await phone.grant());
    expect(await phase(), "and takes the next one").to.equal(Phase.Loaded);
  });

  it("stays as it is where the phone is heard meanwhile", async () => {
    await phone.card.setNearness(40);
    await phone.card.load(await phone.grant());
    for (let i = 0; i < 3; i++) {
      await away(35);
      await phone.card.nearness();
    }
    expect(await phase()).to.equal(Phase.Loaded);
  });

  it("drops a grant that asks for its user as well", async () => {
    await phone.card.setNearness(NEAR_MIN_S);
    await phone.card.load(await phone.grant());
    await away(20);
    const asked = expectError(() => phone.card.present({ when: "swipe" }), "PHONE_AWAY");
    await w.emulator.shows(Indicator.Ask);
    await away(29);
    expect(told).to.deep.equal([]);
    await away(2);
    await asked;
    expect(w.emulator.indicators.now).to.equal(Indicator.Off);
  });

  it("pays nevertheless where it was armed before: an armed grant outlives nearness", async () => {
    await armAndLeave();
    for (let swipe = 1; swipe <= 2; swipe++) {
      w.emulator.coil.clear();
      w.emulator.touchHead();
      await away(3);
      expect(w.emulator.coil.emissions().length, `swipe ${swipe}`).to.equal(1);
    }
  });

  it("keeps of a grant that was armed nothing that waits for its user again", async () => {
    await armAndLeave();
    w.emulator.battery.percent = 1;
    w.emulator.touchHead();
    await away(3);
    expect(told).to.deep.equal(["BATTERY_LOW", "PHONE_AWAY"]);
    expect(await phase()).to.equal(Phase.Empty);
  });

  it("remembers the time its owner chose without power, until it has another one", async () => {
    await phone.card.setNearness(60);
    w.emulator.restart();
    expect((await phone.card.nearness()).awayS).to.equal(60);
    await phone.card.unpair();
    const next = await strangerPairs(w);
    expect((await next.nearness()).awayS).to.equal(null);
    await next.setNearness(60);
    w.emulator.hold(3100);
    w.emulator.advance(3200);
    const another = await strangerPairs(w);
    expect((await another.nearness()).awayS).to.equal(null);
    await Promise.all([next.close(), another.close()]);
  });

  it("is away whatever else is said on its line: a message that nobody proves is not the phone's", async () => {
    await phone.card.setNearness(40);
    await phone.card.load(await phone.grant());
    w.emulator.dropLine();
    for (let i = 0; i < 4; i++) {
      const stranger = w.emulator.connectLine({ mtu: 247 });
      for (const type of [MessageType.Pair1, MessageType.Open1, MessageType.Sealed]) {
        for (const chunk of toChunks(encodeMessage(type, randomBytes(96)), 244)) stranger.write(chunk);
      }
      await away(11);
      w.emulator.dropLine();
    }
    expect(await phase()).to.equal(Phase.Empty);
  });

  it("is told what is no time, or no body, by its status, and keeps what it had: BAD_ARGUMENT, MESSAGE_MALFORMED", async () => {
    await phone.card.setNearness(40);
    await phone.card.close();
    const raw = await rawSession(w);
    for (const [body, code] of [
      [1, "BAD_ARGUMENT"],
      [NEAR_MIN_S - 1, "BAD_ARGUMENT"],
      [NEAR_MAX_S + 1, "MESSAGE_MALFORMED"],
      [-40, "MESSAGE_MALFORMED"],
      [[40], "MESSAGE_MALFORMED"],
      ["40", "MESSAGE_MALFORMED"],
    ] as const) {
      await expectError(() => raw.request(Op.Near, body as CborValue), code);
    }
    expect((await raw.request(Op.Near, null)) as CborValue[]).to.have.property("0", 40);
    await raw.close();
  });

  it("is off again when its owner says so, and takes no time out of bounds: ARGUMENT_INVALID", async () => {
    for (const wrong of [0, NEAR_MIN_S - 1, NEAR_MAX_S + 1, 40.5, Number.NaN]) {
      await expectError(() => phone.card.setNearness(wrong), "ARGUMENT_INVALID");
    }
    await phone.card.setNearness(40);
    expect((await phone.card.setNearness(null)).awayS).to.equal(null);
    await phone.card.load(await phone.grant());
    await away(110);
    expect(await phase()).to.equal(Phase.Loaded);
  });
});
