// A store whose file is not there any more, under a process that has it open; and whether a store keeps what it is given.

import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import Database from "better-sqlite3";
import { expect } from "chai";
import { openDatabase, type SqlDatabase, StoreHealth } from "../src/index.js";
import { engines } from "./engines.js";

const MIGRATIONS = ["CREATE TABLE purses (name TEXT PRIMARY KEY, cents INTEGER NOT NULL) STRICT"];
const ENGINES = engines();

describe("a SQLite's file", () => {
  let place: string;
  let database: SqlDatabase;
  beforeEach(async () => {
    place = await ENGINES.sqlite();
    database = await openDatabase(place, { service: "purses", migrations: MIGRATIONS });
  });
  afterEach(() => database.close().catch(() => undefined));

  const put = (name: string) =>
    database
      .transaction((sql) => sql.run("INSERT INTO purses (name, cents) VALUES (?, 1)", name))
      .catch(({ code }) => code);

  const GONE: readonly (readonly [what: string, how: () => void])[] = [
    ["removed", () => rmSync(place)],
    ["removed with its log", () => void ["", "-wal", "-shm"].map((end) => rmSync(place + end))],
    ["moved away", () => renameSync(place, `${place}.away`)],
    [
      "another's",
      () => {
        rmSync(place);
        new Database(place).exec("CREATE TABLE other (name TEXT)").close();
      },
    ],
    [
      "a copy of itself",
      () => {
        copyFileSync(place, `${place}.copy`);
        renameSync(`${place}.copy`, place);
      },
    ],
    ["cut", () => truncateSync(place, statSync(place).size - 512)],
    ["without its log", () => rmSync(`${place}-wal`)],
  ];
  for (const [what, how] of GONE) {
    it(`that is ${what} takes nothing more: STORE_UNAVAILABLE`, async () => {
      expect([await put("a"), await put("b")]).to.deep.equal([1, 1]);
      how();
      expect(await put("c")).to.equal("STORE_UNAVAILABLE");
      const run = database.run("INSERT INTO purses (name, cents) VALUES ('d', 1)").catch(({ code }) => code);
      expect(await run).to.equal("STORE_UNAVAILABLE");
    });
  }
});

for (const [engine, newPlace] of Object.entries(ENGINES)) {
  describe(`whether a store in ${engine} keeps what it is given`, () => {
    it("is looked at by writing nothing that is seen", async () => {
      const database = await openDatabase(await newPlace(), { service: "purses", migrations: MIGRATIONS });
      await database.checkWritable();
      await database.checkWritable();
      expect(await database.rows("SELECT * FROM purses")).to.deep.equal([]);
      await database.close();
    });
  });
}

describe("whether a store keeps what it is given", () => {
  it("is looked at once for all who ask at about one time", async () => {
    let looked = 0;
    const health = new StoreHealth(async () => {
      looked++;
      throw new Error("full");
    });
    const asked = await Promise.allSettled([health.check(), health.check(), health.check()]);
    expect(asked.map(({ status }) => status)).to.deep.equal(["rejected", "rejected", "rejected"]);
    expect(looked).to.equal(1);
  });
});
