// A vault or a flash that fails under wallet or authenticator: what cannot be counted is not used, what cannot be read gives nobody
// anything. Closed, with a code, until it works again.

import { EmulatorError, Region, Store } from "@enabling-card/emulator";
import { Card, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { FlashRecord, Mail, Phase, TokenState, VaultItem } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, strangerPairs, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";
import { forge, forgeState } from "../support/forge.js";
import { settle } from "../support/raw-session.js";

let w: World;
let phone: Phone;
const write = Store.prototype.write;
const read = Store.prototype.read;
beforeEach(async () => {
  w = await world();
  phone = await pairedPhone(w);
});
afterEach(async () => {
  mend();
  expect(w.emulator.traps).to.deep.equal([]);
  await w.close();
});

function mend(): void {
  Store.prototype.write = write;
  Store.prototype.read = read;
}

/** From now on a write of one of `items` of the vault fails, whichever store it is in. */
function breakVaultWrites(...items: readonly VaultItem[]): void {
  Store.prototype.write = function (region, id, data) {
    if (region === Region.Vault && items.includes(id))
      throw new EmulatorError("STORE_FULL", "no room: the test says so");
    write.call(this, region, id, data);
  };
}

/** From now on a read gives `value` for one record: octets of a size that no port takes, or none. */
function breakReads(region: Region, record: number, value: Uint8Array | undefined): void {
  Store.prototype.read = function (of, id) {
    return of === region && id === record ? value : read.call(this, of, id);
  };
}

const UNREADABLE = new Uint8Array(1024);

/** Kinds of the sealed letters from here on, whoever gets them. */
function sealedLetters(): Mail[] {
  const kinds: Mail[] = [];
  w.emulator.setCourier((mail) => {
    kinds.push(mail.bytes[0] as Mail);
    return [mail];
  });
  return kinds;
}

describe("a start that the vault cannot count", () => {
  for (const [name, how] of [
    ["written", () => breakVaultWrites(VaultItem.WalletStart, VaultItem.AuthenticatorStart)],
    ["read", () => breakBothReads()],
  ] as const) {
    it(`because it cannot be ${name} lets no sealed letter out, twice, and the card says VAULT_FAILED`, async () => {
      const letters = sealedLetters();
      how();
      for (let start = 0; start < 2; start++) {
        w.emulator.restart();
        await settle();
        w.emulator.press(); // the authenticator would tell of it
        w.emulator.hold(3100);
        w.emulator.advance(60_000);
        await expectError(
          () => Card.connect(memoryTransport([w.emulator]), { store: w.store, timeoutMs: 1000 }),
          "VAULT_FAILED",
        );
      }
      expect(letters).to.deep.equal([]);
      mend();
      w.emulator.restart();
      await phone.card.load(await phone.grant({ challenge: (await phone.card.refresh()).challenge }));
      expect(letters).to.include(Mail.PinNonce);
    });
  }

  function breakBothReads(): void {
    Store.prototype.read = function (region, id) {
      const start = id === VaultItem.WalletStart || id === VaultItem.AuthenticatorStart;
      return region === Region.Vault && start ? UNREADABLE : read.call(this, region, id);
    };
  }

  it("of the wallet alone: no letter of the wallet, no answer but VAULT_FAILED", async () => {
    const letters = sealedLetters();
    breakVaultWrites(VaultItem.WalletStart);
    for (let start = 0; start < 2; start++) {
      w.emulator.restart();
      await expectError(
        () => Card.connect(memoryTransport([w.emulator]), { store: w.store, timeoutMs: 1000 }),
        "VAULT_FAILED",
      );
    }
    expect(new Set(letters)).to.deep.equal(new Set([Mail.PinNonce])); // the authenticator's first word of each start
  });

  it("of the authenticator alone: it says nothing and hears nothing; present and setPin end with a code", async () => {
    breakVaultWrites(VaultItem.AuthenticatorStart);
    for (let start = 0; start < 2; start++) {
      w.emulator.restart();
      const letters = sealedLetters();
      await phone.card.refresh();
      await phone.card.load(await phone.grant());
      const presented = phone.card.present({ when: "now" });
      presented.catch(() => undefined);
      while (!letters.includes(Mail.V1)) await settle();
      w.emulator.pressTwice();
      w.emulator.hold(3100);
      w.emulator.advance(36_000);
      await expectError(() => presented, "CONFIRMATION_TIMEOUT");
      const set = phone.card.setPin("2468");
      set.catch(() => undefined);
      while (!letters.includes(Mail.P1)) await settle();
      w.emulator.advance(36_000);
      await expectError(() => set, "PIN_UNCERTAIN");
      expect(letters.filter((kind) => [Mail.V2, Mail.P2, Mail.Button, Mail.PinNonce].includes(kind))).to.deep.equal([]);
      expect(w.emulator.coil.emission()).to.equal(undefined);
    }
  });
});

describe("a PIN whose records cannot be read", () => {
  const presentWith = async (pin: string) => {
    await phone.card.disarm();
    await phone.card.load(await phone.grant());
    return phone.card.present({ when: "now", pin });
  };

  for (const [what, value] of [
    ["cannot be read", UNREADABLE],
    ["is gone", undefined],
    ["holds more tries than there are", Uint8Array.of(200)],
  ] as const) {
    it(`gives no try where its lock ${what}: FLASH_FAILED, for the right one too`, async () => {
      await phone.card.setPin("2468");
      breakReads(Region.Flash, FlashRecord.PinLock, value);
      for (const pin of ["1111", "2468"]) await expectError(() => presentWith(pin), "FLASH_FAILED");
      await phone.card.refresh();
      await expectError(() => phone.card.setPin("1357", "2468"), "FLASH_FAILED");
      mend();
      expect((await presentWith("2468")).passesSent).to.equal(2);
    });
  }

  it("is not taken for none where the vault cannot read it: VAULT_FAILED, and nobody sets another", async () => {
    await phone.card.setPin("2468");
    for (const value of [UNREADABLE, new Uint8Array(3)]) {
      breakReads(Region.Vault, VaultItem.Pin, value);
      await expectError(() => phone.card.setPin("1357"), "VAULT_FAILED");
      await expectError(() => presentWith("1357"), "VAULT_FAILED");
      mend();
    }
    expect((await presentWith("2468")).passesSent).to.equal(2);
    expect(phone.card.info.phase).to.equal(Phase.Done);
  });

  it("lets no new phone in: VAULT_FAILED, with a PIN and without one", async () => {
    await phone.card.setPin("2468");
    await phone.card.unpair();
    breakReads(Region.Vault, VaultItem.Pin, UNREADABLE);
    for (const pin of [undefined, "2468"]) {
      await expectError(() => strangerPairs(w, pin), "VAULT_FAILED");
    }
    expect(w.emulator.advertised()).to.equal(undefined);
  });
});

describe("a wallet record that cannot be read", () => {
  const connect = () => Card.connect(memoryTransport([w.emulator]), { store: w.store, timeoutMs: 1000, reconnects: 0 });

  /** The card has seen an ATC, a suspension and a checkpoint. */
  async function remember(): Promise<void> {
    await phone.card.load(await forge(w, phone, { grant: { atc: 5_000_000 } }));
    await phone.card.disarm();
    await phone.card.state(forgeState(w, phone, { version: 7, state: TokenState.Suspended }));
  }

  async function expectRemembered(card: Card): Promise<void> {
    const { tokens, info } = await card.state();
    expect(tokens.map(({ atc, state, version }) => [atc, state, version])).to.deep.equal([
      [5_000_000, TokenState.Suspended, 7],
    ]);
    expect(info.checkpointSize).to.equal(w.service.issuer.log.size);
    const bundle = await forge(w, { ...phone, card }, { grant: { atc: 5 } });
    await expectRefusal(w, () => card.load(bundle), "TOKEN_SUSPENDED");
  }

  for (const [what, value] of [
    ["cannot be read", UNREADABLE],
    ["is too short", new Uint8Array(20)],
  ] as const) {
    it(`because it ${what} is not taken for none: FLASH_FAILED, and nothing is forgotten`, async () => {
      await remember();
      await phone.card.close();
      breakReads(Region.Flash, FlashRecord.Wallet, value);
      w.emulator.restart();
      await expectError(connect, "FLASH_FAILED");
      mend();
      await expectError(connect, "FLASH_FAILED"); // until the next start
      w.emulator.restart();
      const card = await connect();
      await expectRemembered(card);
      await card.close();
    });
  }

  it("of a firmware before nearness is what it was, and is written anew with the next change", async () => {
    await remember();
    await phone.card.close();
    let record: Uint8Array | undefined;
    Store.prototype.read = function (region, id) {
      const found = read.call(this, region, id);
      if (region !== Region.Flash || id !== FlashRecord.Wallet || found === undefined) return found;
      record = found;
      const before = found.slice(0, -4); // format 1: all but how long the phone may be away
      before[0] = 1;
      return before;
    };
    w.emulator.restart();
    mend();
    const card = await connect();
    await expectRemembered(card);
    expect((await card.nearness()).awayS).to.equal(null);
    await card.setNearness(60);
    w.emulator.restart();
    expect((await card.nearness()).awayS).to.equal(60);
    await expectRemembered(card);
    expect(record![0], "the format that there is now").to.equal(2);
    await card.close();
  });

  it("of a format that is none yet is refused: FLASH_FAILED", async () => {
    await remember();
    await phone.card.close();
    Store.prototype.read = function (region, id) {
      const found = read.call(this, region, id);
      if (region === Region.Flash && id === FlashRecord.Wallet && found !== undefined) found[0] = 3;
      return found;
    };
    w.emulator.restart();
    await expectError(connect, "FLASH_FAILED");
  });

  it("after a write that failed forgets nothing: FLASH_FAILED", async () => {
    await remember();
    await phone.card.state(forgeState(w, phone, { version: 8, state: TokenState.Active }));
    Store.prototype.write = function (region, id, data) {
      if (region === Region.Flash) throw new EmulatorError("STORE_FULL", "no room: the test says so");
      write.call(this, region, id, data);
    };
    breakReads(Region.Flash, FlashRecord.Wallet, UNREADABLE);
    const bundle = await forge(w, phone, { grant: { atc: 6_000_000 } });
    await expectError(() => phone.card.load(bundle), "FLASH_FAILED");
    mend();
    expect((await phone.card.state()).tokens.map(({ atc }) => atc)).to.deep.equal([5_000_000]);
    const low = await forge(w, phone, { grant: { atc: 5 } });
    await expectRefusal(w, () => phone.card.load(low), "ATC_NOT_RISING");
    await phone.card.load(bundle);
  });

  it("and a maker's checkpoint that cannot be read: VAULT_FAILED, rather than start from no ledger at all", async () => {
    const fresh = await world();
    try {
      breakReads(Region.Vault, VaultItem.Checkpoint, UNREADABLE);
      fresh.emulator.restart();
      const pairing = () =>
        Card.pair(memoryTransport([fresh.emulator]), fresh.made.pairingCode, {
          phoneName: "Ada's phone",
          makerRoot: fresh.makerRoot,
          store: new MemoryPairingStore(),
          timeoutMs: 1000,
        });
      await expectError(pairing, "VAULT_FAILED");
      mend();
      fresh.emulator.restart();
      const card = await pairing();
      expect(card.info.checkpointSize).to.equal(fresh.service.issuer.log.size);
    } finally {
      mend();
      await fresh.close();
    }
  });
});

describe("an owner that cannot be read", () => {
  const stranger = () => strangerPairs(w);
  const owner = () => Card.connect(memoryTransport([w.emulator]), { store: w.store, timeoutMs: 1000, reconnects: 0 });

  for (const [what, value] of [
    ["cannot be read", UNREADABLE],
    ["is too short", new Uint8Array(64)],
  ] as const) {
    it(`because it ${what} is not nobody: VAULT_FAILED to a stranger with the sheet, and to the owner`, async () => {
      await phone.card.close();
      breakReads(Region.Vault, VaultItem.Owner, value);
      await expectError(stranger, "VAULT_FAILED");
      w.emulator.hold(3100); // not even with the button held
      await expectError(stranger, "VAULT_FAILED");
      await expectError(owner, "VAULT_FAILED");
      mend();
      await (await owner()).close();
    });
  }

  it("at a start is read again for the next identifier: the owner's phone finds its card", async () => {
    await phone.card.close();
    breakReads(Region.Vault, VaultItem.Owner, UNREADABLE);
    w.emulator.restart();
    expect(w.emulator.advertised()).to.equal(undefined);
    mend();
    w.emulator.advance(900_000);
    await (await owner()).close();
  });
});

describe("what the card is and may do, where it cannot be read,", () => {
  const load = async () => {
    const bundle = await phone.grant();
    return () => phone.card.load(bundle);
  };
  const payWithPin = async () => {
    await phone.card.setPin("2468");
    await phone.card.load(await phone.grant());
    return () => phone.card.present({ when: "now", pin: "2468" });
  };
  const cases: readonly [what: string, item: VaultItem, ready: () => Promise<() => Promise<unknown>>][] = [
    ["its number ranges, at a load", VaultItem.Iins, load],
    ["its own id, at a load", VaultItem.CardId, load],
    [
      "its own id, at a state",
      VaultItem.CardId,
      async () => {
        await phone.card.load(await phone.grant());
        const state = forgeState(w, phone, { version: 1, state: TokenState.Suspended });
        return () => phone.card.state(state);
      },
    ],
    ["its PIN key, at a payment", VaultItem.PinKey, payWithPin],
    ["its own id, at a payment with a PIN", VaultItem.CardId, payWithPin],
  ];
  for (const [what, item, ready] of cases) {
    it(`is VAULT_FAILED and not another refusal: ${what}`, async () => {
      const act = await ready();
      breakReads(Region.Vault, item, UNREADABLE);
      await expectError(act, "VAULT_FAILED");
      expect(w.emulator.coil.emission()).to.equal(undefined);
      mend();
    });
  }
});
