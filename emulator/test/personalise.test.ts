import {
  CARD_ID_SIZE,
  DEVELOPMENT_ROOTS,
  decodePairingCode,
  equalBytes,
  fromHex,
  IINS_MAX,
  toHex,
  VaultItem,
} from "@enabling-card/wire";
import { x25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import {
  type CertificateRequest,
  EmulatedCard,
  EmulatorError,
  isPersonalised,
  MemoryBlock,
  type PersonaliseOptions,
  personalise,
  Region,
  Store,
  seededRandom,
} from "../src/index.js";
import { testFirmware } from "./test-modules.js";

const OPTIONS: PersonaliseOptions = {
  cardClass: "test",
  issuerRoot: new Uint8Array(32).fill(1),
  ledger: {
    threshold: 1,
    nodeKeys: [new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)],
    origin: "test.example/log",
  },
  iins: ["999999"],
  certify: () => new Uint8Array(200).fill(4),
};

const KEY = new Uint8Array(32).fill(9);
const DEVELOPMENT = DEVELOPMENT_ROOTS.map(fromHex);
const ranges = (count: number) => Array.from({ length: count }, (_, i) => String(999999 - i));

const code = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).to.be.instanceOf(EmulatorError);
  return [(error as EmulatorError).code, (error as EmulatorError).message] as const;
};

describe("personalisation", () => {
  it("makes the keys on the card and asks for a certificate of their public halves alone", async () => {
    const block = new MemoryBlock();
    let asked: CertificateRequest | undefined;
    const made = await personalise(block, {
      ...OPTIONS,
      certify(request) {
        asked = request;
        return new Uint8Array(200).fill(4);
      },
    });
    const store = new Store(block);
    const vault = (item: VaultItem) => store.read(Region.Vault, item)!;
    expect(made.cardId).to.have.length(CARD_ID_SIZE);
    expect(toHex(asked!.cardId)).to.equal(toHex(made.cardId));
    expect(toHex(asked!.keys.session)).to.equal(toHex(x25519.getPublicKey(vault(VaultItem.SessionKey).slice(0, 32))));
    expect(toHex(asked!.keys.grant)).to.equal(toHex(x25519.getPublicKey(vault(VaultItem.GrantKey).slice(0, 32))));
    expect(toHex(asked!.keys.pin)).to.equal(toHex(x25519.getPublicKey(vault(VaultItem.PinKey).slice(0, 32))));
    const { cardId, secret } = decodePairingCode(made.pairingCode);
    expect(equalBytes(cardId, made.cardId)).to.equal(true);
    expect(toHex(secret)).to.equal(toHex(vault(VaultItem.PairingSecret)));
    expect(vault(VaultItem.PairKey)).to.have.length(32);
    expect([...vault(VaultItem.Roots)].slice(0, 2)).to.deep.equal([0, 1]);
    expect([...vault(VaultItem.Ledger)].slice(0, 3)).to.deep.equal([1, 2, 2]);
    expect(new TextDecoder().decode(vault(VaultItem.Ledger).slice(66))).to.equal("test.example/log");
    expect(new TextDecoder().decode(vault(VaultItem.Iins))).to.equal("999999");
    const secrets = [VaultItem.SessionKey, VaultItem.GrantKey, VaultItem.PinKey, VaultItem.PairKey].map((i) =>
      toHex(vault(i)),
    );
    expect(new Set(secrets).size).to.equal(4);
  });

  it("takes development keys for a test card alone", async () => {
    const development = { issuerRoot: DEVELOPMENT[0]!, ledger: { ...OPTIONS.ledger, nodeKeys: [DEVELOPMENT[2]!] } };
    const made = await personalise(new MemoryBlock(), { ...OPTIONS, ...development });
    expect(made.cardClass).to.equal("test");
  });

  it("takes as many number ranges as the card reads", async () => {
    const block = new MemoryBlock();
    await personalise(block, { ...OPTIONS, iins: ranges(IINS_MAX) });
    expect(new Store(block).read(Region.Vault, VaultItem.Iins)).to.have.length(6 * IINS_MAX);
  });

  it("happens once", async () => {
    const block = new MemoryBlock();
    await personalise(block, { ...OPTIONS, cardClass: "production" });
    expect(new Store(block).read(Region.Vault, VaultItem.Roots)![0]).to.equal(1);
    expect((await code(personalise(block, OPTIONS)))[0]).to.equal("ALREADY_PERSONALISED");
  });

  it("that lost its power at any write leaves a card that does not start, and that can be made again", async () => {
    const block = new MemoryBlock();
    const probe = new Store(block);
    await personalise(block, { ...OPTIONS, random: seededRandom("probe") });
    const whole = block.snapshot();
    expect(probe.writes).to.equal(0); // each opens the block anew
    const firmware = await testFirmware({});
    for (let octets = 12; ; octets += 37) {
      // the log is written in one direction: a cut leaves its beginning
      const used = new Store(new MemoryBlock(whole)).used;
      if (octets >= used) break;
      const torn = new MemoryBlock(Uint8Array.from(whole, (octet, i) => (i < octets ? octet : 0xff)));
      expect(isPersonalised(new Store(torn))).to.equal(false);
      const card = await EmulatedCard.create({ firmware, block: torn });
      expect(() => card.start())
        .to.throw(EmulatorError)
        .with.property("code", "NOT_PERSONALISED");
      await personalise(torn, OPTIONS);
      expect(isPersonalised(new Store(torn))).to.equal(true);
    }
  });

  const wrong: readonly [string, Partial<PersonaliseOptions>][] = [
    ["cardClass", { cardClass: "gold" as "test" }],
    ["issuerRoot", { issuerRoot: new Uint8Array(31) }],
    ["ledger.threshold", { ledger: { ...OPTIONS.ledger, threshold: 3 } }],
    ["ledger.threshold", { ledger: { ...OPTIONS.ledger, threshold: 0 } }],
    ["ledger.nodeKeys", { ledger: { ...OPTIONS.ledger, nodeKeys: [] } }],
    ["ledger.nodeKeys", { ledger: { ...OPTIONS.ledger, nodeKeys: [new Uint8Array(32), new Uint8Array(32)] } }],
    ["ledger.nodeKeys", { ledger: { ...OPTIONS.ledger, nodeKeys: [new Uint8Array(33)] } }],
    ["ledger.origin", { ledger: { ...OPTIONS.ledger, origin: "" } }],
    ["iins", { iins: [] }],
    ["iins", { iins: ["9999"] }],
    ["iins", { iins: ["99999a"] }],
    ["iins", { iins: ranges(IINS_MAX + 1) }],
    ["issuerRoot", { cardClass: "production", issuerRoot: DEVELOPMENT[0]! }],
    ["issuerRoot", { cardClass: "production", issuerRoot: DEVELOPMENT[2]! }],
    ["ledger.nodeKeys", { cardClass: "production", ledger: { ...OPTIONS.ledger, nodeKeys: [KEY, DEVELOPMENT[2]!] } }],
    ["certify", { certify: () => new Uint8Array(401) }],
    ["certify", { certify: () => new Uint8Array(0) }],
  ];
  for (const [option, change] of wrong) {
    it(`names the option where "${option}" is wrong, and writes nothing`, async () => {
      const block = new MemoryBlock();
      const [was, message] = await code(personalise(block, { ...OPTIONS, ...change }));
      expect(was).to.equal("PERSONALISATION_INVALID");
      expect(message).to.contain(`"${option}"`);
      expect(new Store(block).ids(Region.Vault)).to.deep.equal([]);
    });
  }
});
