// The real program in a process of its own, and a phone in this one.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sampleKeys, startIssuer } from "@enabling-card/issuer";
import { Card, IssuerClient, MemoryPairingStore } from "@enabling-card/sdk";
import { FilePairingStore, tcpTransport } from "@enabling-card/sdk/node";
import { expect } from "chai";
import type { ListeningFacts } from "../src/index.js";
import { needs } from "./programs.js";
import { ecard, ended, spawnEcard, testFolder } from "./run-ecard.js";

const makerRoot = sampleKeys().makerRoot.publicKey;

interface Running {
  readonly child: ChildProcess;
  readonly facts: ListeningFacts;
  readonly lines: string[];
}

describe("ecard emulate, and a phone in another process", () => {
  const folder = testFolder();
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  async function emulate(...args: string[]): Promise<Running> {
    const child = spawnEcard(["emulate", "--json", ...args]);
    children.push(child);
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout! });
    reader.on("line", (line) => lines.push(line));
    await Promise.race([once(reader, "line"), once(child, "close")]);
    if (lines.length === 0) throw new Error("it ended before it listened");
    return { child, lines, facts: JSON.parse(lines[0]!) as ListeningFacts };
  }

  async function end({ child }: Running, signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    child.kill(signal);
    const [code] = (await once(child, "close")) as [number | null];
    return code;
  }

  it("pair, load and present with the button pressed; the trace is JSON Lines without secrets", async () => {
    const running = await emulate("--auto-press", "--show-code");
    const { facts, lines } = running;
    expect(facts).to.have.all.keys("event", "host", "port", "cardId", "makerRoot", "pairingCode");
    expect(facts).to.include({ event: "listening", host: "127.0.0.1" });
    const service = await startIssuer({ keys: sampleKeys() });
    try {
      const phone = await Card.pair(tcpTransport({ port: facts.port }), facts.pairingCode!, {
        store: new MemoryPairingStore(),
        phoneName: "Other process",
        makerRoot: Buffer.from(facts.makerRoot!, "hex"),
      });
      const client = new IssuerClient({ baseUrl: service.url });
      await client.enrol(phone.certificate, "Other process");
      const token = await client.createToken(phone.cardId, "EXAMPLE/ALEX");
      const bundle = await client.grant({
        cardId: phone.cardId,
        tokenRef: token.tokenRef,
        challenge: phone.info.challenge,
        checkpointSize: phone.info.checkpointSize,
        domain: { requestor: "test", merchant: "Corner Coffee", channel: 0, country: 276, maxAmount: 2000 },
        maxEmissions: 1,
        kind: "online",
      });
      await phone.load(bundle);
      expect((await phone.present({ when: "now" })).passesSent).to.be.greaterThan(0);
      await phone.close();
    } finally {
      await service.close();
    }
    expect(await end(running)).to.equal(130);
    const trace = lines.slice(1).map((line) => (JSON.parse(line) as { trace: { kind: string } }).trace.kind);
    expect(trace).to.include.members(["line", "chunk", "button", "pass", "vault-write"]);
    expect(lines.slice(1).join("\n")).not.to.match(/ECARD1:|999999[0-9]{10}/);
  });

  it("Ctrl-C ends with 130, the flash file whole: the pairing is there in the next run", async () => {
    const dir = join(folder(), "kept");
    await ecard(["personalise", "--dir", dir]);
    const pairingCode = readFileSync(join(dir, "pairing-code.txt"), "utf8");
    const store = new FilePairingStore(join(folder(), "pairings.json"));
    const first = await emulate("--dir", dir);
    expect(first.facts).to.have.all.keys("event", "host", "port", "cardId", "makerRoot");
    const options = { store, phoneName: "Kept", makerRoot };
    await (await Card.pair(tcpTransport({ port: first.facts.port }), pairingCode, options)).close();
    expect(await end(first)).to.equal(130);
    expect(existsSync(join(dir, "card.lock"))).to.equal(false);

    const second = await emulate("--dir", dir);
    const phone = await Card.connect(tcpTransport({ port: second.facts.port }), { store });
    expect(phone.name).to.equal(first.facts.cardId);
    await phone.close();
    expect(await end(second, "SIGTERM")).to.equal(130);
  });

  it("a card is in use once; a process that was killed does not keep it", async () => {
    const dir = join(folder(), "held");
    await ecard(["personalise", "--dir", dir]);
    const first = await emulate("--dir", dir);
    const { code, stderr } = await ecard(["emulate", "--dir", dir]);
    expect(code).to.equal(3);
    expect(stderr).to.contain("[CARD_IN_USE]").and.contain(String(first.child.pid));
    await end(first, "SIGKILL");
    expect(existsSync(join(dir, "card.lock"))).to.equal(true);
    expect(await end(await emulate("--dir", dir))).to.equal(130);
  });

  it("a flash file that is none is refused, and not touched", async () => {
    const dir = join(folder(), "odd");
    await ecard(["personalise", "--dir", dir]);
    for (const [content, code] of [
      [Buffer.alloc(100), 2],
      [Buffer.alloc(32_768, "another file "), 1],
    ] as const) {
      writeFileSync(join(dir, "card.flash"), content);
      expect((await ecard(["emulate", "--dir", dir])).code).to.equal(code);
      expect(readFileSync(join(dir, "card.flash")).equals(content)).to.equal(true);
      expect(existsSync(join(dir, "card.lock"))).to.equal(false);
    }
  });

  it("a flash that was never personalised is exit 3", async () => {
    const dir = join(folder(), "blank");
    await ecard(["personalise", "--dir", dir]);
    writeFileSync(join(dir, "card.flash"), Buffer.alloc(32_768, 0xff));
    const { code, stderr } = await ecard(["emulate", "--dir", dir]);
    expect(code).to.equal(3);
    expect(stderr).to.contain("[NOT_PERSONALISED]");
  });

  it("a port that is taken is exit 3", async () => {
    const { facts } = await emulate();
    const { code, stderr } = await ecard(["emulate", "--listen", String(facts.port)]);
    expect(code).to.equal(3);
    expect(stderr).to.equal(`ecard: That port is in use: choose another one (${facts.port}) [EADDRINUSE]\n`);
  });

  it("the README's recipe works as it is written", async () => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const phone = /as `my-phone\.ts`[^\n]*\n\n```ts\n([^`]+(?:`[^`]+)*?)```/.exec(readme)![1]!;
    expect(readme).to.contain(
      "npx ecard personalise --dir my-card\n    npx ecard emulate --dir my-card --listen 7117\n",
    );
    await ecard(["personalise", "--dir", join(folder(), "my-card")]);
    const { facts } = await emulate("--dir", join(folder(), "my-card"));
    expect(facts.makerRoot).to.equal(readFileSync(join(folder(), "my-card/maker-root.txt"), "utf8").trim());
    // Packages are found from where the file stands, files from where it runs; the port is any that is free.
    symlinkSync(join(root, "node_modules"), join(folder(), "node_modules"));
    writeFileSync(join(folder(), "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder(), "my-phone.ts"), phone.replace("7117", String(facts.port)));
    const { code, stdout, stderr } = await ended(
      spawn(join(root, "node_modules/.bin/tsx"), ["my-phone.ts"], { cwd: folder() }),
    );
    expect(stderr).to.equal("");
    expect(stdout).to.contain(facts.cardId).and.contain("batteryPercent");
    expect(code).to.equal(0);
  });

  it("a scenario that leaves the phone waiting ends with its last line", async function () {
    this.timeout(20_000);
    const file = join(folder(), "waiting.json");
    writeFileSync(file, JSON.stringify({ name: "x", steps: [{ press: "twice" }] }));
    const child = spawnEcard(["emulate", "--scenario", file]);
    children.push(child);
    const { code, stdout } = await ended(child);
    expect(stdout).to.match(/1 step as expected; the phone heard: [A-Za-z_]+\n$/);
    expect(code).to.equal(0);
  });

  it("hides the pairing code unless asked", async () => {
    const abort = new AbortController();
    const { stdout } = await ecard(["emulate"], {
      signal: abort.signal,
      onOut: (text) => text.includes("Ctrl-C") && abort.abort(),
    });
    expect(stdout).to.match(/^card [A-Z2-7]{26} on 127\.0\.0\.1:[0-9]+\n/);
    expect(stdout).not.to.contain("ECARD1:");
  });

  it("keys on a terminal are its hands; q ends with 0, Ctrl-C with 130", async function () {
    needs(this, "script", "bsdutils");
    const bin = new URL("../bin/ecard.mjs", import.meta.url).pathname;
    /** Types each text once what stands before it was shown; the end. */
    const type = async (...dialogue: readonly (readonly [shown: string, keys: string])[]) => {
      const child = spawn("script", ["-qec", `${process.execPath} ${bin} emulate`, "/dev/null"]);
      children.push(child);
      const end = ended(child);
      for (const [shown, keys] of dialogue) {
        let seen = "";
        while (!seen.includes(shown)) seen += String((await once(child.stdout, "data"))[0]);
        child.stdin.write(keys);
      }
      return end;
    };
    const quit = await type(["keys: p press", "t?"], ["button  pressed false", "q"]);
    expect(quit.stdout).to.contain("press twice").and.contain("button  pressed true").and.contain("\x1b[");
    expect(quit.code, "q").to.equal(0);
    expect((await type(["keys: p press", "\x03"])).code, "Ctrl-C").to.equal(130);
  });
});
