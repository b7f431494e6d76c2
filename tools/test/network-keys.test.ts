// ecard network keys: folders of keys that follow each other.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readServiceKeys } from "@enabling-card/network";
import { expect } from "chai";
import { ecard, testFolder } from "./run-ecard.js";

describe("ecard network keys", () => {
  const folder = testFolder();
  const keys = (...args: string[]) => ecard(["network", "keys", ...args]);

  it("makes the next ones, and those without the ones before, each in a folder of its own", async () => {
    const [first, next, last] = ["0", "1", "2"].map((name) => join(folder(), name)) as [string, string, string];
    expect((await keys("--out", first)).code).to.equal(0);
    const before = readdirSync(first).map((name) => readFileSync(join(first, name), "hex"));
    const { code, facts } = await keys("--json", "--rotate", first, "--out", next);
    expect(code).to.equal(0);
    expect(readdirSync(first).map((name) => readFileSync(join(first, name), "hex"))).to.deep.equal(before);
    const files = facts()[0]!.keys as string[];
    expect(files.map((file) => statSync(file).mode & 0o777)).to.deep.equal(Array(6).fill(0o600));
    const acs = (of: string) => readServiceKeys("acs", readFileSync(join(of, "acs.json"), "utf8"))!;
    expect([acs(next).cavvKey.number, acs(next).cavvKey.before?.number]).to.deep.equal([1, 0]);
    expect((await keys("--rotate", next, "--out", last)).stderr).to.contain("[KEYS_ROTATING]");
    expect((await keys("--retire", next, "--out", last)).stderr).to.contain("[KEYS_OVERLAP]");
    expect((await keys("--retire", first, "--out", last)).stderr).to.contain("[KEYS_NOT_ROTATED]");
    expect(existsSync(last)).to.equal(false);
    expect((await keys("--retire", next, "--early", "--out", last)).code).to.equal(0);
    expect([acs(last).cavvKey.number, acs(last).cavvKey.before]).to.deep.equal([1, undefined]);
  });

  it("leaves what is there as it is, and nothing half made: FOLDER_FAILED", async () => {
    const [first, other] = ["a", "b"].map((name) => join(folder(), name)) as [string, string];
    await keys("--out", first);
    await keys("--out", other);
    const before = readFileSync(join(other, "issuer.json"), "utf8");
    expect((await keys("--rotate", first, "--out", other)).stderr).to.contain("[FOLDER_FAILED]");
    expect(readFileSync(join(other, "issuer.json"), "utf8")).to.equal(before);
    expect(readdirSync(folder()).filter((name) => name.includes("part"))).to.deep.equal([]);
  });

  it("refuses what does not go together: WRONG_USE; and a folder without keys: KEYS_INVALID", async () => {
    const out = join(folder(), "never");
    for (const args of [["--early"], ["--rotate", "x", "--early"], ["--rotate", "x", "--retire", "y"]]) {
      expect((await keys(...args, "--out", out)).stderr, args.join(" ")).to.contain("[WRONG_USE]");
    }
    expect((await keys("--rotate", folder(), "--out", out)).stderr).to.contain("[KEYS_INVALID]");
    expect(existsSync(out)).to.equal(false);
  });
});
