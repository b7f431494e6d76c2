// The courier and the other questions: setting a PIN (P1, P2), letting a new phone in (Q1, Q2), and the button's own letters.
// Whoever carries a letter can keep it; the phone must never be told that nothing happened when it may have.

import type { FaultName, FaultOptions, SealedMail } from "@enabling-card/emulator";
import { Card, memoryTransport } from "@enabling-card/sdk";
import { Indicator, Mail } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, strangerPairs, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { settle } from "../support/raw-session.js";

describe("a courier of the PIN", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(async () => {
    expect(w.emulator.traps).to.deep.equal([]);
    await w.close();
  });

  /** Runs `call`, and lets a minute go by once the wallet has asked. */
  async function inAMinute<T>(call: () => Promise<T>): Promise<T> {
    const questions = () =>
      w.emulator.trace.events.filter(
        (event) => event.kind === "mail" && event.from === "wallet" && event.name === "P1",
      );
    const before = questions().length;
    const result = call();
    result.catch(() => undefined);
    while (questions().length === before) await settle();
    w.emulator.advance(60_000);
    for (let i = 0; i < 5; i++) await settle();
    return result;
  }

  async function presentWith(pin: string) {
    await phone.card.disarm();
    await phone.card.load(await phone.grant());
    return phone.card.present({ when: "now", pin });
  }

  type Setting = readonly [what: string, set: boolean, fault: FaultName, options: FaultOptions];
  const UNCERTAIN: readonly Setting[] = [
    ["P1 is dropped", false, "drop", { kinds: [Mail.P1] }],
    ["P1 is altered", false, "tamper", { kinds: [Mail.P1] }],
    ["P1's nonce is altered", false, "tamper", { kinds: [Mail.P1], bit: 8 }],
    ["P1 comes back as P2", false, "swap", { kinds: [Mail.P1] }],
    ["P1 comes late", false, "delay", { kinds: [Mail.P1], ms: 40_000 }],
    ["P2 is dropped", true, "drop", { kinds: [Mail.P2] }],
    ["P2 is altered", true, "tamper", { kinds: [Mail.P2] }],
    ["P2's nonce is altered", true, "tamper", { kinds: [Mail.P2], bit: 9 }],
    ["P2 goes back as P1", true, "swap", { kinds: [Mail.P2] }],
    ["P2 comes late", true, "delay", { kinds: [Mail.P2], ms: 40_000 }],
  ];
  for (const [what, set, fault, options] of UNCERTAIN) {
    it(`${what}: PIN_UNCERTAIN, and the PIN is ${set ? "the new one" : "as it was"}`, async () => {
      w.emulator.setCourier(fault, options);
      const error = await expectError(() => inAMinute(() => phone.card.setPin("2468")), "PIN_UNCERTAIN");
      expect(error.message).to.match(/may be set or not/);
      w.emulator.setCourier("honest");
      if (!set) {
        await expectError(() => presentWith("2468"), "PIN_NOT_SET");
        await phone.card.setPin("2468");
      } else {
        await expectError(() => phone.card.setPin("2468"), "PIN_REQUIRED"); // so it is set, and the way on is known
        await phone.card.setPin("2468", "2468");
      }
      expect((await presentWith("2468")).passesSent).to.equal(2);
    });
  }

  for (const kind of [Mail.P1, Mail.P2]) {
    it(`P${kind - Mail.P1 + 1} arrives twice: the second is dropped, the PIN is set once`, async () => {
      w.emulator.setCourier("replay", { kinds: [kind] });
      await inAMinute(() => phone.card.setPin("2468"));
      expect((await presentWith("2468")).passesSent).to.equal(2);
    });
  }

  it("a P2 of an earlier PIN is no answer to this one: PIN_UNCERTAIN, and the old PIN holds", async () => {
    const recorded: SealedMail[] = [];
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] === Mail.P2) recorded.push({ ...mail, bytes: mail.bytes.slice() });
      return [mail];
    });
    await phone.card.setPin("2468");
    w.emulator.setCourier((mail) => (mail.bytes[0] === Mail.P1 ? [recorded[0]!] : [mail]));
    await expectError(() => inAMinute(() => phone.card.setPin("1357", "2468")), "PIN_UNCERTAIN");
    w.emulator.setCourier("honest");
    expect((await presentWith("2468")).passesSent).to.equal(2);
  });

  it("a P1 that was held back, answered now, is no answer to the next one: PIN_UNCERTAIN", async () => {
    const asked: SealedMail[] = [];
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] === Mail.P1) asked.push({ ...mail, bytes: mail.bytes.slice() });
      return mail.bytes[0] === Mail.P1 || mail.bytes[0] === Mail.Cancel ? [] : [mail];
    });
    await expectError(() => inAMinute(() => phone.card.setPin("2468")), "PIN_UNCERTAIN");
    w.emulator.setCourier((mail) => [mail.bytes[0] === Mail.P1 ? asked[0]! : mail]);
    await expectError(() => inAMinute(() => phone.card.setPin("1357")), "PIN_UNCERTAIN");
  });
});

describe("a courier of a pairing", () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(async () => {
    expect(w.emulator.traps).to.deep.equal([]);
    await w.close();
  });

  const pair = () =>
    Card.pair(memoryTransport([w.emulator]), w.made.pairingCode, {
      phoneName: "Ada's phone",
      makerRoot: w.makerRoot,
      store: w.store,
      timeoutMs: 1000,
    });

  async function pairInAMinute(): Promise<Card> {
    const paired = pair();
    paired.catch(() => undefined);
    while (!w.emulator.trace.events.some((event) => event.kind === "mail" && event.name === "Q1")) await settle();
    w.emulator.advance(60_000);
    return paired;
  }

  const FAULTS: readonly [what: string, code: string, fault: FaultName, options: FaultOptions][] = [
    ["Q1 is dropped", "CONFIRMATION_TIMEOUT", "drop", { kinds: [Mail.Q1] }],
    ["Q1 is altered", "CONFIRMATION_TIMEOUT", "tamper", { kinds: [Mail.Q1] }],
    ["Q1 comes back as Q2", "CONFIRMATION_INVALID", "swap", { kinds: [Mail.Q1] }],
    ["Q1 comes late", "CONFIRMATION_TIMEOUT", "delay", { kinds: [Mail.Q1], ms: 40_000 }],
    ["Q2 is dropped", "CONFIRMATION_TIMEOUT", "drop", { kinds: [Mail.Q2] }],
    ["Q2 is altered", "CONFIRMATION_INVALID", "tamper", { kinds: [Mail.Q2] }],
    ["Q2 goes back as Q1", "CONFIRMATION_TIMEOUT", "swap", { kinds: [Mail.Q2] }],
    ["Q2 comes late", "CONFIRMATION_TIMEOUT", "delay", { kinds: [Mail.Q2], ms: 40_000 }],
  ];
  for (const [what, code, fault, options] of FAULTS) {
    it(`${what}: ${code}, the card is as free as before, and pairs honestly`, async () => {
      w.emulator.setCourier(fault, options);
      await expectError(pairInAMinute, code);
      expect(w.emulator.advertised()).to.equal(undefined);
      w.emulator.setCourier("honest");
      await (await pair()).close();
      expect(w.emulator.advertised()).to.have.length(16);
    });
  }

  for (const kind of [Mail.Q1, Mail.Q2]) {
    it(`Q${kind - Mail.Q1 + 1} arrives twice: the second is dropped, the card has one owner`, async () => {
      w.emulator.setCourier("replay", { kinds: [kind] });
      await (await pair()).close();
      expect(w.emulator.advertised()).to.have.length(16);
    });
  }
});

describe("a courier of the button's letters", () => {
  let w: World;
  let phone: Phone;
  let kept: SealedMail | undefined;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    kept = undefined;
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] !== Mail.Button) return [mail];
      kept = { ...mail, bytes: mail.bytes.slice() };
      return [];
    });
  });
  afterEach(() => w.close());

  /** The letter arrives now, whatever made the courier move. */
  function release(): void {
    const letter = kept!;
    let once = true;
    w.emulator.setCourier((mail) => {
      const also = once ? [letter] : [];
      once = false;
      return mail.bytes[0] === Mail.Button ? also : [...also, mail];
    });
    w.emulator.press();
    w.emulator.setCourier("honest");
  }

  const stranger = () => strangerPairs(w);

  it("who keeps a pairing hold for an hour opens no window with it: PAIRING_CLOSED", async () => {
    await phone.card.close();
    w.emulator.hold(3100);
    w.emulator.advance(3_600_000);
    const shown = w.emulator.indicators.log.length;
    release();
    expect(w.emulator.indicators.log, "the lights never say that it is open").to.have.length(shown);
    await expectError(stranger, "PAIRING_CLOSED");
  });

  it("who keeps it for 50 s opens the rest of the window, 60 s from the hold, and no more", async () => {
    await phone.card.close();
    w.emulator.hold(3100);
    w.emulator.advance(50_000);
    release();
    expect(w.emulator.indicators.now).to.equal(Indicator.Pairing);
    w.emulator.advance(11_000);
    await expectError(stranger, "PAIRING_CLOSED");
  });

  it("who keeps it for 50 s does not keep the owner of the button out", async () => {
    await phone.card.close();
    w.emulator.hold(3100);
    w.emulator.advance(50_000);
    release();
    await (await stranger()).close();
  });

  it("who keeps a disarm can end a grant late, and nothing else", async () => {
    w.emulator.hold(1500);
    await phone.card.load(await phone.grant());
    w.emulator.advance(60_000);
    release();
    await expectError(() => phone.card.present({ when: "now" }), "USER_REFUSED");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });
});
