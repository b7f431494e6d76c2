// Rights that were handed out (system 6), behind a network that is restored from a copy.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delegate, GRANT_S, grantBy, keysFromSeeds, randomSeeds, revokeDelegation } from "@enabling-card/issuer";
import { storeFile } from "@enabling-card/sql";
import { toHex } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { expect } from "chai";
import { DAY, DOMAIN, enrolledCard, T0, type TestCard } from "../../issuer/test/issuer-support.js";
import { backUpNetwork, type Network, restoreNetwork, startNetwork } from "../src/index.js";

describe("rights that were handed out, of a network that is restored", () => {
  let folder: string;
  let network: Network;
  let now: number;
  let card: TestCard;
  let tokenRef: string;
  const keys = keysFromSeeds(randomSeeds());
  const at = (name: string) => join(folder, name);
  const start = async (name: string) => {
    network = await startNetwork({ keys, store: at(name), now: () => now });
  };

  beforeEach(async () => {
    now = T0;
    folder = mkdtempSync(join(tmpdir(), "ecard-rights-"));
    await start("first");
    card = await enrolledCard(network.issuer.issuer);
    tokenRef = toHex((await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
  });
  afterEach(async () => {
    await network.close();
    rmSync(folder, { recursive: true });
  });

  const lend = () =>
    delegate(network.issuer.issuer, card.cardId, tokenRef, [
      { kind: "uses", atMost: 1 },
      { kind: "until", at: T0 + 30 * DAY },
    ]);
  const restored = async () => {
    await network.close();
    const report = restoreNetwork(at("copy"), at("second"), now);
    await start("second");
    return report;
  };
  /** Why there is no grant by it, if there is none. */
  const refusal = (delegation: string) => {
    const asked = { cardId: card.cardId, challenge: new Uint8Array(16), checkpointSize: 0, maxEmissions: 1 };
    return grantBy(network.issuer.issuer, { ...asked, domain: DOMAIN, delegation }).then(
      () => undefined,
      ({ code }) => code,
    );
  };

  it("are taken back: what was paid by them since, and whether they were revoked, nobody knows any more", async () => {
    const { delegation, id } = await lend();
    await backUpNetwork(at("first"), at("copy"), now);
    await revokeDelegation(network.issuer.issuer, card.cardId, id);
    expect(await restored()).to.include({ rightsEnded: 1 });
    now += GRANT_S;
    expect(await refusal(delegation)).to.equal("DELEGATION_REVOKED");
    expect(await refusal((await lend()).delegation)).to.equal(undefined);
  });

  it("were none in a copy of an earlier version", async () => {
    await backUpNetwork(at("first"), at("copy"), now);
    const copy = new Database(storeFile(at("copy"), "issuer"), { fileMustExist: true });
    copy.exec("DROP TABLE delegations; DROP TABLE delegated_counters; DROP INDEX grants_by_delegation");
    for (const column of ["delegation", "held_by", "counters"]) copy.exec(`ALTER TABLE grants DROP COLUMN ${column}`);
    copy.pragma(`user_version = ${(copy.pragma("user_version", { simple: true }) as number) - 1}`);
    copy.close();
    expect(await restored()).to.include({ tokens: 1, rightsEnded: 0 });
    await lend();
  });
});
