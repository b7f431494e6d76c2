// System 2: whatever the courier between wallet and authenticator does, the coil stays silent unless the user said yes to this
// very question.

import type { Courier, FaultName, FaultOptions, SealedMail } from "@enabling-card/emulator";
import type { Presented } from "@enabling-card/sdk";
import { Indicator, Mail, Phase } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { settle } from "../support/raw-session.js";

describe("between wallet and authenticator", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    await phone.card.load(await phone.grant());
  });
  afterEach(() => w.close());

  /** Presents, presses the button twice where the card asks, and lets a minute go by. */
  async function presentAndPress(): Promise<Presented> {
    const presented = phone.card.present({ when: "now" });
    presented.catch(() => undefined);
    for (let i = 0; i < 5; i++) await settle();
    if (w.emulator.indicators.now === Indicator.Ask) w.emulator.pressTwice();
    for (let i = 0; i < 5; i++) await settle();
    w.emulator.advance(60_000);
    return presented;
  }

  async function staysSilent(code: string): Promise<void> {
    await expectError(presentAndPress, code);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    expect(phone.card.info.passesSent).to.equal(0);
    expect(w.emulator.traps).to.deep.equal([]);
  }

  it("an honest courier lets the user's yes through: one emission", async () => {
    expect((await presentAndPress()).passesSent).to.equal(2);
    expect(w.emulator.coil.emission()?.passes).to.have.length(2);
  });

  const FAULTS: readonly [what: string, code: string, fault: FaultName, options: FaultOptions][] = [
    ["V1 comes back as V2", "CONFIRMATION_INVALID", "swap", { kinds: [Mail.V1] }],
    ["V1 is altered", "CONFIRMATION_TIMEOUT", "tamper", { kinds: [Mail.V1] }],
    ["V1's nonce is altered", "CONFIRMATION_TIMEOUT", "tamper", { kinds: [Mail.V1], bit: 8 }],
    ["V2 is altered", "CONFIRMATION_INVALID", "tamper", { kinds: [Mail.V2] }],
    ["V2's nonce is altered", "CONFIRMATION_INVALID", "tamper", { kinds: [Mail.V2], bit: 9 }],
    ["V1 comes late", "CONFIRMATION_TIMEOUT", "delay", { kinds: [Mail.V1], ms: 40_000 }],
    ["V2 comes late", "CONFIRMATION_TIMEOUT", "delay", { kinds: [Mail.V2], ms: 40_000 }],
    ["V1 is dropped", "CONFIRMATION_TIMEOUT", "drop", { kinds: [Mail.V1] }],
    ["V2 is dropped", "CONFIRMATION_TIMEOUT", "drop", { kinds: [Mail.V2] }],
  ];
  for (const [what, code, fault, options] of FAULTS) {
    it(`${what}: ${code}, no emission, and the grant can still be presented honestly`, async () => {
      w.emulator.setCourier(fault, options);
      await staysSilent(code);
      w.emulator.setCourier("honest");
      if (code === "CONFIRMATION_TIMEOUT") return; // a minute is half the grant's life: the next test covers what follows
      expect((await presentAndPress()).passesSent).to.equal(2);
    });
  }

  it("every octet of V1 and of V2 counts", async function () {
    this.timeout(120_000);
    for (const kind of [Mail.V1, Mail.V2]) {
      const sizes: number[] = [];
      for (let octet = 1; octet < (sizes[0] ?? 2); octet++) {
        w.emulator.setCourier((mail) => {
          if (mail.bytes[0] !== kind) return [mail];
          sizes.push(mail.bytes.length);
          return [{ ...mail, bytes: flipped(mail.bytes, 8 * octet + (octet % 8)) }];
        });
        await expectError(presentAndPress, kind === Mail.V1 ? "CONFIRMATION_TIMEOUT" : "CONFIRMATION_INVALID");
        expect(w.emulator.coil.emission()).to.equal(undefined);
        w.emulator.setCourier("honest");
        await phone.card.disarm();
        await phone.card.load(await phone.grant());
      }
      expect(sizes.length).to.be.greaterThan(40);
    }
  });

  it("a V2 of an earlier question is no answer to this one: CONFIRMATION_INVALID", async () => {
    const recorded: SealedMail[] = [];
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] === Mail.V2) recorded.push({ ...mail, bytes: mail.bytes.slice() });
      return [mail];
    });
    await presentAndPress();
    await phone.card.load(await phone.grant());
    w.emulator.coil.clear();
    const old: Courier = (mail) => (mail.bytes[0] === Mail.V1 ? [mail, { ...recorded[0]!, to: 2 }] : [mail]);
    w.emulator.setCourier(old);
    await expectError(presentAndPress, "CONFIRMATION_INVALID");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("a yes to an earlier question, given now, is no answer to this one: CONFIRMATION_INVALID", async () => {
    const asked: SealedMail[] = [];
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] === Mail.V1) asked.push({ ...mail, bytes: mail.bytes.slice() });
      return mail.bytes[0] === Mail.V1 || mail.bytes[0] === Mail.Cancel ? [] : [mail];
    });
    await expectError(presentAndPress, "CONFIRMATION_TIMEOUT");
    await phone.card.load(await phone.grant());
    // Held back until now, the first V1 still has a nonce that the authenticator has not seen: it asks its user about it.
    w.emulator.setCourier((mail) => [mail.bytes[0] === Mail.V1 ? asked[0]! : mail]);
    await expectError(presentAndPress, "CONFIRMATION_INVALID");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("V2 arrives twice: the second is dropped, one emission", async () => {
    w.emulator.setCourier("replay", { kinds: [Mail.V2] });
    expect((await presentAndPress()).passesSent).to.equal(2);
    expect(w.emulator.coil.emissions()).to.have.length(1);
  });

  it("V1 arrives twice: the second is dropped, one emission", async () => {
    w.emulator.setCourier("replay", { kinds: [Mail.V1] });
    expect((await presentAndPress()).passesSent).to.equal(2);
    expect(w.emulator.coil.emissions()).to.have.length(1);
  });

  it("letters in the wrong order emit nothing that was not asked for", async () => {
    w.emulator.setCourier("reorder", { kinds: [Mail.V1, Mail.V2] });
    await staysSilent("CONFIRMATION_TIMEOUT");
  });

  it("the user says no with a long press: USER_REFUSED", async () => {
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.hold(1500);
    await expectError(() => presented, "USER_REFUSED");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("the user says no by a hold of 3 s or more: USER_REFUSED at once, and no pairing window opens", async () => {
    for (const ms of [3100, 20_000]) {
      const presented = phone.card.present({ when: "now" });
      await w.emulator.shows(Indicator.Ask);
      w.emulator.hold(ms);
      await expectError(() => presented, "USER_REFUSED");
      w.emulator.pressTwice(); // comes too late to be a yes
      await settle();
      expect(w.emulator.coil.emission()).to.equal(undefined);
      expect((await phone.card.state()).info.phase).to.equal(Phase.Loaded);
    }
    expect(w.emulator.indicators.log.map(({ indicator }) => indicator)).not.to.include(Indicator.Pairing);
  });

  it("nobody presses within 30 s: USER_ABSENT", async () => {
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.advance(31_000);
    await expectError(() => presented, "USER_ABSENT");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("one press is not two, and a press before the question is no answer to it", async () => {
    w.emulator.press();
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.press();
    w.emulator.advance(31_000);
    await expectError(() => presented, "USER_ABSENT");
  });

  it("after an absent user, the next question works", async () => {
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.advance(36_000);
    await expectError(() => presented, "USER_ABSENT");
    await phone.card.state();
    expect(phone.card.info.phase).to.equal(Phase.Loaded);
    const again = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    expect((await again).passesSent).to.equal(2);
  });
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}
