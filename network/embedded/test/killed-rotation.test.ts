// An issuer that is killed while it goes on to other keys, behind each of its transactions: whoever opens the store next has all of it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Issuer, type IssuerKeys, openIssuerDatabase } from "@enabling-card/issuer";
import type { SqlDatabase } from "@enabling-card/sql";
import { expect } from "chai";
import { storeOfRun } from "../../../test/support/postgresql.js";
import { changedKeys } from "../../issuer/test/changed-keys.js";
import { answerTo, enrolledCard, purchase, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";

describe("an issuer that is killed while its keys are changed", () => {
  const { old, both, alone } = changedKeys();
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-killed-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Its transactions from the one of that number on never come to be. */
  function dying(database: SqlDatabase, after: number): SqlDatabase {
    let left = after;
    return new Proxy(database, {
      get(of, name) {
        const value = Reflect.get(of, name);
        if (name !== "transaction") return typeof value === "function" ? value.bind(of) : value;
        return (work: never) => (left-- > 0 ? of.transaction(work) : Promise.reject(new Error("killed")));
      },
    });
  }

  it("is opened with both keys again, whole, and with the new ones alone not before that: KEYS_NOT_YET", async () => {
    let isDone = false;
    for (let after = 0; !isDone; after++) {
      const file = (await storeOfRun()) ?? join(folder, `${after}.sqlite`);
      const logFile = join(folder, `${after}.log`);
      const open = async (keys: IssuerKeys, kills = Number.POSITIVE_INFINITY) =>
        Issuer.open({ keys, logFile, now: () => T0, database: dying(await openIssuerDatabase(file), kills) });
      const before = await open(old);
      const card = await enrolledCard(before);
      const { tokenRef } = await before.mint(card.cardId, "Lovelace/Ada");
      await before.resolve(card.cardId, card.accessKey, Buffer.from(tokenRef).toString("hex"));
      const swipe = tracksOf(await takeGrant(before, card, tokenRef));
      await before.close();
      const killed = await open(both, after).then(
        async (issuer) => {
          isDone = true;
          await issuer.close();
          return "opened";
        },
        (error: Error) => error.message,
      );
      if (!isDone) {
        expect(killed).to.equal("killed");
        const refused = await open(alone).catch((error: { code: string }) => error.code);
        expect(refused, `killed behind ${after} transactions`).to.equal("KEYS_NOT_YET");
      }
      const issuer = await open(both);
      expect(await answerTo(issuer, purchase(swipe))).to.equal("APPROVED");
      await issuer.close();
      const last = await open(alone);
      const fresh = tracksOf(await takeGrant(last, card, tokenRef));
      expect(await answerTo(last, purchase(fresh))).to.equal("APPROVED");
      await last.resolve(card.cardId, card.accessKey, Buffer.from(tokenRef).toString("hex"));
      await last.close();
      expect(after).to.be.lessThan(20);
    }
  });
});
