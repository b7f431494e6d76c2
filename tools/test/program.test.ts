// The program as a shell runs it: pipes, signals, time.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ended, jsonLines, spawnEcard, testFolder } from "./run-ecard.js";

const BIN = new URL("../bin/ecard.mjs", import.meta.url).pathname;
const SCENARIO = new URL("../../emulator/scenarios/swipe-twice-pressed.json", import.meta.url).pathname;
/** As a user has it: no variable of the test runner's. */
const ENV = { PATH: process.env.PATH, HOME: process.env.HOME };

describe("the ecard program", () => {
  const folder = testFolder();

  it("shows its help without loading what it does not need", async () => {
    const { code, stdout, stderr } = await ended(spawnEcard(["--help"], { env: ENV }));
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    expect(stdout).to.contain("Commands:");
    // What a clock would say depends on the machine; what is loaded does not.
    const loaded = spawnSync(process.execPath, [BIN, "--help"], {
      env: { ...ENV, NODE_DEBUG: "esm,module", NODE_OPTIONS: "" },
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    }).stderr;
    for (const heavy of ["better-sqlite3", "emulator/src", "pos-sim/src", "network/issuer", "sdk/src"]) {
      expect(loaded, heavy).not.to.contain(heavy);
    }
    expect(loaded).to.contain("tools/src/cli.ts");
  });

  const bash = (line: string) => spawnSync("bash", ["-c", `set -o pipefail; ${line}`], { env: ENV, encoding: "utf8" });
  const ecard = `'${process.execPath}' '${BIN}'`;

  it("goes on quietly when its reader has seen enough, to its true end", () => {
    const demo = bash(`${ecard} demo --out '${folder()}/demo' | head -n 1`);
    expect(demo.stderr).to.equal("");
    expect(demo.stdout.split("\n")).to.have.length(2);
    expect(demo.status).to.equal(0);
    expect(readdirSync(join(folder(), "demo"))).to.include("journey.json");
    const unread = bash(`${ecard} pos read /no/such.wav | true`);
    expect(unread).to.include({ status: 1, stderr: "" });
    // A card stays only for somebody who hears of it.
    const card = bash(`${ecard} emulate --scenario '${SCENARIO}' --trace | head -n 1; ${ecard} emulate | true`);
    expect(card).to.include({ status: 0, stderr: "" });
    expect(bash(`${ecard} fly 2>&- `).status).to.equal(2);
    expect(bash(`${ecard} fly 2> >(true)`).status).to.equal(2);
  });

  it("says in one line that what it prints to is full, and ends with 3", () => {
    for (const line of [
      "doctor",
      "--help",
      "demo --json --out '/tmp/full'".replace("/tmp/full", join(folder(), "full")),
    ]) {
      const { status, stderr } = bash(`${ecard} ${line} > /dev/full`);
      expect(stderr, line).to.equal("ecard: The disk is full: make room, then try again [ENOSPC]\n");
      expect(status, line).to.equal(3);
    }
    expect(bash(`${ecard} fly 2> /dev/full`).status).to.equal(2);
  });

  it("prints no colours into a pipe, nor with NO_COLOR or on a dumb terminal, and colours on a terminal", async () => {
    const piped = await ended(spawnEcard(["doctor"], { env: { ...ENV, TERM: "xterm-256color" } }));
    expect(piped.stdout).to.contain("✓").and.not.contain("\x1b");
    const onTerminal = (variables: string) =>
      spawnSync("script", ["-qec", `env ${variables} '${process.execPath}' '${BIN}' doctor`, "/dev/null"], {
        env: ENV,
        encoding: "utf8",
      }).stdout;
    expect(onTerminal("TERM=xterm")).to.contain("\x1b[32m✓\x1b[0m");
    expect(onTerminal("TERM=xterm NO_COLOR=1")).to.contain("✓").and.not.contain("\x1b");
    expect(onTerminal("TERM=dumb")).to.contain("✓").and.not.contain("\x1b");
  });

  for (const [what, args, sign] of [
    ["a bench", ["bench", "--runs", "1000", "--json"], undefined],
    ["a scenario's long wait", ["emulate", "--scenario", "WAIT"], "press once"],
    ["a card on a port", ["emulate"], "Ctrl-C"],
    ["a wait for a recording that does not come", ["pos", "read", "-"], undefined],
    ["a wait for a pipe that nobody writes to", ["pos", "read", "FIFO"], undefined],
    ["a wait for a scenario that nobody writes", ["emulate", "--scenario", "FIFO"], undefined],
    ["the reader's bench", ["bench", "--runs", "1", "--seconds", "600"], "together"],
  ] as const) {
    it(`ends ${what} with 130 at Ctrl-C, without a word`, async () => {
      const wait = join(folder(), "wait.json");
      const steps = [{ press: "once" }, { wait: { indicator: "refused", timeoutMs: 3_000_000 } }];
      writeFileSync(wait, JSON.stringify({ name: "long", steps }));
      const fifo = join(folder(), "fifo");
      if (!existsSync(fifo)) spawnSync("mkfifo", [fifo]);
      const child = spawnEcard(
        args.map((arg) => ({ WAIT: wait, FIFO: fifo })[arg as string] ?? arg),
        { env: ENV, cwd: folder(), stdio: "pipe" },
      );
      const end = ended(child);
      if (sign === undefined) await new Promise((resolve) => setTimeout(resolve, 4_000));
      else {
        let seen = "";
        while (!seen.includes(sign)) seen += String((await once(child.stdout!, "data"))[0]);
      }
      const kill = setTimeout(() => child.kill("SIGKILL"), 5_000); // it would be seen as no code at all
      child.kill("SIGINT");
      const { code, stderr } = await end;
      clearTimeout(kill);
      expect(code).to.equal(130);
      expect(stderr).to.equal("");
    });
  }

  it("says what is wrong on stderr, and what it was asked for on stdout", async () => {
    const wrong = await ended(spawnEcard(["fly"], { env: ENV }));
    expect(wrong).to.deep.include({ code: 2, stdout: "" });
    expect(wrong.stderr).to.match(/^ecard: [^\n]+ \[WRONG_USE\]\n$/);
    const json = await ended(spawnEcard(["doctor", "--json"], { env: ENV, cwd: folder() }));
    expect(jsonLines(json.stdout).length).to.be.greaterThan(5);
    expect(json.stderr).to.equal("");
    expect(readdirSync(folder())).not.to.include("out");
  });

  it("is the only thing that ends the process: no verb does", () => {
    const sources = new URL("../src/", import.meta.url);
    const files = readdirSync(sources, { recursive: true }).map(String);
    const ending = files
      .filter((file) => file.endsWith(".ts"))
      .filter((file) => {
        return /process\.(exit|abort|kill\(process\.pid)/.test(readFileSync(new URL(file, sources), "utf8"));
      });
    expect(files.length).to.be.greaterThan(20);
    expect(ending).to.deep.equal(["cli.ts"]);
  });
});
