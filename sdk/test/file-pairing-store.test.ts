import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { Card, MemoryPairingStore, memoryTransport, type Pairing, type PairingStore } from "../src/index.js";
import { FilePairingStore } from "../src/node/index.js";
import { type SoftwareKey, softwareKey } from "../src/noise/static-key.js";
import { expectError } from "./expect-error.js";
import { paired } from "./paired.js";

const pairing = (card: number, phone: number, confirmed: boolean): Pairing => ({
  cardId: new Uint8Array(16).fill(card),
  phoneKey: softwareKey(new Uint8Array(32).fill(phone)),
  cardKey: new Uint8Array(32).fill(3),
  certificate: new Uint8Array(200).fill(4),
  identifierKey: new Uint8Array(32).fill(5),
  phoneName: "Ada's phone",
  confirmed,
});

describe("a store of pairings", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "ecard-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const stores: readonly [string, () => PairingStore][] = [
    ["in memory", () => new MemoryPairingStore()],
    ["in a file", () => new FilePairingStore(path.join(folder, "pairings.json"))],
  ];
  for (const [where, make] of stores) {
    it(`${where} keeps a confirmed pairing beside the one that is being made, and replaces both by the next`, async () => {
      const store = make();
      const phones = async () =>
        (await store.list(new Uint8Array(16).fill(1))).map((p) => [(p.phoneKey as SoftwareKey).secret[0], p.confirmed]);
      await store.save(pairing(1, 10, true));
      await store.save(pairing(2, 20, true));
      await store.save(pairing(1, 11, false));
      await store.save(pairing(1, 12, false));
      expect(await phones()).to.deep.equal([
        [12, false],
        [10, true],
      ]);
      await store.forgetUnconfirmed(new Uint8Array(16).fill(1));
      expect(await phones()).to.deep.equal([[10, true]]);
      await store.save(pairing(1, 13, true));
      expect(await phones()).to.deep.equal([[13, true]]);
      await store.forget(new Uint8Array(16).fill(1));
      expect(await store.list()).to.have.length(1);
    });
  }

  it("survives the process in a file that is its owner's alone", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const file = path.join(folder, "pairings.json");
    await new FilePairingStore(file).save((await store.list())[0]!);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const back = await Card.connect(memoryTransport([twin]), { store: new FilePairingStore(file) });
    await back.close();
  });

  it("says PAIRING_STORE_FAILED of a file that is not one, without a word of what is in it", async () => {
    const file = path.join(folder, "pairings.json");
    await writeFile(file, "secret words");
    const error = await expectError(() => new FilePairingStore(file).list(), "PAIRING_STORE_FAILED");
    expect(JSON.stringify([error.message, String(error.cause)])).not.to.contain("secret words");
    expect(await readFile(file, "utf8")).to.equal("secret words");
  });

  it("says PAIRING_STORE_FAILED where there is nowhere to write", async () => {
    const store = new FilePairingStore(path.join(folder, "missing", "pairings.json"));
    await expectError(() => store.save(pairing(1, 1, true)), "PAIRING_STORE_FAILED");
  });
});
