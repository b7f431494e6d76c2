import { MessageType, Role, Status, toHex } from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { lyingAfterThird } from "../../test/support/lying-link.js";
import { Card, CardError, type CardErrorCode, MemoryPairingStore, memoryTransport } from "../src/index.js";
import { expectError } from "./expect-error.js";
import { TwinCard, type TwinOptions } from "./twin-card.js";

function phone(twin: TwinCard, mtu = 247) {
  const store = new MemoryPairingStore();
  const transport = memoryTransport([twin], { mtu });
  const options = { phoneName: "Ada's phone", makerRoot: twin.makerRoot, store, timeoutMs: 500 };
  return { store, transport, options };
}

describe("pairing", () => {
  it("ends with the same owner on both sides, and shows what the card says of itself", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    const steps: string[] = [];
    const card = await Card.pair(transport, twin.pairingCode, { ...options, onProgress: (step) => steps.push(step) });
    expect(steps).to.deep.equal(["connecting", "greeting", "certificate", "keeping", "confirming", "done"]);
    expect(twin.owner?.phoneName).to.equal("Ada's phone");
    expect(card.info.batteryPercent).to.equal(93);
    const [pairing] = await store.list();
    expect(pairing?.confirmed).to.equal(true);
    expect(toHex(pairing!.cardId)).to.equal(toHex(twin.cardId));
    await card.close();
  });

  it("works in chunks of 20 octets and of 514", async () => {
    for (const mtu of [23, 517]) {
      const twin = new TwinCard();
      const { transport, options } = phone(twin, mtu);
      const card = await Card.pair(transport, twin.pairingCode, options);
      expect((await card.refresh()).checkpointSize).to.equal(7);
      await card.close();
    }
  });

  it("keeps the keys before the card can count them", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    const owners: boolean[] = [];
    const save = store.save.bind(store);
    store.save = (pairing) => {
      owners.push(twin.owner !== undefined);
      return save(pairing);
    };
    const card = await Card.pair(transport, twin.pairingCode, options);
    expect(owners).to.deep.equal([false, true]);
    await card.close();
  });

  it("says PAIRING_STORE_FAILED and leaves the card unowned where the keys cannot be kept", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    store.save = () => Promise.reject(new CardError("PAIRING_STORE_FAILED", "full"));
    await expectError(() => Card.pair(transport, twin.pairingCode, options), "PAIRING_STORE_FAILED");
    expect(twin.owner).to.equal(undefined);
  });

  it("tells a wrong secret, another card's code and a code that is none apart from one another", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    const other = new TwinCard();
    const wrongSecret = new TwinCard();
    wrongSecret.cardId.set(twin.cardId);
    await expectError(() => Card.pair(transport, other.pairingCode, options), "PAIRING_FAILED");
    expect(await store.list()).to.deep.equal([]);
    await expectError(() => Card.pair(transport, wrongSecret.pairingCode, options), "PAIRING_FAILED");
    await expectError(() => Card.pair(transport, wrongSecret.pairingCode, options), "PAIRING_FAILED");
    const error = await expectError(() => Card.pair(transport, "ECARD1:OOPS", options), "PAIRING_CODE_INVALID");
    expect(error.message).not.to.contain("OOPS");
    expect(error.cause).to.equal(undefined);
    // The card says in clear that the secret was wrong: that proves nothing, so one provisional pairing stays.
    expect((await store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([false]);
  });

  it("takes a phone's name of 1 to 32 octets of UTF-8, and says so of any other before the card hears a word", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    for (const phoneName of ["", "x".repeat(33), "\u00e9".repeat(17), "\u{1f4b3}".repeat(9)]) {
      const named = { ...options, phoneName };
      const error = await expectError(() => Card.pair(transport, twin.pairingCode, named), "ARGUMENT_INVALID");
      expect(error.message).to.contain("phoneName");
      expect(twin.chunks).to.equal(0);
    }
    expect(await store.list()).to.deep.equal([]);
    for (const phoneName of ["x", "\u00e9".repeat(16)]) {
      await (await Card.pair(transport, twin.pairingCode, { ...options, phoneName })).close();
      expect(twin.owner?.phoneName).to.equal(phoneName);
    }
  });

  it("is refused by a card that has an owner and was not asked to let another in", async () => {
    const twin = new TwinCard();
    const { transport, options } = phone(twin);
    await (await Card.pair(transport, twin.pairingCode, options)).close();
    twin.pairingOpen = false;
    const second = phone(twin);
    await expectError(() => Card.pair(second.transport, twin.pairingCode, second.options), "PAIRING_CLOSED");
  });

  const SOMEBODY = ed25519.utils.randomSecretKey();
  const strangers: readonly [string, TwinOptions, CardErrorCode][] = [
    ["signed by somebody else", { signer: SOMEBODY }, "CARD_NOT_GENUINE"],
    ["of an issuer", { claims: (c) => ({ ...c, role: Role.Issuer }) }, "CARD_CERTIFICATE_ROLE"],
    ["of another card", { claims: (c) => ({ ...c, sub: "ABCDEFGH" }) }, "CARD_CERTIFICATE_OTHER"],
    [
      "with another session key",
      { claims: (c) => ({ ...c, keys: { ...c.keys, session: new Uint8Array(32).fill(9) } }) },
      "CARD_CERTIFICATE_KEY",
    ],
    ["that ends now", { claims: (c) => ({ ...c, expires: 1_800_000_000 }) }, "CARD_CERTIFICATE_EXPIRED"],
    ["that is over", { claims: (c) => ({ ...c, expires: 1 }) }, "CARD_CERTIFICATE_EXPIRED"],
    ["that has not begun", { claims: (c) => ({ ...c, notBefore: 3_999_999_999 }) }, "CARD_CERTIFICATE_EXPIRED"],
    [
      "without a pin key",
      { claims: ({ keys: { pin: _, ...keys }, ...c }) => ({ ...c, keys }) },
      "CARD_CERTIFICATE_MALFORMED",
    ],
  ];
  for (const [what, twinOptions, code] of strangers) {
    it(`is refused with a certificate ${what}`, async () => {
      const twin = new TwinCard(twinOptions);
      const { store, transport, options } = phone(twin);
      const now = () => 1_800_000_000;
      await expectError(() => Card.pair(transport, twin.pairingCode, { ...options, now }), code);
      expect(twin.owner).to.equal(undefined);
      expect(await store.list()).to.deep.equal([]);
    });
  }

  it("asks for the PIN of a card that has one, and takes it sealed", async () => {
    const twin = new TwinCard();
    twin.pin = "2468";
    const { transport, options } = phone(twin);
    await expectError(() => Card.pair(transport, twin.pairingCode, options), "PIN_REQUIRED");
    await expectError(() => Card.pair(transport, twin.pairingCode, { ...options, pin: "1111" }), "PIN_WRONG");
    await expectError(() => Card.pair(transport, twin.pairingCode, { ...options, pin: "12" }), "PIN_MALFORMED");
    const card = await Card.pair(transport, twin.pairingCode, { ...options, pin: "2468" });
    await card.close();
  });

  it("can be cancelled at each step, and then the link is free again", async () => {
    const twin = new TwinCard();
    const { transport, options } = phone(twin);
    for (const at of ["connecting", "greeting", "certificate", "keeping", "confirming"]) {
      const abort = new AbortController();
      const onProgress = (step: string) => {
        if (step === at) abort.abort();
      };
      await expectError(
        () => Card.pair(transport, twin.pairingCode, { ...options, signal: abort.signal, onProgress }),
        "ABORTED",
      );
    }
    await (await Card.pair(transport, twin.pairingCode, options)).close();
  });

  it("cut at any chunk leaves phone and card either strangers or able to go on", async () => {
    const probe = new TwinCard();
    const whole = phone(probe, 64);
    await (await Card.pair(whole.transport, probe.pairingCode, whole.options)).close();
    expect(probe.chunks).to.be.greaterThan(8);
    for (let cut = 0; cut < probe.chunks; cut++) {
      const twin = new TwinCard();
      const { store, transport, options } = phone(twin, 64);
      twin.cutAfter = cut;
      await expectError(() => Card.pair(transport, twin.pairingCode, options), "LINK_LOST");
      if (twin.owner !== undefined) {
        const card = await Card.connect(transport, { store, reconnects: 0 });
        await card.close();
        expect((await store.list()).map((pairing) => pairing.confirmed)).to.deep.equal([true]);
      } else {
        await (await Card.pair(transport, twin.pairingCode, options)).close();
      }
    }
  });

  it("cut while pairing anew does not lose the pairing that the card still holds", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    await (await Card.pair(transport, twin.pairingCode, options)).close();
    twin.cutAfter = 3; // the card never sees the third message whole
    await expectError(() => Card.pair(transport, twin.pairingCode, options), "LINK_LOST");
    expect(await store.list()).to.have.length(2);
    await (await Card.connect(transport, { store })).close();
  });

  const refusals = [Status.PairingFailed, Status.PinWrong, Status.PairingClosed, Status.NotPaired, Status.VaultFailed];
  const lies: readonly [string, Uint8Array][] = [
    ...refusals.map(
      (status) => [`status ${status}`, Uint8Array.of(0xc0, 3, 0, 1, MessageType.Fault, status)] as [string, Uint8Array],
    ),
    ["a message that does not open", Uint8Array.of(0xc0, 22, 0, 1, MessageType.Sealed, ...new Uint8Array(20))],
    ["a message of an unknown type", Uint8Array.of(0xc0, 3, 0, 1, 9, 0)],
  ];
  for (const [what, lie] of lies) {
    it(`keeps the keys where ${what} was put in the place of the card's answer`, async () => {
      const twin = new TwinCard();
      const { store, transport, options } = phone(twin);
      const lying = lyingAfterThird(transport, lie);
      await Card.pair(lying, twin.pairingCode, options).then(
        () => expect.fail("paired"),
        (error: unknown) => expect(error).to.be.instanceOf(CardError),
      );
      expect(twin.owner?.phoneName).to.equal("Ada's phone");
      const card = await Card.connect(transport, { store, reconnects: 0 });
      expect((await store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([true]);
      await card.close();
    });
  }

  it("refused for real leaves the phone its old pairing, and nothing else once the card has shown it", async () => {
    const twin = new TwinCard();
    const { store, transport, options } = phone(twin);
    await (await Card.pair(transport, twin.pairingCode, options)).close();
    twin.pin = "2468";
    await expectError(() => Card.pair(transport, twin.pairingCode, { ...options, pin: "1111" }), "PIN_WRONG");
    expect((await store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([false, true]);
    await (await Card.connect(transport, { store, reconnects: 0 })).close();
    expect((await store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([true]);
  });

  it("refused by one card does not hide another card's pairing", async () => {
    const [own, other] = [new TwinCard({ id: "own" }), new TwinCard({ id: "other" })];
    const { store, transport, options } = phone(own);
    await (await Card.pair(transport, own.pairingCode, options)).close();
    other.pin = "2468";
    const second = { ...options, makerRoot: other.makerRoot };
    await expectError(() => Card.pair(memoryTransport([other]), other.pairingCode, second), "PIN_REQUIRED");
    const card = await Card.connect(transport, { store, reconnects: 0 });
    expect(toHex(card.cardId)).to.equal(toHex(own.cardId));
    await card.close();
  });
});
