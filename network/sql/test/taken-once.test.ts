// What is taken once: of two processes over one store as well, over either engine.

import { expect } from "chai";
import { hasPostgresql } from "../../../test/support/postgresql.js";
import { openDatabase, type SqlDatabase, TAKEN_TABLE, TakenOnce } from "../src/index.js";
import { engines } from "./engines.js";

const T0 = 1_800_000_000;

describe("what is taken once", () => {
  const places = engines();
  for (const engine of ["sqlite", "postgresql"] as const) {
    describe(`over ${engine}`, () => {
      let stores: readonly SqlDatabase[];
      let one: TakenOnce;
      let other: TakenOnce;

      before(function () {
        if (engine === "postgresql" && !hasPostgresql()) this.skip();
      });
      beforeEach(async () => {
        const place = await places[engine]();
        const open = () => openDatabase(place, { service: "test", migrations: [TAKEN_TABLE] });
        stores = [await open(), await open()];
        [one, other] = stores.map((store) => new TakenOnce(store)) as [TakenOnce, TakenOnce];
      });
      afterEach(async () => {
        for (const store of stores) await store.close();
      });
      const rows = async () => (await stores[0]!.row<{ n: number }>("SELECT COUNT(*) AS n FROM taken_once"))!.n;

      it("is another's no more, in this process and in another", async () => {
        expect(await one.take("a", T0 + 60, T0)).to.equal(true);
        expect(await one.take("a", T0 + 60, T0)).to.equal(false);
        expect(await other.take("a", T0 + 60, T0)).to.equal(false);
        expect(await other.take("b", T0 + 60, T0)).to.equal(true);
      });

      it("is one's of all who come at once, and what came beside it is not refused with it", async () => {
        expect(await other.take("x", T0 + 60, T0)).to.equal(true);
        const names = ["x", ...Array.from({ length: 40 }, (_, i) => `n${i}`)];
        const said = await Promise.all([one, other].flatMap((by) => names.map((name) => by.take(name, T0 + 60, T0))));
        const first = names.map((_, i) => [said[i]!, said[names.length + i]!].filter(Boolean).length);
        expect(first).to.deep.equal([0, ...Array.from({ length: 40 }, () => 1)]);
        expect(await rows()).to.equal(41);
      });

      it("of one turn is one transaction", async () => {
        const before = stores[0]!.transactions;
        await Promise.all(Array.from({ length: 40 }, (_, i) => one.take(`n${i}`, T0 + 60, T0)));
        expect(stores[0]!.transactions - before).to.be.lessThan(3);
      });

      it("is swept when it is over, and a clock that is behind does not find it new", async () => {
        await one.take("a", T0 + 60, T0);
        await one.take("b", T0 + 180, T0 + 120);
        expect(await other.take("a", T0 + 60, T0 + 60)).to.equal(false);
        await one.take("c", T0 + 241, T0 + 181);
        while ((await rows()) !== 2) await new Promise((resolve) => setImmediate(resolve));
      });
    });
  }
});
