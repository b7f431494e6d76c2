// Each service's health, as an operator's load balancer asks for it: no while its own store keeps nothing, yes when it does again.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import Database from "better-sqlite3";
import { expect } from "chai";
import { type Network, startNetwork } from "../src/index.js";

describe("a service whose store is locked", () => {
  let folder: string;
  let network: Network;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ecard-health-"));
    network = await startNetwork({ keys: keysFromSeeds(randomSeeds()), store: folder });
  });
  after(async () => {
    await network.close();
    rmSync(folder, { recursive: true });
  });

  for (const name of ["issuer", "processor", "acs"] as const)
    it(`says so, and is well again by itself: ${name}`, async () => {
      const health = async () => {
        const response = await fetch(`${network[name].url}/v1/health`);
        return [response.status, ((await response.json()) as { code?: string }).code];
      };
      expect(await health()).to.deep.equal([200, undefined]);
      const locker = new Database(join(folder, `${name}.sqlite`));
      locker.exec("BEGIN IMMEDIATE");
      while ((await health())[0] === 200) await new Promise((resolve) => setTimeout(resolve, 50)); // looked at once a second
      expect(await health()).to.deep.equal([503, "STORE_UNAVAILABLE"]);
      locker.exec("ROLLBACK");
      locker.close();
      while ((await health())[0] !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
    });
});
