// The PIN and its lock, token states, and who may pair: what each attacker of docs/protocol.md is left with.

import { EmulatorError, Region } from "@enabling-card/emulator";
import { Card, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { FlashRecord, Indicator, Phase, PIN_WRONG_MAX, TokenState } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, strangerPairs, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";
import { forge, forgeState, otherIssuer } from "../support/forge.js";

describe("the PIN", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  const presentWith = async (pin: string) => {
    await phone.card.disarm();
    await phone.card.load(await phone.grant());
    return phone.card.present({ when: "now", pin });
  };

  it("stands in for the button, and each sealed PIN is good once", async () => {
    await phone.card.setPin("2468");
    expect((await presentWith("2468")).passesSent).to.equal(2);
    expect((await presentWith("2468")).passesSent).to.equal(2);
  });

  it("that was never set is PIN_NOT_SET", async () => {
    await expectError(() => presentWith("2468"), "PIN_NOT_SET");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("is changed only with the old one", async () => {
    await phone.card.setPin("2468");
    await expectError(() => phone.card.setPin("9999"), "PIN_REQUIRED");
    await expectError(() => phone.card.setPin("9999", "1111"), "PIN_WRONG");
    await phone.card.setPin("13579", "2468");
    expect((await presentWith("13579")).passesSent).to.equal(2);
  });

  for (const pin of ["123", "1234567890123", "12a4", ""]) {
    it(`"${pin}" is none: PIN_MALFORMED`, async () => {
      await expectError(() => phone.card.setPin(pin), "PIN_MALFORMED");
    });
  }

  it("waits after five wrong ones, across restarts, and twice as long after each: PIN_LOCKED, for the right one too", async () => {
    await phone.card.setPin("2468");
    for (let i = 1; i <= 5; i++) {
      await expectError(() => presentWith("1111"), i < 5 ? "PIN_WRONG" : "PIN_LOCKED");
      w.emulator.restart();
    }
    for (const minutes of [1, 2, 4, 8]) {
      w.pass(minutes * 60 - 30);
      await expectError(() => presentWith("2468"), "PIN_LOCKED");
      w.emulator.restart(); // nobody knows how long it was off
      w.pass(minutes * 60 - 1);
      await expectError(() => presentWith("2468"), "PIN_LOCKED");
      w.pass(2);
      await expectError(() => presentWith("1111"), "PIN_LOCKED");
    }
    expect(w.emulator.coil.emission()).to.equal(undefined);
    w.pass(16 * 60);
    expect((await presentWith("2468")).passesSent).to.equal(2);
    await expectError(() => presentWith("1111"), "PIN_WRONG");
  });

  it("waits for days at its longest, and counts no further", async () => {
    await phone.card.setPin("2468");
    const { store } = w.emulator;
    store.write(Region.Flash, FlashRecord.PinLock, Uint8Array.of(PIN_WRONG_MAX));
    for (const pin of ["2468", "1111"]) await expectError(() => presentWith(pin), "PIN_LOCKED");
    w.pass(24 * 3600);
    await expectError(() => presentWith("2468"), "PIN_LOCKED");
    expect([...store.read(Region.Flash, FlashRecord.PinLock)!]).to.deep.equal([PIN_WRONG_MAX]);
  });

  it("gives all tries back when it is right", async () => {
    await phone.card.setPin("2468");
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 4; i++) await expectError(() => presentWith("1111"), "PIN_WRONG");
      expect((await presentWith("2468")).passesSent).to.equal(2);
    }
  });

  it("survives an unpair, lock and all: card and sheet alone pair with nothing (PIN_REQUIRED, PIN_WRONG)", async () => {
    await phone.card.setPin("2468");
    await phone.card.unpair();
    await expectError(() => strangerPairs(w), "PIN_REQUIRED");
    await expectError(() => strangerPairs(w, "1111"), "PIN_WRONG");
    expect(w.emulator.advertised()).to.equal(undefined);
    const owner = await strangerPairs(w, "2468");
    expect(owner.connected).to.equal(true);
  });
});

describe("a token's state", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  it("suspended silences an armed card with one message, and survives a restart off-line", async () => {
    await phone.card.load(await phone.grant());
    const armed = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await armed;
    const suspended = forgeState(w, phone, { version: 1, state: TokenState.Suspended });
    const { tokens } = await phone.card.state(suspended);
    expect(tokens[0]).to.include({ state: TokenState.Suspended, version: 1 });
    w.emulator.touchHead();
    w.emulator.advance(5000);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    w.emulator.restart();
    const { info } = await phone.card.state();
    expect(info.phase).to.equal(Phase.Empty);
    const grant = await phone.grant();
    await expectRefusal(w, () => phone.card.load(grant), "TOKEN_SUSPENDED");
    await phone.card.state(forgeState(w, phone, { version: 2, state: TokenState.Active }));
    await phone.card.load(await phone.grant());
  });

  it("suspended where flash takes nothing: FLASH_FAILED, and the armed grant is gone all the same", async () => {
    await phone.card.load(await phone.grant());
    const armed = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await armed;
    const { store } = w.emulator;
    const write = store.write.bind(store);
    store.write = () => {
      throw new EmulatorError("STORE_FULL", "no room: the test says so");
    };
    await expectError(
      () => phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Suspended })),
      "FLASH_FAILED",
    );
    store.write = write;
    w.emulator.touchHead();
    w.emulator.advance(5000);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    expect((await phone.card.state()).info.phase).to.equal(Phase.Empty);
  });

  it("deactivated is for good, and its place is free once its last grant has expired", async () => {
    await phone.card.load(await phone.grant());
    const until = w.service.issuer.now() + 60;
    await phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Deactivated, until }));
    const grant = await phone.grant();
    await expectRefusal(w, () => phone.card.load(grant), "TOKEN_DEACTIVATED");
  });

  it("of another issuer is counted apart: it silences no grant but that issuer's own", async () => {
    const other = otherIssuer(w, { sub: "Another Issuer", stored: true });
    await phone.card.load(await forge(w, phone, { grant: { maxEmissions: 2 } }));
    for (const [version, state] of [TokenState.Suspended, TokenState.Deactivated].entries()) {
      const until = state === TokenState.Deactivated ? { until: w.service.issuer.now() + 60 } : {};
      const { info, tokens } = await phone.card.state(
        forgeState(w, phone, { version: version + 1, state, ...until }, other),
      );
      expect(info.phase).to.equal(Phase.Loaded);
      expect(tokens.map((token) => token.state)).to.have.members([TokenState.Active, state]);
    }
    const { info } = await phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Suspended }));
    expect(info.phase).to.equal(Phase.Empty);
  });

  it("of another token silences no grant but that token's own", async () => {
    await phone.card.load(await phone.grant());
    const tokenRef = new Uint8Array(16).fill(7);
    for (const [version, state] of [TokenState.Suspended, TokenState.Deactivated].entries()) {
      const until = state === TokenState.Deactivated ? { until: w.service.issuer.now() + 60 } : {};
      const { info } = await phone.card.state(
        forgeState(w, phone, { version: version + 1, state, tokenRef, ...until }),
      );
      expect(info.phase).to.equal(Phase.Loaded);
    }
  });

  for (const state of [TokenState.Inactive, TokenState.Suspended, TokenState.Deactivated] as const) {
    const name = ["inactive", "active", "suspended", "deactivated"][state]!;
    it(`${name} ends that token's grant, loaded or armed, and says why`, async () => {
      const told: (string | undefined)[] = [];
      phone.card.subscribe((notice) => notice.type === "disarmed" && told.push(notice.why?.code));
      const until = state === TokenState.Deactivated ? { until: w.service.issuer.now() + 60 } : {};
      await phone.card.load(await phone.grant());
      const { info } = await phone.card.state(forgeState(w, phone, { version: 1, state, ...until }));
      expect(info.phase).to.equal(Phase.Empty);
      if (state !== TokenState.Deactivated) {
        await phone.card.state(forgeState(w, phone, { version: 2, state: TokenState.Active }));
        await phone.card.load(await phone.grant());
        const armed = phone.card.present({ when: "swipe" });
        await w.emulator.shows(Indicator.Ask);
        w.emulator.pressTwice();
        await armed;
        await phone.card.state(forgeState(w, phone, { version: 3, state }));
      }
      w.emulator.touchHead();
      w.emulator.advance(5000);
      expect(w.emulator.coil.emission()).to.equal(undefined);
      const code = `TOKEN_${name.toUpperCase()}`;
      expect(told).to.deep.equal(state === TokenState.Deactivated ? [code] : [code, code]);
      await expectError(() => phone.card.present({ when: "now" }), code);
    });
  }

  it("inactive takes no grant: TOKEN_INACTIVE", async () => {
    await phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Inactive }));
    const grant = await phone.grant();
    await expectRefusal(w, () => phone.card.load(grant), "TOKEN_INACTIVE");
  });

  const REFUSED: readonly [
    string,
    string,
    ...(Parameters<typeof forgeState> extends [unknown, unknown, ...infer Rest] ? Rest : never),
  ][] = [
    ["not newer than the card's", "STATE_VERSION_OLD", { version: 1, state: TokenState.Active }],
    ["for another card", "STATE_OTHER_CARD", { version: 9, state: TokenState.Active, cardId: new Uint8Array(16) }],
    ["deactivated without an end", "STATE_MALFORMED", { version: 9, state: TokenState.Deactivated }],
    ["active with an end", "STATE_MALFORMED", { version: 9, state: TokenState.Active, until: 7 }],
    [
      "signed by nobody",
      "STATE_SIGNATURE_INVALID",
      { version: 9, state: TokenState.Active },
      { sign: () => new Uint8Array(64) },
    ],
    [
      "signed under another certificate than the one beside it",
      "CERTIFICATE_MISMATCH",
      { version: 9, state: TokenState.Active },
      { kid: new Uint8Array(16).fill(7) },
    ],
  ];
  for (const [name, code, object, forgery] of REFUSED) {
    it(`${name} is refused: ${code}`, async () => {
      await phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Suspended }));
      const state = forgeState(w, phone, object, forgery);
      await expectRefusal(w, () => phone.card.state(state), code);
    });
  }
});

describe("pairing", () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const pair = (phoneName: string) =>
    Card.pair(memoryTransport([w.emulator]), w.made.pairingCode, {
      phoneName,
      makerRoot: w.makerRoot,
      store: new MemoryPairingStore(),
      timeoutMs: 1000,
    });

  it("with an owned card is PAIRING_CLOSED until its button was held for 3 s, and again 60 s later", async () => {
    await (await pair("First")).close();
    await expectError(() => pair("Second"), "PAIRING_CLOSED");
    w.emulator.hold(2900);
    await expectError(() => pair("Second"), "PAIRING_CLOSED");
    w.emulator.hold(3100);
    w.emulator.advance(61_000);
    await expectError(() => pair("Second"), "PAIRING_CLOSED");
    w.emulator.hold(3100);
    await (await pair("Second")).close();
    await expectError(() => pair("Third"), "PAIRING_CLOSED");
  });

  it("of card and sheet, without a PIN, takes an owned card over: its owner is out (docs/threat-model.md)", async () => {
    const phone = await pairedPhone(w);
    await phone.card.close();
    w.emulator.hold(3100);
    await (await pair("Thief")).close();
    await expectError(() => Card.connect(memoryTransport([w.emulator]), { store: w.store }), "CARD_NOT_FOUND");
  });

  it("with a card of another maker is CARD_NOT_GENUINE, before the phone has told anything", async () => {
    const stranger = Card.pair(memoryTransport([w.emulator]), w.made.pairingCode, {
      phoneName: "Ada",
      makerRoot: new Uint8Array(32).fill(3),
      store: new MemoryPairingStore(),
    });
    await expectError(() => stranger, "CARD_NOT_GENUINE");
    expect(w.emulator.advertised()).to.equal(undefined);
  });

  it("ends the grant of the owner before", async () => {
    const phone = await pairedPhone(w);
    await phone.card.load(await phone.grant());
    await phone.card.close();
    w.emulator.hold(3100);
    const second = await pair("Second");
    expect(second.info.phase).to.equal(Phase.Empty);
    await expectError(() => second.present({ when: "now" }), "NO_GRANT");
  });
});
