// One suite for every engine: what a service may rely on.

import { statSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { expect } from "chai";
import { hasPostgresql, postgresql } from "../../../test/support/postgresql.js";
import { Gathered, openDatabase, type Sql, type SqlDatabase, SqlError, type SqlValues } from "../src/index.js";
import { engines } from "./engines.js";

const ENGINES = engines();

const MIGRATIONS = [
  "CREATE TABLE purses (name TEXT PRIMARY KEY, cents INTEGER NOT NULL, mark BLOB) STRICT; CREATE INDEX by_cents ON purses (cents)",
];

interface Purse {
  readonly name: string;
  readonly cents: number;
  readonly mark: Uint8Array | null;
}

for (const [engine, newPlace] of Object.entries(ENGINES)) {
  describe(`a store in ${engine}`, function () {
    this.timeout(60_000);
    let place: string;
    let database: SqlDatabase;
    const opened: SqlDatabase[] = [];
    const open = async (migrations = MIGRATIONS, service = "purses") => {
      const made = await openDatabase(place, { service, migrations });
      opened.push(made);
      return made;
    };

    before(function () {
      if (engine === "postgresql" && !hasPostgresql()) this.skip();
    });
    beforeEach(async () => {
      place = await newPlace();
      database = await open();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close().catch(() => undefined);
    });

    const put = (name: string, cents: number, mark: Uint8Array | null = null) =>
      database.run("INSERT INTO purses (name, cents, mark) VALUES (?, ?, ?)", name, cents, mark);
    const cents = async (name: string) =>
      (await database.row<Purse>("SELECT * FROM purses WHERE name = ?", name))?.cents;

    it("says which it is", () => expect(database.engine).to.equal(engine));

    it("gives back what it was given: text, whole numbers up to 2^53, octets, nothing", async () => {
      expect(await put("a", Number.MAX_SAFE_INTEGER, Uint8Array.of(0, 255, 10))).to.equal(1);
      expect(await put("ü", -1)).to.equal(1);
      const rows = await database.rows<Purse>("SELECT * FROM purses ORDER BY cents DESC");
      expect(rows.map((row) => ({ ...row, mark: row.mark && [...row.mark] }))).to.deep.equal([
        { name: "a", cents: Number.MAX_SAFE_INTEGER, mark: [0, 255, 10] },
        { name: "ü", cents: -1, mark: null },
      ]);
      expect(await database.row("SELECT * FROM purses WHERE name = ?", "b")).to.equal(undefined);
      expect(await database.run("UPDATE purses SET cents = 0")).to.equal(2);
    });

    it("says of each of many what it says of one, in their order, and does to each what it does to one", async () => {
      const all = [
        ["a", 1, Uint8Array.of(1, 255)],
        ["b", 2, null],
        ['ü, {"}', -1, Uint8Array.of()],
      ] as const;
      const insert = "INSERT INTO purses (name, cents, mark) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING";
      await database.runEach(insert, all);
      await database.runEach(insert, [
        ["c", 3, null],
        ["d", 4, null],
        ["a", 9, null],
      ]);
      await database.runEach(insert, []);
      await database.runEach("UPDATE purses SET cents = cents + ? WHERE name = ?", [
        [10, "a"],
        [20, "b"],
        [30, "nobody"],
      ]);
      await database.runEach("UPDATE purses SET mark = ? WHERE name = ? AND cents = ?", [
        [null, "a", 11],
        [null, "c", 4],
      ]);
      await database.runEach("DELETE FROM purses WHERE name = ?", [["d"], ["nobody"]]);
      const ask = (sql: Sql) =>
        sql.rowEach<Purse>("SELECT * FROM purses WHERE name = ?", [["b"], ["d"], ["a"], ['ü, {"}'], ["b"], ["c"]]);
      const told = [
        { name: "b", cents: 22, mark: null },
        undefined,
        { name: "a", cents: 11, mark: null },
        { name: 'ü, {"}', cents: -1, mark: [] },
        { name: "b", cents: 22, mark: null },
        { name: "c", cents: 3, mark: null },
      ];
      const plain = (rows: readonly (Purse | undefined)[]) =>
        rows.map((row) => row && { ...row, mark: row.mark && [...row.mark] });
      expect(plain(await ask(database))).to.deep.equal(told);
      expect(plain(await database.transaction(ask))).to.deep.equal(told);
      expect(await database.rowEach("SELECT * FROM purses WHERE name = ?", [])).to.deep.equal([]);
      const first = "SELECT name FROM purses WHERE cents > ? ORDER BY cents DESC LIMIT 1";
      expect(await database.rowEach(first, [[12], [100], [0]])).to.deep.equal([
        { name: "b" },
        undefined,
        { name: "b" },
      ]);
      const count = "SELECT COUNT(*) AS n FROM purses WHERE cents > ?";
      expect(await database.rowEach(count, [[100], [0]])).to.deep.equal([{ n: 0 }, { n: 3 }]);
    });

    it("does all of many, or nothing", async () => {
      const insert = "INSERT INTO purses (name, cents) VALUES (?, ?)";
      const twice = [
        ["a", 1],
        ["a", 2],
      ] as const;
      expect(await database.runEach(insert, twice).catch(() => "refused")).to.equal("refused");
      expect(await database.rows("SELECT * FROM purses")).to.deep.equal([]);
    });

    it("answers each of those who ask together, and fails those whose asking failed", async () => {
      await put("a", 1);
      let journeys = 0;
      const counted = {
        rowEach: (text: string, all: readonly SqlValues[]) => {
          journeys++;
          return database.rowEach(text, all);
        },
      } as Sql;
      const gathered = new Gathered(counted);
      const ask = (name: string) => gathered.row<Purse>("SELECT cents FROM purses WHERE name = ?", name);
      const names = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? "a" : `nobody ${i}`));
      const rows = await Promise.all(names.map(ask));
      expect(rows.map((row) => row?.cents)).to.deep.equal(names.map((name) => (name === "a" ? 1 : undefined)));
      expect(journeys, "256 at once").to.equal(2);
      const wrong = [1, 2].map(() => gathered.row("SELECT nothing FROM purses WHERE name = ?", "a").catch(() => "no"));
      expect(await Promise.all([...wrong, ask("a")])).to.deep.equal(["no", "no", { cents: 1 }]);
    });

    it("keeps all of a transaction, or nothing", async () => {
      await put("a", 1);
      const work = database.transaction(async (sql) => {
        await sql.run("UPDATE purses SET cents = 2 WHERE name = ?", "a");
        throw new Error("no");
      });
      expect(await work.catch(({ message }) => message)).to.equal("no");
      expect(await cents("a")).to.equal(1);
      const before = database.transactions;
      expect(await database.transaction(async (sql) => sql.run("UPDATE purses SET cents = 3"))).to.equal(1);
      expect(await cents("a")).to.equal(3);
      expect(database.transactions).to.equal(before + 1);
    });

    it("runs transactions as if one came after the other: none of 40 that read and write the same row is lost", async () => {
      await put("a", 0);
      const once = () =>
        database.transaction(async (sql) => {
          const { cents } = (await sql.row<Purse>("SELECT * FROM purses WHERE name = 'a'"))!;
          await sql.run("UPDATE purses SET cents = ? WHERE name = 'a'", cents + 1);
        });
      await Promise.all(Array.from({ length: 40 }, once));
      expect(await cents("a")).to.equal(40);
    });

    it("lets of two that each look for the other's row one win", async () => {
      const takeIfAlone = (name: string) =>
        database.transaction(async (sql) => {
          const { n } = (await sql.row<{ n: number }>("SELECT COUNT(*) AS n FROM purses"))!;
          if (n === 0) await sql.run("INSERT INTO purses (name, cents) VALUES (?, 1)", name);
        });
      await Promise.all([takeIfAlone("a"), takeIfAlone("b")]);
      expect(await database.rows("SELECT * FROM purses")).to.have.length(1);
    });

    it("says nothing of a transaction that goes on", async () => {
      await put("a", 1);
      let isRead: Promise<number | undefined> | undefined;
      await database
        .transaction(async (sql) => {
          await sql.run("UPDATE purses SET cents = 2");
          isRead = cents("a");
          throw new Error("no");
        })
        .catch(() => undefined);
      expect(await isRead).to.equal(1);
    });

    it("throws what a statement did wrong as it is, and goes on", async () => {
      await put("a", 1);
      const twice = await put("a", 2).catch((error) => error);
      expect(twice).to.be.instanceOf(Error);
      expect(twice).not.to.be.instanceOf(SqlError);
      expect(await cents("a")).to.equal(1);
    });

    it("keeps what it has when it is opened again, and brings it to a later version", async () => {
      await put("a", 1);
      await database.close();
      database = await open([...MIGRATIONS, "ALTER TABLE purses ADD COLUMN colour TEXT"]);
      expect(await database.row("SELECT * FROM purses")).to.deep.include({ name: "a", colour: null });
    });

    it("takes no step of a version where one of them fails", async () => {
      await database.close();
      const failing = [
        ...MIGRATIONS,
        "ALTER TABLE purses ADD COLUMN colour TEXT; ALTER TABLE nowhere ADD COLUMN x TEXT",
      ];
      expect(await open(failing).catch(() => "failed")).to.equal("failed");
      database = await open();
      expect(await database.rows("SELECT * FROM purses")).to.deep.equal([]);
    });

    it("refuses a store of a later version: STORE_DAMAGED", async () => {
      await database.close();
      await (await open([...MIGRATIONS, "ALTER TABLE purses ADD COLUMN colour TEXT"])).close();
      expect(await open().catch(({ code }) => code)).to.equal("STORE_DAMAGED");
    });
  });
}

describe("a store in sqlite", () => {
  const open = (place: string) => openDatabase(place, { service: "purses", migrations: MIGRATIONS });

  it("is for its owner's eyes", async () => {
    const place = await ENGINES.sqlite();
    await (await open(place)).close();
    expect(statSync(place).mode & 0o777).to.equal(0o600);
  });

  it("refuses a file that is no store: STORE_DAMAGED", async () => {
    const text = await ENGINES.sqlite();
    writeFileSync(text, "this is a text, and a long one, which is no database at all".repeat(20));
    expect(await open(text).catch(({ code }) => code)).to.equal("STORE_DAMAGED");
    const other = await ENGINES.sqlite();
    const db = new Database(other);
    db.exec("CREATE TABLE t (x)");
    db.close();
    expect(await open(other).catch(({ code }) => code)).to.equal("STORE_DAMAGED");
  });

  it("that is busy keeps all that it was given, its log bounded, and nothing of a thread behind", async () => {
    const place = await ENGINES.sqlite();
    const database = await open(place);
    const rows = 8000;
    let longest = 0;
    for (let i = 0; i < rows; i++) {
      const mark = new Uint8Array(16_000).fill(i);
      const write = () => database.run("INSERT INTO purses (name, cents, mark) VALUES (?, ?, ?)", `${i}`, i, mark);
      await database.transaction((sql) => sql.run("DELETE FROM purses WHERE cents = ?", i - 200));
      await write();
      if (i % 100 !== 0) continue;
      longest = Math.max(longest, statSync(`${place}-wal`).size);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(longest).to.be.within(4e6, 100e6); // 128 MB of pages went through it
    await database.close();
    const again = await open(place);
    expect(await again.row("SELECT COUNT(*) AS n FROM purses")).to.deep.equal({ n: 200 });
    expect(await again.row("SELECT MAX(cents) AS n FROM purses")).to.deep.equal({ n: rows - 1 });
    await again.close();
  });

  it("that was busy keeps no log of that size: it is cut when nobody writes", async () => {
    const place = await ENGINES.sqlite();
    const database = await open(place);
    const size = () => statSync(`${place}-wal`).size;
    for (let i = 0; i < 1100; i++) {
      const mark = new Uint8Array(16_000);
      await database.transaction((sql) =>
        sql.run("INSERT INTO purses (name, cents, mark) VALUES (?, ?, ?)", `${i}`, i, mark),
      );
    }
    expect(size()).to.be.greaterThan(500_000);
    while (size() > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await database.close();
  });

  it("that another process locks says STORE_UNAVAILABLE, changes nothing, and goes on", async () => {
    const place = await ENGINES.sqlite();
    const database = await open(place);
    const other = new Database(place);
    other.exec("BEGIN IMMEDIATE");
    const put = () => database.run("INSERT INTO purses (name, cents) VALUES ('a', 1)");
    expect(await put().catch(({ code }) => code)).to.equal("STORE_UNAVAILABLE");
    other.exec("ROLLBACK");
    other.close();
    expect(await put()).to.equal(1);
    await database.close();
  });

  it("that another process locks keeps nobody else waiting, and is waited for once", async () => {
    const place = await ENGINES.sqlite();
    const database = await open(place);
    const other = new Database(place);
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    let turning = setImmediate(function turn() {
      turns++;
      turning = setImmediate(turn);
    });
    const put = () => database.transaction((sql) => sql.run("INSERT INTO purses (name, cents) VALUES ('a', 1)"));
    const said = () => put().catch(({ code }) => code);
    expect(await said()).to.equal("STORE_UNAVAILABLE");
    expect(turns, "what the process did meanwhile").to.be.greaterThan(50);
    turns = 0;
    expect(await Promise.all(Array.from({ length: 30 }, said))).to.deep.equal(Array(30).fill("STORE_UNAVAILABLE"));
    expect(turns, "refused at once").to.be.at.most(2);
    const waiting = database.rows("SELECT name FROM purses");
    expect(await waiting, "what is read waits for nobody").to.deep.equal([]);
    other.exec("ROLLBACK");
    expect(await put()).to.equal(1);
    other.exec("BEGIN IMMEDIATE");
    const late = database.run("INSERT INTO purses (name, cents) VALUES ('b', 1)");
    turns = 0;
    while (turns < 50) await new Promise(setImmediate);
    other.exec("ROLLBACK");
    expect(await late, "once it was had it is waited for again").to.equal(1);
    clearImmediate(turning);
    other.close();
    await database.close();
  });
});

describe("a store in postgresql", function () {
  this.timeout(60_000);
  before(function () {
    if (!hasPostgresql()) this.skip();
  });

  it("that is gone says STORE_UNAVAILABLE, loses nothing, and is asked again by itself", async () => {
    const server = await postgresql();
    const place = await server.database();
    const database = await openDatabase(place, { service: "purses", migrations: MIGRATIONS });
    const put = (name: string) => database.run("INSERT INTO purses (name, cents) VALUES (?, 1)", name);
    await put("a");
    await server.stop();
    try {
      expect(await put("b").catch(({ code }) => code)).to.equal("STORE_UNAVAILABLE");
      const nowhere = openDatabase(place, { service: "purses", migrations: MIGRATIONS });
      expect(await nowhere.catch(({ code }) => code)).to.equal("STORE_UNAVAILABLE");
    } finally {
      await server.start();
    }
    await put("c");
    expect(await database.rows("SELECT name FROM purses ORDER BY name")).to.deep.equal([{ name: "a" }, { name: "c" }]);
    await database.close();
  });

  it("is made once by two processes that start at once, and holds several services' tables apart", async () => {
    const place = await (await postgresql()).database();
    const open = (service: string) => openDatabase(place, { service, migrations: MIGRATIONS });
    const [one, two, other] = await Promise.all([open("purses"), open("purses"), open("shops")]);
    await one!.run("INSERT INTO purses (name, cents) VALUES ('a', 1)");
    expect(await two!.rows("SELECT * FROM purses")).to.have.length(1);
    expect(await other!.rows("SELECT * FROM purses")).to.have.length(0);
    await Promise.all([one, two, other].map((database) => database!.close()));
  });
});
