// ecard network backup and restore of services that have a folder each, as docs/network.md sets them up: each is copied by itself, while it runs.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { GRANT_S, GRANTS_AT_ONCE, sampleKeys, startIssuer } from "@enabling-card/issuer";
import { sampleServiceKeys } from "@enabling-card/network";
import { storesMade } from "@enabling-card/sql";
import { expect } from "chai";
import { enrolledCard, takeGrant } from "../../network/issuer/test/issuer-support.js";
import { startService } from "../src/network/start-service.js";
import { ecard, jsonLines, testFolder } from "./run-ecard.js";

describe("ecard network backup of a service apart", () => {
  const folder = testFolder();
  const at = (name: string) => join(folder(), name);
  const backup = (dir: string, out: string) =>
    ecard(["network", "backup", "--json", "--dir", at(dir), "--out", at(out)]);
  const restore = (from: string, dir: string) =>
    ecard(["network", "restore", "--json", "--from", at(from), "--dir", at(dir)]);

  it("copies an issuer and its log, and no ATC is used again", async () => {
    mkdirSync(at("issuer"));
    let now = Math.floor(Date.now() / 1000);
    const open = (dir: string) =>
      startIssuer({
        ...{ keys: sampleKeys(), now: () => now },
        ...{ file: join(at(dir), "issuer.sqlite"), logFile: join(at(dir), "log.sqlite") },
      });
    const first = await open("issuer");
    storesMade(at("issuer"), ["issuer", "log"]);
    const card = await enrolledCard(first.issuer);
    const { tokenRef } = await first.issuer.mint(card.cardId, "Lovelace/Ada");
    await takeGrant(first.issuer, card, tokenRef);
    const copied = await backup("issuer", "copy");
    expect([copied.code, ...jsonLines(copied.stdout)]).to.deep.equal([
      0,
      { copied: at("copy"), stores: ["issuer", "log"] },
    ]);
    expect((await takeGrant(first.issuer, card, tokenRef)).atc).to.equal(2);
    const { size } = first.issuer.log;
    await first.close();
    const restored = await restore("copy", "again");
    expect(restored.code).to.equal(0);
    expect(jsonLines(restored.stdout)[0]).to.include({ tokens: 1, grantsEnded: 1, rightsEnded: 0, codesEnded: 0 });
    expect(readdirSync(at("again"))).to.have.members(["issuer.sqlite", "log.sqlite", "stores"]);
    now = Math.floor(Date.now() / 1000) + GRANT_S;
    const again = await open("again");
    expect((await takeGrant(again.issuer, card, tokenRef)).atc).to.be.greaterThan(1 + GRANTS_AT_ONCE);
    expect(again.issuer.log.size).to.equal(size);
    await again.close();
  });

  for (const service of ["processor", "acs"] as const)
    it(`copies what that service has, and nobody else's: ${service}`, async () => {
      const nowhere = "http://127.0.0.1:9";
      const options = {
        ...{ host: "127.0.0.1", http: 0, iso: 0, line: 0, watch: 0, onFault: () => undefined },
        ...{ issuerUrl: nowhere, processorUrl: nowhere, acsUrl: nowhere, issuerLine: { host: "127.0.0.1", port: 9 } },
      };
      const start = (name: string) => startService(service, sampleServiceKeys(service), { ...options, dir: at(name) });
      mkdirSync(at(service));
      const running = await start(service);
      expect((await backup(service, `${service}-copy`)).code).to.equal(0);
      await running.close();
      expect(readdirSync(at(`${service}-copy`))).to.have.members([`${service}.sqlite`, "stores"]);
      const { code, stdout } = await restore(`${service}-copy`, `${service}-again`);
      expect([code, jsonLines(stdout)[0]!.stores]).to.deep.equal([0, [service]]);
      await (await start(`${service}-again`)).close();
    });

  it("restores copies from one folder to another, or a PostgreSQL, and nothing between: WRONG_USE, and no password is told", async () => {
    const postgresql = "postgres://ecard:secret@127.0.0.1:9/ecard";
    for (const more of [
      ...[[], ["--from", at("copy")], ["--dir", at("new")], ["--store", at("a-file")]],
      ["--store", postgresql, "--dir", at("new")],
    ]) {
      const { code, stdout, stderr } = await ecard(["network", "restore", ...more]);
      expect(code, more.join(" ")).to.equal(2);
      expect(stdout + stderr)
        .to.contain("WRONG_USE")
        .and.not.to.contain("secret");
    }
    const { code, stdout, stderr } = await ecard(["network", "restore", "--store", postgresql]);
    expect(code).to.equal(5);
    expect(stdout + stderr)
      .to.contain("STORE_UNAVAILABLE")
      .and.not.to.contain("secret");
    expect(existsSync(at("new"))).to.equal(false);
  });

  it("makes no folder where there is nothing to copy: STORES_NONE", async () => {
    for (const { code, stdout, stderr } of [await backup("nope", "a/copy"), await restore("nope", "a/copy")]) {
      expect(code).to.equal(2);
      expect(stdout + stderr).to.contain("STORES_NONE");
    }
    expect(existsSync(at("a"))).to.equal(false);
  });
});
