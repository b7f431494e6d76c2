// What the machine under the card cannot do for it: too little charge, a full flash, a ledger with other nodes, a PIN sent twice.

import { EmulatedCard, EmulatorError, MemoryBlock, personalise } from "@enabling-card/emulator";
import { mintPan } from "@enabling-card/issuer";
import { keyId, signingKey } from "@enabling-card/ledger";
import { Card, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { builtFirmware, makeCard } from "@enabling-card/tools";
import {
  cborEncode,
  checkpointToBeSigned,
  concat,
  decodeCheckpointPayload,
  decodeReceipt,
  encodeCheckpointPayload,
  encodeReceipt,
  IINS_MAX,
  Mail,
  Op,
  Phase,
  type Receipt,
  toBase32,
  utf8,
} from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { expect } from "chai";
import { pinKeyOf } from "../../sdk/src/card/pin-key.js";
import { sealPinForGrant } from "../../sdk/src/card/sealed-pin.js";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";
import { forge } from "../support/forge.js";
import { rawSession, settle } from "../support/raw-session.js";

describe("the machine under the card", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  const checkpointBy = (seeds: readonly Uint8Array[], change: { readonly origin?: string } = {}) => {
    const receipt = decodeReceipt(w.service.issuer.log.receipt(w.service.issuer.certificate));
    const payload = encodeCheckpointPayload({ ...decodeCheckpointPayload(receipt.checkpoint.payload), ...change });
    const signatures = seeds
      .map(signingKey)
      .map((key) => ({ kid: keyId(key.publicKey), signature: key.sign(checkpointToBeSigned(payload)) }));
    const changed: Receipt = { ...receipt, checkpoint: { payload, signatures } };
    return encodeReceipt(changed);
  };

  it("has too little charge for an emission: BATTERY_LOW, and the grant is kept for when it is charged", async () => {
    await phone.card.load(await phone.grant());
    w.emulator.battery.percent = 1;
    await expectRefusal(w, () => phone.card.present({ when: "now" }), "BATTERY_LOW");
    expect((await phone.card.state()).info.phase).to.equal(Phase.Loaded);
    w.emulator.battery.percent = 80;
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(2);
    w.emulator.pressTwice();
    expect((await presented).passesSent).to.equal(2);
  });

  it("has charge for one pass and not for the whole emission: BATTERY_LOW, before the first edge", async () => {
    await phone.card.load(await phone.grant({ maxEmissions: 2 }));
    const present = async () => {
      const presented = phone.card.present({ when: "now" });
      presented.catch(() => undefined);
      await Promise.race([w.emulator.shows(2), presented.catch(() => undefined)]);
      w.emulator.pressTwice();
      return presented;
    };
    await present();
    const pass = w.emulator.coil.emission()!.passes[0]!.energyMj;
    const { capacityMj, reserve } = w.emulator.battery.options;
    const spare = (mj: number) => 100 * (reserve + mj / capacityMj);
    w.emulator.battery.percent = spare(1.5 * pass);
    await expectRefusal(w, present, "BATTERY_LOW");
    w.emulator.battery.percent = spare(3 * pass);
    expect((await present()).passesSent).to.equal(4);
  });

  it("cannot write its flash: FLASH_FAILED, and the ATC it did not count is not forgotten either", async () => {
    const bundle = await phone.grant();
    const { store } = w.emulator;
    const write = store.write.bind(store);
    store.write = () => {
      throw new EmulatorError("STORE_FULL", "no room: the test says so");
    };
    await expectRefusal(w, () => phone.card.load(bundle), "FLASH_FAILED");
    store.write = write;
    const loaded = await phone.card.load(await phone.grant());
    expect(loaded.info.phase).to.equal(Phase.Loaded);
  });

  it("cannot write its flash before the second pass: FLASH_FAILED, the emission counts, and the grant is used", async () => {
    await phone.card.load(await phone.grant());
    const { store } = w.emulator;
    const write = store.write.bind(store);
    let writes = 0;
    store.write = (...args) => {
      if (++writes === 2) throw new EmulatorError("STORE_FULL", "no room: the test says so");
      write(...args);
    };
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(2);
    w.emulator.pressTwice();
    await expectError(() => presented, "FLASH_FAILED");
    expect(w.emulator.coil.emission()!.passes).to.have.length(1);
    await expectError(() => phone.card.present({ when: "now" }), "GRANT_USED");
  });

  it("waits for its authenticator about a PIN, and is asked to present: BUSY, and the PIN's answer still counts", async () => {
    await phone.card.load(await phone.grant());
    const grantInfo = phone.card.info;
    const sealed = await sealRaw(cborEncode([null, "2468"]), utf8("set"), {
      cardId: phone.card.cardId,
      pinKey: pinKeyOf(phone.card.certificate),
      pinNonce: grantInfo.pinNonce,
    });
    await phone.card.close();
    const session = await rawSession(w);
    w.emulator.setCourier("delay", { kinds: [Mail.P1], ms: 1000 });
    const setting = session.request(Op.SetPin, sealed);
    await settle();
    await expectError(() => session.request(Op.Present, [0, null]), "BUSY");
    w.emulator.advance(1500);
    await setting;
    await session.close();
  });

  it("is left alone for an hour with its line open: the session is found again, not broken", async () => {
    const why: string[] = [];
    phone.card.subscribe((notice) => notice.type === "disconnected" && why.push(notice.why.code));
    w.pass(3600); // in one go: more challenges than link can keep for a phone that reads none of them
    for (let i = 0; i < 20; i++) await settle();
    await phone.card.state();
    expect(why, "link hangs up rather than lose a sealed message").to.deep.equal(["LINK_LOST"]);
    await phone.card.load(await phone.grant());
  });

  it("is shown a checkpoint of another ledger: CHECKPOINT_ORIGIN", async () => {
    const node = new Uint8Array(32).fill(1);
    const bundle = await forge(w, phone, { receipt: checkpointBy([node], { origin: "elsewhere.test/log" }) });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_ORIGIN");
  });

  it("counts distinct pinned nodes: two of three must have signed, strangers do not count", async () => {
    const [a, b, c, stranger] = [1, 2, 3, 4].map((n) => new Uint8Array(32).fill(n)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const { issuer } = w.service;
    const block = new MemoryBlock();
    const made = await personalise(block, {
      cardClass: "test",
      issuerRoot: issuer.keys.issuerRoot.publicKey,
      ledger: {
        threshold: 2,
        nodeKeys: [a, b, c].map((seed) => signingKey(seed).publicKey),
        origin: issuer.log.identity.origin,
      },
      iins: ["999999"],
      certify: ({ cardId, keys }) =>
        issuer.maker.issue({ sub: toBase32(cardId), keys, notBefore: issuer.now() - 60, expires: issuer.now() + 3600 }),
    });
    const emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
    const other: World = { ...w, block, made, emulator, store: new MemoryPairingStore() };
    const owner = await pairedPhone(other);
    for (const seeds of [[a], [a, stranger], [stranger]]) {
      const bundle = await forge(other, owner, { receipt: checkpointBy(seeds) });
      await expectRefusal(other, () => owner.card.load(bundle), "CHECKPOINT_THRESHOLD");
    }
    await owner.card.load(await forge(other, owner, { receipt: checkpointBy([c, a]) }));
    emulator.stop();
  });

  it("was made for as many number ranges as there may be: it pays for the first and for the last of them", async () => {
    const { issuer } = w.service;
    const block = new MemoryBlock();
    const iins = Array.from({ length: IINS_MAX }, (_, i) => String(999_999 - i));
    const made = await makeCard(block, { keys: issuer.keys, log: issuer.log.identity, iins, now: issuer.now() });
    const emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
    const other: World = { ...w, block, made, emulator, store: new MemoryPairingStore() };
    const owner = await pairedPhone(other);
    const grantIn = (iin: string) => {
      const pan = mintPan(iin);
      return forge(other, owner, { grant: { track2: `${pan}=2911101`, track1: `B${pan}^LOVELACE/ADA^2911101` } });
    };
    for (const iin of [iins[0]!, iins.at(-1)!]) {
      await owner.card.load(await grantIn(iin));
      await owner.card.disarm();
    }
    const outside = await grantIn(String(999_999 - IINS_MAX));
    await expectRefusal(other, () => owner.card.load(outside), "TOKEN_OUTSIDE_IIN");
    emulator.stop();
  });

  it("is given the same sealed PIN twice: PIN_NONCE_STALE", async () => {
    await phone.card.setPin("2468");
    await phone.card.load(await phone.grant());
    const grantHash = phone.card.info.lastGrant!;
    const question = {
      cardId: phone.card.cardId,
      pinKey: pinKeyOf(phone.card.certificate),
      pinNonce: phone.card.info.pinNonce,
    };
    const wrong = await sealPinForGrant("1111", grantHash, question);
    const right = await sealPinForGrant("2468", grantHash, question);
    await phone.card.close();
    const session = await rawSession(w);
    await expectError(() => session.request(Op.Present, [0, wrong]), "PIN_WRONG");
    for (const spent of [wrong, right])
      await expectError(() => session.request(Op.Present, [0, spent]), "PIN_NONCE_STALE");
    expect(w.emulator.coil.emission()).to.equal(undefined);
    await session.close();
  });

  it("is given a PIN that is none, past the SDK: PIN_MALFORMED, and no try is spent", async () => {
    const question = (info = phone.card.info) => ({
      cardId: phone.card.cardId,
      pinKey: pinKeyOf(phone.card.certificate),
      pinNonce: info.pinNonce,
    });
    const seal = (plaintext: Uint8Array, about: Uint8Array) => sealRaw(plaintext, about, question());
    for (const bad of ["123", "1234567890123", "12a4"]) {
      const sealed = await seal(cborEncode([null, bad]), utf8("set"));
      await phone.card.close();
      const session = await rawSession(w);
      await expectRefusal(w, () => session.request(Op.SetPin, sealed), "PIN_MALFORMED");
      await session.close();
      phone = { ...phone, card: await Card.connect(memoryTransport([w.emulator]), { store: w.store }) };
    }
    await phone.card.setPin("2468");
    await phone.card.load(await phone.grant());
    const sealed = await seal(utf8("24x8"), phone.card.info.lastGrant!);
    await phone.card.close();
    const session = await rawSession(w);
    await expectRefusal(w, () => session.request(Op.Present, [0, sealed]), "PIN_MALFORMED");
    await session.close();
  });

  it("loses its authenticator to a trap: it starts again with a key of its own, and the next question is answered", async () => {
    await phone.card.load(await phone.grant());
    const { store } = w.emulator;
    const read = store.read.bind(store);
    w.emulator.setCourier((mail) => {
      if (mail.bytes[0] === Mail.V1) {
        store.read = () => {
          store.read = read;
          throw new Error("a bit fell over: the test says so");
        };
      }
      return [mail];
    });
    const presented = phone.card.present({ when: "now" });
    presented.catch(() => undefined);
    for (let i = 0; i < 5; i++) await settle();
    w.emulator.advance(36_000);
    await expectError(() => presented, "CONFIRMATION_TIMEOUT");
    expect(w.emulator.traps.map(({ module }) => module)).to.deep.equal(["authenticator"]);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    w.emulator.setCourier("honest");
    const again = phone.card.present({ when: "now" });
    await w.emulator.shows(2);
    w.emulator.pressTwice();
    expect((await again).passesSent).to.equal(2);
  });
});

/** What the SDK would refuse to seal. */
async function sealRaw(
  plaintext: Uint8Array,
  about: Uint8Array,
  to: { readonly cardId: Uint8Array; readonly pinKey: Uint8Array; readonly pinNonce: Uint8Array },
): Promise<Uint8Array> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  });
  const buffer = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
  const recipientPublicKey = await suite.kem.deserializePublicKey(buffer(to.pinKey));
  const sender = await suite.createSenderContext({
    recipientPublicKey,
    info: buffer(concat(utf8("ecard/1 pin"), to.cardId)),
  });
  const ciphertext = await sender.seal(buffer(plaintext), buffer(concat(to.pinNonce, about)));
  return concat(new Uint8Array(sender.enc), new Uint8Array(ciphertext));
}
