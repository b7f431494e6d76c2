// Answers to requests that come again, in either engine: what is kept, for how long, how much of it, and who waits for whom.

import { createHmac } from "node:crypto";
import { expect } from "chai";
import { hasPostgresql } from "../../../test/support/postgresql.js";
import {
  ANSWERS_KEPT_S,
  ANSWERS_MAX,
  ANSWERS_TABLE,
  Answers,
  Once,
  openDatabase,
  type SqlDatabase,
} from "../src/index.js";
import { engines } from "./engines.js";

const ENGINES = engines();

const T0 = 1_800_000_000;
for (const [engine, newPlace] of Object.entries(ENGINES)) {
  describe(`answers that are kept in ${engine}`, function () {
    this.timeout(60_000);
    let database: SqlDatabase;
    let now: number;
    let worked: number;

    before(function () {
      if (engine === "postgresql" && !hasPostgresql()) this.skip();
    });
    beforeEach(async () => {
      now = T0;
      worked = 0;
      database = await openDatabase(await newPlace(), { service: "answers", migrations: [ANSWERS_TABLE] });
    });
    afterEach(() => database.close());

    const newOnce = () =>
      new Once({
        nameOf: (text) => createHmac("sha256", "names").update(text).digest("hex"),
        seal: (text) => Uint8Array.from(Buffer.from(text), (octet) => octet ^ 0xaa),
        open: (sealed) => Buffer.from(Uint8Array.from(sealed, (octet) => octet ^ 0xaa)).toString(),
        now: () => now,
        mismatch: () => new Error("MISMATCH"),
      });
    const request = (key: string, asked: unknown = "this", owner = "Ada") => ({ owner, key, asked });
    const work = async () => ({ secret: "of the answer", number: ++worked });
    const within = (once: Once, ...named: Parameters<typeof request>) =>
      database.transaction((sql) => once.within(new Answers(sql), request(...named), work));
    const around = (once: Once, ...named: Parameters<typeof request>) =>
      once.around(new Answers(database), request(...named), work);
    const rows = async () => (await database.row<{ n: number }>("SELECT COUNT(*) AS n FROM answers"))!.n;

    it("hold nothing in clear: neither who asked, nor what, nor what was answered", async () => {
      await within(newOnce(), "a-secret-key", { pin: "what was asked" }, "Ada Lovelace");
      const [row] = await database.rows<Record<string, string | number | Uint8Array>>("SELECT * FROM answers");
      const text = Object.values(row!).map((value) =>
        typeof value === "object" ? Buffer.from(value).toString("latin1") : String(value),
      );
      for (const secret of ["a-secret-key", "what was asked", "Ada", "of the answer"])
        expect(text.join()).not.to.contain(secret);
    });

    it("are undone with the transaction that they were made in", async () => {
      const once = newOnce();
      const failed = database.transaction(async (sql) => {
        await once.within(new Answers(sql), request("one"), work);
        throw new Error("the disk is full");
      });
      expect(await failed.catch(({ message }) => message)).to.equal("the disk is full");
      expect(await within(once, "one")).to.include({ number: 2 });
      expect(await within(newOnce(), "one"), "by another process").to.include({ number: 2 });
    });

    it("are another's for another owner or key, and refused for what asks something else", async () => {
      const once = newOnce();
      const said = async (...named: Parameters<typeof request>) =>
        within(once, ...named).then(
          ({ number }) => number,
          ({ message }) => message,
        );
      expect(await said("one")).to.equal(1);
      expect(await said("one", "that")).to.equal("MISMATCH");
      expect(await said("one", "this", "Bob")).to.equal(2);
      expect(await said("two")).to.equal(3);
      expect(await said("one")).to.equal(1);
      expect(await around(once, "one", "that").catch(({ message }) => message)).to.equal("MISMATCH");
    });

    it("are those to the same request in whatever order its members come, deep down as well, and not in another order of a list", async () => {
      const once = newOnce();
      const asked = ["/v1/grants", { card: 1, domain: { mcc: 2, list: [{ a: 3, b: 4 }, 5] } }];
      const turned = ["/v1/grants", { domain: { list: [{ b: 4, a: 3 }, 5], mcc: 2 }, card: 1 }];
      const other = ["/v1/grants", { card: 1, domain: { mcc: 2, list: [5, { a: 3, b: 4 }] } }];
      expect(await within(once, "one", asked)).to.include({ number: 1 });
      expect(await within(once, "one", turned)).to.include({ number: 1 });
      expect(await around(once, "one", turned)).to.include({ number: 1 });
      expect(await around(once, "one", other).catch(({ message }) => message)).to.equal("MISMATCH");
    });

    it("are waited for where the work goes on: of ten who ask at once one works, and a mismatch waits for nobody", async () => {
      const once = newOnce();
      let finish = () => {};
      const going = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const slow = () => once.around(new Answers(database), request("one"), () => going.then(work));
      const all = Array.from({ length: 10 }, slow);
      expect(await around(once, "one", "that").catch(({ message }) => message)).to.equal("MISMATCH");
      finish();
      for (const answer of await Promise.all(all)) expect(answer).to.include({ number: 1 });
      expect(worked).to.equal(1);
    });

    it("are none where the work failed, of those who waited too, and the next one works", async () => {
      const once = newOnce();
      const failing = () =>
        once.around(new Answers(database), request("one"), () => Promise.reject(new Error("not there")));
      const outcomes = await Promise.allSettled([failing(), failing()]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
      expect(await around(once, "one")).to.include({ number: 1 });
    });

    it("are the same for two processes that worked at once", async () => {
      const [one, two] = await Promise.all([around(newOnce(), "one"), around(newOnce(), "one")]);
      expect(two).to.deep.equal(one);
      expect(await rows()).to.equal(1);
    });

    it("are forgotten behind a day", async () => {
      const once = newOnce();
      for (const key of ["one", "two"]) await within(once, key);
      now += ANSWERS_KEPT_S;
      expect(await within(once, "one"), "still there").to.include({ number: 1 });
      await within(once, "three");
      expect(await rows()).to.equal(1);
    });

    it("are as many of one owner as there may be, the newest, and nobody else's go for them", async () => {
      const once = newOnce();
      await within(once, "bob's", "this", "Bob");
      await database.transaction(async (sql) => {
        for (let i = 0; i < ANSWERS_MAX + 200; i++) {
          await once.within(new Answers(sql), request(`key ${i}`), work);
          if (i % 100 === 0) now++;
        }
      });
      now++;
      await within(once, "last");
      // Of one second all or none are forgotten: a hundred of them here.
      expect(await rows()).to.be.within(ANSWERS_MAX, ANSWERS_MAX + 102);
      now++;
      await within(once, "bob's second", "this", "Bob");
      worked = -1;
      expect(await within(once, "bob's", "this", "Bob")).to.include({ number: 1 });
      expect(await within(once, "key 0")).to.include({ number: 0 });
    });
  });
}
