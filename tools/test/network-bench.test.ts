// The network's bench: that the rows it writes in bulk are as the issuer's own, and that it runs over either engine. How fast is not asked here.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Issuer, sampleKeys } from "@enabling-card/issuer";
import { TEST_IIN, TOKENS_MAX } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { expect } from "chai";
import pg from "pg";
import { hasPostgresql, postgresql } from "../../test/support/postgresql.js";
import { fillTokens } from "../src/bench/network-tokens.js";
import { benchNetwork } from "../src/index.js";

const [TOKENS, SPENDING] = [5003, 200];

describe("tokens that a bench writes in bulk", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-bench-tokens-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are found by their numbers' keyed names, opened by the issuer's keys, and paid by their cards' accounts", async () => {
    const file = join(folder, "issuer.sqlite");
    const issuer = await Issuer.open({ file, keys: sampleKeys() });
    const told: [string, number, number][] = [];
    const spending = await fillTokens(issuer, TOKENS, SPENDING, (...rows) => told.push(rows));
    expect(spending).to.have.length(SPENDING);
    for (const { pan, account } of spending) {
      expect(pan.slice(0, 6)).to.equal(TEST_IIN);
      const token = (await issuer.store.tokenByPan(issuer.secrets.panIndex(pan)))!;
      expect(issuer.secrets.open(token.pan)).to.equal(pan);
      expect(issuer.secrets.open(token.holder)).to.equal("BENCH/CARD");
      const found = await issuer.store.accountByPan(issuer.secrets.panIndex(account));
      expect(found?.card_id).to.equal(token.card_id);
      expect(issuer.secrets.open(found!.pan)).to.equal(account);
    }
    await issuer.close();
    const db = new Database(file, { readonly: true });
    const count = (what: string) => (db.prepare(`SELECT ${what} AS n FROM tokens`).get() as { n: number }).n;
    expect(count("COUNT(*)"), "all of them, none twice").to.equal(TOKENS);
    expect(count("COUNT(DISTINCT card_id)")).to.equal(Math.ceil(TOKENS / TOKENS_MAX));
    db.close();
    expect(told.at(-1)).to.deep.equal(["tokens", TOKENS, TOKENS]);
  });

  it("are spent all over the store, and in no order of it", async () => {
    const issuer = await Issuer.open({ keys: sampleKeys() });
    const spending = await fillTokens(issuer, TOKENS, SPENDING);
    const places = spending.map(({ tokenRef }) => Buffer.from(tokenRef).readUInt32BE() / 2 ** 32);
    for (let tenth = 0; tenth < 10; tenth++) {
      const here = places.filter((place) => Math.floor(10 * place) === tenth);
      expect(here.length, `of the tenth ${tenth}`).to.be.within(SPENDING / 10 - 1, SPENDING / 10 + 1);
    }
    const rising = places.filter((place, i) => i > 0 && place > places[i - 1]!).length;
    expect(rising / SPENDING).to.be.within(0.3, 0.7);
    await issuer.close();
  });
});

describe("the network's bench", function () {
  this.timeout(120_000);
  const run = (store?: string) =>
    benchNetwork({ rate: 50, seconds: 1, warmUpSeconds: 1, tokens: 1500, ...(store !== undefined && { store }) });

  it("measures more than a thousand tokens beside a thousand, in one run", async () => {
    const ran = await run();
    expect(ran).to.include({ engine: "sqlite", tokens: 1500, approved: 50, asked: 50 });
    expect(ran.ratioToThousand).to.be.greaterThan(0);
    expect(ran.thousandMostPerSecond).to.be.greaterThan(0);
  });

  it("runs over PostgreSQL, and leaves no database behind", async function () {
    if (!hasPostgresql()) this.skip();
    const store = await (await postgresql()).database();
    const ran = await run(store);
    expect(ran).to.include({ engine: "postgresql", tokens: 1500, approved: 50, asked: 50 });
    expect(ran.ratioToThousand).to.be.greaterThan(0);
    expect(ran.mostInsertsPerSecond).to.be.greaterThan(0);
    const client = new pg.Client({ connectionString: store });
    await client.connect();
    const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'ecard_bench_%'");
    await client.end();
    expect(rows).to.deep.equal([]);
  });

  it("says so where there is no such server", async () => {
    const failed = await run("postgres://nobody@127.0.0.1:1/none").catch(({ code }) => code);
    expect(failed).to.equal("STORE_UNAVAILABLE");
  });
});
