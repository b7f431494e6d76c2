// A commit whose answer is lost: what became of it is asked before anybody is told.

import { expect } from "chai";
import { hasPostgresql, postgresql } from "../../../test/support/postgresql.js";
import { openDatabase, type SqlDatabase, SqlError } from "../src/index.js";
import { type CuttingProxy, cuttingProxy } from "./cutting-proxy.js";

const MIGRATIONS = ["CREATE TABLE purses (name TEXT PRIMARY KEY, cents INTEGER NOT NULL) STRICT"];
const INSERT = "INSERT INTO purses (name, cents) VALUES (?, ?)";

describe("a commit whose answer is lost", function () {
  this.timeout(60_000);
  let proxy: CuttingProxy;
  let database: SqlDatabase;
  /** By a line that nobody cuts. */
  let direct: SqlDatabase;

  before(function () {
    if (!hasPostgresql()) this.skip();
  });
  beforeEach(async () => {
    const url = await (await postgresql()).database();
    proxy = await cuttingProxy(url);
    direct = await openDatabase(url, { service: "purses", migrations: MIGRATIONS });
    database = await openDatabase(proxy.url, { service: "purses", migrations: MIGRATIONS });
  });
  afterEach(async () => {
    proxy.mend();
    await database.close();
    await direct.close();
    proxy.close();
  });

  const names = async () => (await direct.rows<{ name: string }>("SELECT name FROM purses")).map(({ name }) => name);
  const put = (name: string) =>
    database.transaction(async (sql) => {
      await sql.run(INSERT, name, 1);
      return `${name} is in`;
    });
  const failed = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error as SqlError,
    );

  it("was done: the work's answer is given, and it was done once", async () => {
    proxy.cutNext(true);
    expect(await put("a")).to.equal("a is in");
    expect([proxy.cuts, await names()]).to.deep.equal([1, ["a"]]);
  });

  it("was done by a statement alone: likewise", async () => {
    proxy.cutNext(true);
    expect(await database.run(INSERT, "a", 1)).to.equal(1);
    expect([proxy.cuts, await names()]).to.deep.equal([1, ["a"]]);
  });

  it("never got there: nothing was changed, and it says so", async () => {
    proxy.cutNext(false);
    const error = await failed(put("a"));
    expect(error).to.be.instanceOf(SqlError);
    expect([error!.code, error!.isOpen, await names()]).to.deep.equal(["STORE_UNAVAILABLE", false, []]);
    expect(await put("a")).to.equal("a is in");
  });

  it("and nobody can be asked: it is open", async () => {
    proxy.cutNext(true, true);
    const error = await failed(put("a"));
    expect([error!.code, error!.isOpen]).to.deep.equal(["STORE_UNAVAILABLE", true]);
    proxy.mend();
    expect(await put("b")).to.equal("b is in");
    expect(await names()).to.deep.equal(["a", "b"]);
  });

  it("of one that wrote nothing nothing is asked", async () => {
    await database.transaction((sql) => sql.rows("SELECT name FROM purses"));
    expect(await direct.row("SELECT COUNT(*) AS n FROM commits")).to.deep.equal({ n: 0 });
  });
});
