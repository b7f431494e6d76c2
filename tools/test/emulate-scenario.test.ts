import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { playScenario } from "../src/index.js";
import { ecard, testFolder } from "./run-ecard.js";

const SAMPLES = fileURLToPath(new URL("../../emulator/scenarios/", import.meta.url));

describe("ecard emulate --scenario", () => {
  const folder = testFolder();
  const scenario = (steps: readonly object[], name = "test"): string => {
    const path = join(folder(), `${name}.json`);
    writeFileSync(path, JSON.stringify({ name, steps }));
    return path;
  };

  const heard: Record<string, RegExp> = {
    "armed-then-swiped.json": /^armed$/,
    "courier-drops.json": /^(USER_ABSENT|CONFIRMATION_TIMEOUT)$/,
    "power-cut-before-the-first-edge.json": /^LINK_LOST$/,
    "swipe-twice-pressed.json": /^sent$/,
  };
  for (const sample of readdirSync(SAMPLES)) {
    it(`plays the sample ${sample}, each step marked`, async () => {
      const { code, facts } = await ecard(["emulate", "--scenario", join(SAMPLES, sample), "--json"]);
      expect(code).to.equal(0);
      const lines = facts();
      const { steps } = JSON.parse(readFileSync(join(SAMPLES, sample), "utf8")) as { steps: object[] };
      expect(lines.slice(0, -1).map(({ index, outcome }) => [index, outcome])).to.deep.equal(
        steps.map((_, i) => [i, "ok"]),
      );
      expect(lines.at(-1)).to.include({ ok: true, steps: steps.length });
      expect(lines.at(-1)!.phone).to.match(heard[sample] ?? /./);
    });
  }

  it("says each step in the file's own words", async () => {
    const { stdout } = await ecard(["emulate", "--scenario", join(SAMPLES, "swipe-twice-pressed.json")]);
    expect(stdout).to.contain("  ✓ wait indicator ask\n  ✓ press twice\n");
    expect(stdout).to.contain("  ✓ expect emissions 1, traps 0, lineUp true\n");
    expect(stdout).to.match(/4 steps as expected; the phone heard: sent\n$/);
  });

  it("marks the step that was not as expected, and ends with 1", async () => {
    const path = scenario([{ press: "once" }, { expect: { emissions: 3 } }, { press: "once" }]);
    const { code, stdout, stderr } = await ecard(["emulate", "--scenario", path]);
    expect(code).to.equal(1);
    expect(stdout).to.contain("  ✓ press once\n  ✗ expect emissions 3  (steps[1]: expected emissions 3, it is 0)\n");
    expect(stdout.split("press once")).to.have.length(2);
    expect(stderr).to.equal("ecard: steps[1]: expected emissions 3, it is 0 [SCENARIO_FAILED]\n");
    const json = await ecard(["emulate", "--scenario", path, "--json"]);
    expect(json.facts().map((line) => line.outcome ?? Object.keys(line)[0])).to.deep.equal(["ok", "failed", "error"]);
    expect(json.stderr).to.equal("");
  });

  it("refuses a file that is not valid with 2, before anything is set up", async () => {
    const bad = join(folder(), "bad.json");
    writeFileSync(bad, "{ not json");
    for (const path of [bad, scenario([]), scenario([{ jump: 3 }]), folder(), "/no/such.json"]) {
      const { code, stdout, stderr } = await ecard(["emulate", "--scenario", path]);
      expect(code, path).to.equal(2);
      expect(stdout).to.equal("");
      expect(stderr).to.match(/^ecard: [^\n]+ \[SCENARIO_(INVALID|UNREADABLE)\]\n$/);
    }
  });

  it("tells what the phone heard, also where it heard nothing", async () => {
    const value = { name: "nobody presses", steps: [{ wait: { indicator: "ask" } }] };
    expect(await playScenario(value)).to.deep.equal({
      scenario: "nobody presses",
      ok: true,
      steps: 1,
      present: "now",
      phone: "waiting",
    });
    expect((await playScenario(value, { autoPress: true })).phone).to.equal("sent");
    expect((await playScenario(value, { autoPress: true, present: "swipe", mtu: 23 })).phone).to.equal("armed");
  });

  it("shows every step inside the card with --trace, and nothing secret", async () => {
    const path = join(SAMPLES, "swipe-twice-pressed.json");
    const { facts, stdout } = await ecard(["emulate", "--scenario", path, "--trace", "--json"]);
    const kinds = facts().flatMap(({ trace }) => (trace ? [(trace as { kind: string }).kind] : []));
    expect(kinds).to.include.members(["indicator", "button", "mail", "pass", "chunk"]);
    expect(stdout).not.to.match(/999999[0-9]{10}|ECARD1:/);
    const text = await ecard(["emulate", "--scenario", path, "--trace"]);
    expect(text.stdout).to.match(/ {4} +[0-9.]+ ms {2}indicator {2}name ask\n/);
  });

  it("takes a file that begins with a byte order mark", async () => {
    const path = join(folder(), "bom.json");
    writeFileSync(path, `\uFEFF${JSON.stringify({ name: "bom", steps: [{ press: "once" }] })}`);
    expect((await ecard(["emulate", "--scenario", path])).code).to.equal(0);
  });

  it("moves no cursor and turns no text, whatever its file says", async () => {
    const name = "\x1b[2Jred\x07\u009b31m\u202Etxt\n[fake]";
    const { code, stdout, stderr } = await ecard(["emulate", "--scenario", scenario([{ press: "once" }], "odd")]);
    expect(code).to.equal(0);
    const path = join(folder(), "odd.json");
    writeFileSync(path, JSON.stringify({ name, steps: [{ press: "once" }] }));
    const odd = await ecard(["emulate", "--scenario", path]);
    expect(odd.stdout.split("\n")).to.have.length(stdout.split("\n").length);
    expect(odd.stdout).to.contain("\\u{1b}[2Jred");
    writeFileSync(path, `\x1b[31m{`);
    const bad = await ecard(["emulate", "--scenario", path]);
    expect(bad.code).to.equal(2);
    for (const said of [odd.stdout, odd.stderr, bad.stderr, stderr]) {
      expect(said.replaceAll("\n", "")).not.to.match(/[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  it("ends in the middle of a wait when it is cancelled", async () => {
    const abort = new AbortController();
    const path = scenario([{ press: "once" }, { wait: { indicator: "refused", timeoutMs: 3_000 } }]);
    const started = Date.now();
    const { code, stderr } = await ecard(["emulate", "--scenario", path], {
      signal: abort.signal,
      onOut: (text) => text.includes("press once") && setTimeout(() => abort.abort(), 20),
    });
    expect(code).to.equal(130);
    expect(stderr).to.equal("");
    expect(Date.now() - started).to.be.lessThan(2_500);
  });
});
