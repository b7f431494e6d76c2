// A grant that pays from afar: what the card does not take, does not do, and does not tell twice. What it does: journeys/confirming.test.ts.

import { EmulatorError, type FaultName, type FaultOptions, type MemoryBlock, Region } from "@enabling-card/emulator";
import { Channel, FlashRecord, GrantKey, Indicator, luhnDigit, Mail, Op, Phase, TokenState } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";
import { forge, forgeState, offlineGrant, withEntry } from "../support/forge.js";
import { rawSession, settle } from "../support/raw-session.js";
import { type Case, flip, itIsRefused } from "../support/refused-grants.js";
import { confirm } from "../support/watched-worlds.js";

const REMOTE = { ...DOMAIN, channel: Channel.Remote };
/** A PAN-shaped number next to the test range, which this card was not made for. */
const OUTSIDE = `999998000000000${luhnDigit("999998000000000")}`;
/** The phase in the wallet's record of flash. */
const STORED_PHASE = 3;

let w: World;
let phone: Phone;
beforeEach(async () => {
  w = await world();
  phone = await pairedPhone(w);
});
afterEach(async () => {
  expect(w.emulator.coil.emissions(), "the coil is silent").to.deep.equal([]);
  expect(w.emulator.traps).to.deep.equal([]);
  await w.close();
});

const load = async () => phone.card.load(await phone.grant({ domain: REMOTE }));

describe("a remote grant is refused, and nothing changes, when", () => {
  const CASES: readonly Case[] = [
    [
      "it is an off-line one",
      "GRANT_KIND_UNSUPPORTED",
      (world) => offlineGrant(world, [DOMAIN.maxAmount, 1, 3], { domain: REMOTE }),
    ],
    ["it allows two emissions, and would be answered twice", "GRANT_MALFORMED", { grant: { maxEmissions: 2 } }],
    ["its channel is one that nobody knows", "GRANT_MALFORMED", { grant: { domain: { ...DOMAIN, channel: 2 } } }],
    ["its signature was altered", "GRANT_SIGNATURE_INVALID", { signed: (bytes) => flip(bytes, -1) }],
    ["it answers no challenge of this card", "GRANT_CHALLENGE_UNKNOWN", { grant: { challenge: new Uint8Array(16) } }],
    ["its time is over", "GRANT_EXPIRED", ({ service }) => ({ grant: { expires: service.issuer.now() } })],
    ["its ATC does not rise", "ATC_NOT_RISING", { grant: { atc: 0 } }],
    [
      "its PAN lies outside the card's number ranges",
      "TOKEN_OUTSIDE_IIN",
      { grant: { track2: `${OUTSIDE}=2911101`, track1: `B${OUTSIDE}^LOVELACE/ADA^2911101` } },
    ],
    ["it carries caveats", "GRANT_MALFORMED", { payload: withEntry(GrantKey.Caveats, [1]) }],
    ["its receipt is none", "RECEIPT_MALFORMED", { receipt: Uint8Array.of(0x80) }],
  ];
  const remote = CASES.map(([name, code, forgery]): Case => {
    const of = (world: World, owner: Phone) => (typeof forgery === "function" ? forgery(world, owner) : forgery);
    const changed = (world: World, owner: Phone) => {
      const { grant, ...more } = of(world, owner);
      return { ...more, grant: { domain: REMOTE, ...grant } };
    };
    return [name, code, changed];
  });
  itIsRefused(remote, () => ({ w, phone }));

  it("its token is suspended: TOKEN_SUSPENDED", async () => {
    await phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Suspended }));
    const bundle = await forge(w, phone, { grant: { domain: REMOTE } });
    await expectRefusal(w, () => phone.card.load(bundle), "TOKEN_SUSPENDED");
  });
});

describe("what pays from afar and what pays by a swipe", () => {
  it("are not taken for each other: refused before the user is asked, and the grant is as it was", async () => {
    await load();
    const shown = () => w.emulator.indicators.log.map(({ indicator }) => indicator);
    for (const when of ["now", "swipe"] as const)
      await expectRefusal(w, () => phone.card.present({ when }), "GRANT_REMOTE");
    expect(shown()).to.not.include(Indicator.Ask);
    w.emulator.pressTwice();
    w.emulator.touchHead();
    w.emulator.advance(3_000);
    expect((await phone.card.refresh()).phase).to.equal(Phase.Loaded);
    expect((await confirm({ emulator: w.emulator }, phone.card)).cryptogram).to.have.length(8);
    const asked = shown().filter((indicator) => indicator === Indicator.Ask).length;

    await phone.card.load(await phone.grant());
    await expectRefusal(w, () => phone.card.confirm(), "GRANT_SWIPE");
    expect(shown().filter((indicator) => indicator === Indicator.Ask)).to.have.length(asked);
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    expect((await presented).passesSent).to.equal(2);
    w.emulator.coil.clear();
  });

  it("are not taken for each other with a PIN either, and the PIN spends no try", async () => {
    await phone.card.setPin("2468");
    await load();
    await expectRefusal(w, () => phone.card.present({ when: "now", pin: "1111" }), "GRANT_REMOTE");
    await phone.card.load(await phone.grant());
    await expectRefusal(w, () => phone.card.confirm({ pin: "1111" }), "GRANT_SWIPE");
    await phone.card.disarm();
  });

  it("are told apart by the grant that is loaded, whatever was asked for before", async () => {
    await phone.card.load(await phone.grant());
    const arming = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    await expectError(async () => {
      await phone.card.disarm();
      await arming;
    }, "NO_GRANT");
    await load();
    w.emulator.pressTwice(); // the yes to the swipe comes too late
    await settle();
    w.emulator.touchHead();
    w.emulator.advance(3_000);
    expect((await phone.card.refresh()).phase).to.equal(Phase.Loaded);
  });

  it("while the card asks: another presentation is BUSY, of either way", async () => {
    await load();
    await phone.card.close();
    const session = await rawSession(w);
    const confirming = session.request(Op.Present, [2, null]);
    await w.emulator.shows(Indicator.Ask);
    for (const when of [0, 1, 2]) await expectError(() => session.request(Op.Present, [when, null]), "BUSY");
    w.emulator.pressTwice();
    expect((await confirming) as unknown[]).to.have.length(2);
    await session.close();
  });

  it("suspended while the card asks, a remote grant says nothing: TOKEN_SUSPENDED", async () => {
    await load();
    const { card } = phone;
    await card.close();
    const session = await rawSession(w);
    const confirming = session.request(Op.Present, [2, null]);
    confirming.catch(() => undefined);
    await w.emulator.shows(Indicator.Ask);
    const { signed, issuerCert, receipt, consistency } = forgeState(w, phone, {
      version: 1,
      state: TokenState.Suspended,
    });
    await session.request(Op.State, [signed, issuerCert, receipt, consistency]);
    await expectError(() => confirming, "TOKEN_SUSPENDED");
    w.emulator.pressTwice();
    await expectError(() => session.request(Op.Present, [2, null]), "TOKEN_SUSPENDED");
    await session.close();
  });
});

describe("the courier of a confirmation", () => {
  /** Confirms, presses the button twice where the card asks, and lets a minute go by. */
  async function confirmAndPress() {
    const confirming = phone.card.confirm();
    confirming.catch(() => undefined);
    for (let i = 0; i < 5; i++) await settle();
    if (w.emulator.indicators.now === Indicator.Ask) w.emulator.pressTwice();
    for (let i = 0; i < 5; i++) await settle();
    w.emulator.advance(60_000);
    return confirming;
  }

  const FAULTS: readonly [what: string, code: string, fault: FaultName, options: FaultOptions][] = [
    ["V1 comes back as V2", "CONFIRMATION_INVALID", "swap", { kinds: [Mail.V1] }],
    ["V1 is altered", "CONFIRMATION_TIMEOUT", "tamper", { kinds: [Mail.V1] }],
    ["V2 is altered", "CONFIRMATION_INVALID", "tamper", { kinds: [Mail.V2] }],
    ["V2's nonce is altered", "CONFIRMATION_INVALID", "tamper", { kinds: [Mail.V2], bit: 9 }],
    ["V2 comes late", "CONFIRMATION_TIMEOUT", "delay", { kinds: [Mail.V2], ms: 40_000 }],
    ["V1 is dropped", "CONFIRMATION_TIMEOUT", "drop", { kinds: [Mail.V1] }],
    ["V2 is dropped", "CONFIRMATION_TIMEOUT", "drop", { kinds: [Mail.V2] }],
  ];
  for (const [what, code, fault, options] of FAULTS) {
    it(`${what}: ${code}, no cryptogram, and the grant is not spent`, async () => {
      await load();
      w.emulator.setCourier(fault, options);
      await expectError(confirmAndPress, code);
      w.emulator.setCourier("honest");
      expect((await phone.card.refresh()).phase).to.equal(Phase.Loaded);
      if (code === "CONFIRMATION_INVALID") expect((await confirmAndPress()).cryptogram).to.have.length(8);
    });
  }

  it("V2 arrives twice: one answer", async () => {
    await load();
    w.emulator.setCourier("replay", { kinds: [Mail.V2] });
    expect((await confirmAndPress()).cryptogram).to.have.length(8);
    await expectError(() => phone.card.confirm(), "GRANT_USED");
  });

  it("a yes to a swipe is none to a confirmation: CONFIRMATION_INVALID", async () => {
    const said: Uint8Array[] = [];
    await phone.card.load(await phone.grant());
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] !== Mail.V2) return [mail];
      said.push(mail.bytes.slice());
      return [];
    });
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await expectError(async () => {
      await phone.card.disarm();
      await presented;
    }, "NO_GRANT");
    await load();
    w.emulator.setCourier((mail) => (mail.bytes[0] === Mail.V1 ? [mail, { to: 2, bytes: said[0]! }] : [mail]));
    await expectError(confirmAndPress, "CONFIRMATION_INVALID");
  });
});

describe("a cryptogram is told once", () => {
  const inFlash = () => w.emulator.store.read(Region.Flash, FlashRecord.Wallet)![STORED_PHASE];

  it("behind its record in flash: the grant is spent there before the wallet lets the answer go", async () => {
    await load();
    expect(inFlash()).to.equal(Phase.Loaded);
    const deeds: string[] = [];
    w.emulator.trace.subscribe((event) => {
      if (event.kind === "flash-write") deeds.push(`${event.record} ${inFlash()}`);
      if (event.kind === "mail" && event.from === "wallet" && event.to === "link") deeds.push(event.name);
    });
    const confirming = phone.card.confirm();
    await w.emulator.shows(Indicator.Ask);
    deeds.length = 0;
    w.emulator.pressTwice();
    await confirming;
    expect(deeds.filter((deed) => deed !== "Indicate")).to.deep.equal([`Wallet ${Phase.Done}`, "Piece", "Piece"]);
  });

  it("cut at the write, or right behind it: no answer, and none ever after", async () => {
    for (const byte of [0, 1, 9, 40, 10_000]) {
      const bundle = await phone.grant({ domain: REMOTE });
      await phone.card.load(bundle);
      w.emulator.store.cutPowerAt({ write: 1, byte });
      const confirming = phone.card.confirm({ timeoutMs: 300 });
      confirming.catch(() => undefined);
      await w.emulator.shows(Indicator.Ask);
      w.emulator.pressTwice();
      const answer = await confirming.catch(() => undefined);
      expect(answer, `cut at octet ${byte}`).to.equal(undefined);
      expect(w.emulator.on).to.equal(false);
      w.emulator.restart();
      expect((await phone.card.refresh()).phase).to.equal(Phase.Empty);
      expect(inFlash()).to.equal(byte === 10_000 ? Phase.Done : Phase.Loaded);
      await expectError(() => phone.card.confirm(), "NO_GRANT");
      await expectRefusal(w, () => phone.card.load(bundle), "GRANT_CHALLENGE_UNKNOWN");
    }
  });

  it("and not at all where flash cannot be written: FLASH_FAILED, the grant is kept, and told when it can", async () => {
    await load();
    const { store } = w.emulator;
    const write = store.write.bind(store);
    store.write = () => {
      throw new EmulatorError("STORE_FULL", "no room: the test says so");
    };
    const before = (w.block as MemoryBlock).snapshot();
    await expectError(() => confirm(w, phone.card), "FLASH_FAILED");
    expect(Buffer.compare(before, (w.block as MemoryBlock).snapshot())).to.equal(0);
    store.write = write;
    expect((await phone.card.refresh()).phase).to.equal(Phase.Loaded);
    expect((await confirm(w, phone.card)).cryptogram).to.have.length(8);
  });

  it("by the card that made it its own: its bytes again are refused, before a restart and after it", async () => {
    const bundle = await phone.grant({ domain: REMOTE });
    await phone.card.load(bundle);
    await confirm(w, phone.card);
    await expectRefusal(w, () => phone.card.load(bundle), "GRANT_CHALLENGE_UNKNOWN");
    w.emulator.restart();
    await phone.card.refresh();
    await expectRefusal(w, () => phone.card.load(bundle), "GRANT_CHALLENGE_UNKNOWN");
  });
});
