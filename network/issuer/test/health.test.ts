// An issuer's health, as an operator's load balancer asks for it: no while its store keeps nothing, yes when it does again; and what fails is told.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "chai";
import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "../src/index.js";
import { purchase, T0 } from "./issuer-support.js";

describe("an issuer whose store is locked", () => {
  let folder: string;
  let service: IssuerService;
  let locker: Database.Database;
  const faults: string[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ecard-health-"));
    const file = join(folder, "issuer.sqlite");
    const keys = keysFromSeeds(randomSeeds());
    service = await startIssuer({ keys, now: () => T0, file, onFault: (code) => faults.push(code) });
    locker = new Database(file);
  });
  after(async () => {
    locker.close();
    await service.close();
    rmSync(folder, { recursive: true });
  });

  const health = async () => {
    const response = await fetch(`${service.url}/v1/health`);
    return [response.status, ((await response.json()) as { code?: string }).code];
  };

  it("says so, with its code, tells who watches of each request that fails, and is well again by itself", async () => {
    expect(await health()).to.deep.equal([200, undefined]);
    locker.exec("BEGIN IMMEDIATE");
    while ((await health())[0] === 200) await new Promise((resolve) => setTimeout(resolve, 50)); // looked at once a second
    expect(await health()).to.deep.equal([503, "STORE_UNAVAILABLE"]);
    expect((await service.ask(purchase({ track2: "1" }))).fields[39]).to.equal("96");
    expect(faults).to.deep.equal(["ISSUER_FAILED"]);
    locker.exec("ROLLBACK");
    while ((await health())[0] !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
