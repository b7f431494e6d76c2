// Tables of attributes as a store gives them: what is none is not taken, down to the order of handles.

import { expect } from "chai";
import { type KnownTable, KnownTables } from "../src/transport/known-tables.js";

const CHARACTERISTIC = { uuid: "aa", startHandle: 25, valueHandle: 26, endHandle: 26, properties: 0x0c };
const SERVICE = { uuid: "bb", startHandle: 24, endHandle: 29, characteristics: [CHARACTERISTIC] };
const TABLE: KnownTable = { hash: "00".repeat(16), hashHandle: 13, services: [SERVICE] };

const taken = (table: unknown) => new KnownTables({ load: async () => [table], save: async () => undefined }).all();

describe("a table of attributes that is stored", () => {
  it("is taken where it is in order", async () => {
    expect(await taken(TABLE)).to.deep.equal([TABLE]);
  });

  for (const [what, changed] of [
    ["a value before its declaration", { valueHandle: 24 }],
    ["an end before its value", { endHandle: 25 }],
    ["a declaration behind its end", { startHandle: 27 }],
    ["a handle beyond the last one", { endHandle: 0x10000 }],
    ["handle 0", { startHandle: 0 }],
  ] as const)
    it(`is none with a characteristic that has ${what}`, async () => {
      const characteristics = [{ ...CHARACTERISTIC, ...changed }];
      expect(await taken({ ...TABLE, services: [{ ...SERVICE, characteristics }] })).to.deep.equal([]);
    });

  it("is none with a service that ends before it begins", async () => {
    expect(await taken({ ...TABLE, services: [{ ...SERVICE, startHandle: 30 }] })).to.deep.equal([]);
  });
});
