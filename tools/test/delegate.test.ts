// System 6 at the command line: a right is handed out, narrowed, looked at, paid by and taken back.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { recordingOf } from "../src/demo/recording.js";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import { ecard, testFolder } from "./run-ecard.js";

describe("lending an account", () => {
  const folder = testFolder();
  let on: CardOnPort;
  let count = 0;
  beforeEach(async () => {
    on = await cardOnPort(folder(), `lent-${count++}`);
    expect((await on.phone("pair", on.sheet, "--issuer", on.issuer)).code).to.equal(0);
  });
  afterEach(() => on.close());

  const kept = (name: string, text: string) => {
    const file = join(folder(), `${name}-${count}.txt`);
    writeFileSync(file, text);
    return file;
  };
  const lend = (...args: readonly string[]) => on.phone("delegate", ...args);
  const make = async (...more: readonly string[]) => {
    const made = await lend("make", "--uses", "2", "--for", "7d", ...more);
    expect([made.code, made.stderr]).to.deep.equal([0, ""]);
    return kept("right", made.stdout);
  };
  const pay = (right: string, ...more: readonly string[]) => on.phone("pay", "9.50", "--right", right, ...more);
  const charged = async (amount: string) => {
    const { samples, sampleRateHz } = recordingOf(on.card.coil.emission()!).whole;
    const file = join(folder(), "lent.wav");
    writeFileSync(file, encodeWav([samples], sampleRateHz));
    const { host, port } = on.network.processor.iso;
    const at = ["--network", `${host}:${port}`, "--merchant", "BAKERY", "--country", "276", "--currency", "978"];
    const { facts } = await ecard(["pos", "charge", file, "--amount", amount, ...at, "--json"]);
    const { approved, ourCode } = facts()[0]!;
    return approved ? "APPROVED" : ourCode;
  };

  it("pays as often as the right says, which its owner sees; narrowed, it pays less", async () => {
    const right = await make("--amount", "20", "--total", "30");
    const child = await ecard(["delegate", "narrow", right, "--uses", "1", "--amount", "5"]);
    expect([child.code, child.stderr]).to.deep.equal([0, ""]);
    const narrow = kept("child", child.stdout);
    expect((await pay(narrow)).stderr)
      .to.include("[ISSUER_REFUSED]")
      .and.include("pays less than that");
    const shown = await ecard(["delegate", "show", narrow, "--offline"]);
    expect(shown.stdout).to.match(
      /2 times[\s\S]+up to 20\.00 EUR each time[\s\S]+handed on from here[\s\S]+once[\s\S]+up to 5\.00 EUR/,
    );
    for (let i = 0; i < 2; i++) {
      expect((await pay(right)).code).to.equal(0);
      expect(await charged("9.50")).to.equal("APPROVED");
    }
    expect((await pay(right)).stderr).to.include("as often as it may");
    expect((await lend("show", right)).stdout).to.match(/0 uses left, up to 20\.00 EUR each, 11\.00 EUR left in all/);
    const all = (await lend("show", "--json")).facts();
    expect(all).to.have.length(1);
    expect(all[0]).to.deep.include({ isRevoked: false });
    expect((all[0] as { uses: { outcome: string }[] }).uses.map(({ outcome }) => outcome)).to.deep.equal([
      "approved",
      "approved",
    ]);
    expect((await lend("show")).stdout).to.match(/approved: 9\.50 EUR at ENABLING CARD TEST SHOP/);
  }).timeout(60_000);

  it("is taken back while a card is armed with it", async () => {
    const right = await make();
    expect((await pay(right)).code).to.equal(0);
    const { id } = (await lend("show", "--json")).facts()[0] as { id: string };
    const revoked = await lend("revoke", id, "--json");
    expect([revoked.code, revoked.facts()]).to.deep.equal([0, [{ id, isRevoked: true }]]);
    expect(await charged("9.50")).to.equal("DELEGATION_REVOKED");
    expect((await pay(right)).stderr).to.include("taken the right back");
    expect((await lend("show")).stdout).to.include("taken back");
  }).timeout(60_000);

  it("says what is wrong with a right, an option, or nothing at all", async () => {
    const right = await make("--category", "5411", "--category", "5462");
    expect((await pay(right)).stderr).to.include("category of shops");
    expect((await pay(right, "--category", "5411")).code).to.equal(0);
    for (const args of [
      ["make"],
      ["make", "--uses", "2"],
      ["make", "--uses", "0", "--for", "1d"],
      ["make", "--uses", "2", "--for", "soon"],
      ["narrow", right],
      ["narrow", kept("none", "no right"), "--uses", "1"],
      ["show", kept("zeros", "A".repeat(9000)), "--offline"],
    ]) {
      const { code, stderr } = await lend(...args);
      expect([2, 5], `${args.join(" ")}: ${stderr}`).to.include(code);
      expect(stderr).to.match(/\[[A-Z_]+\]/);
    }
    expect((await lend("revoke", "A".repeat(26))).stderr).to.include("no such right");
    expect((await lend("make", "--uses", "2", "--for", "400d")).stderr).to.include("[ISSUER_REFUSED]");
    expect((await pay(right, "--through", "code", "--merchant", "X")).code).to.equal(2);
    expect((await on.phone("pay", "1", "--category", "5411")).code).to.equal(2);
  }).timeout(60_000);
});
