// Where registrations of payment means are kept: in memory, and in a file that is its owner's alone.

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { TokenState } from "@enabling-card/wire";
import { expect } from "chai";
import { MemoryRegistrationStore, type Registration, type RegistrationStore } from "../src/index.js";
import { FileRegistrationStore } from "../src/node/index.js";
import { expectError } from "./expect-error.js";

const octets = (fill: number) => new Uint8Array(16).fill(fill);
const registration = (card: number, token: number, key: number): Registration => ({
  ...{ cardId: octets(card), tokenRef: octets(token), registration: octets(7), key: octets(key) },
  seen: { version: 3, state: TokenState.Suspended, holds: ["cardholder", "PIN lock"] },
  held: { version: 2, state: TokenState.Active },
});

describe("a store of registrations", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "ecard-"));
    file = path.join(folder, "registrations.json");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const stores: readonly [string, () => RegistrationStore][] = [
    ["in memory", () => new MemoryRegistrationStore()],
    ["in a file", () => new FileRegistrationStore(file)],
  ];
  for (const [where, make] of stores) {
    it(`${where} keeps one a token, the newest, and forgets a card's`, async () => {
      const store = make();
      await Promise.all([
        store.save(registration(1, 1, 10)),
        store.save(registration(1, 2, 11)),
        store.save(registration(2, 1, 12)),
        store.save(registration(1, 1, 13)),
      ]);
      expect(await store.find(octets(1), octets(1))).to.deep.equal(registration(1, 1, 13));
      expect(await store.find(octets(1), octets(2))).to.deep.equal(registration(1, 2, 11));
      await store.forget(octets(1));
      expect(await store.find(octets(1), octets(2))).to.equal(undefined);
      expect(await store.find(octets(2), octets(1))).to.deep.equal(registration(2, 1, 12));
    });
  }

  it("survives the process, with nothing seen and nothing held too", async () => {
    await new FileRegistrationStore(file).save({ ...registration(1, 1, 10), seen: null, held: null });
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await new FileRegistrationStore(file).find(octets(1), octets(1))).to.include({ seen: null, held: null });
  });

  it("says REGISTRATION_STORE_FAILED of a file that is not one, without a word of what is in it", async () => {
    const store = new FileRegistrationStore(file);
    await store.save(registration(1, 1, 0xab));
    const text = await readFile(file, "utf8");
    for (const [from, to] of [
      [/^/, "x"],
      [/"key": "abab/, '"key": "'],
      [/"version": 3/, '"version": "3"'],
      [/"holds"/, '"held by"'],
    ] as const) {
      await writeFile(file, text.replace(from, to));
      const error = await expectError(() => store.find(octets(1), octets(1)), "REGISTRATION_STORE_FAILED");
      expect(`${error.message} ${error.cause ?? ""}`).not.to.contain("abab");
      await expectError(() => store.save(registration(1, 2, 1)), "REGISTRATION_STORE_FAILED");
    }
    await expectError(() => new FileRegistrationStore(folder).find(octets(1), octets(1)), "REGISTRATION_STORE_FAILED");
  });
});
