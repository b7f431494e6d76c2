// ecard network start --log: what happened, for an operator, and nothing of a card.

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IsoCaller } from "@enabling-card/doors";
import { expect } from "chai";
import { purchase } from "../../network/issuer/test/issuer-support.js";
import { ecard } from "./run-ecard.js";

const TRACK2 = "9999990000000017=30121011000112345678";
const ANY = ["--http", "--codes", "--acs", "--iso", "--watch"].flatMap((name) => [name, "0"]);

describe("ecard network start --log", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-log-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Starts it, has a terminal swipe a card, and ends it. */
  async function started(log: string, ...more: string[]) {
    const abort = new AbortController();
    let swiped: Promise<unknown> | undefined;
    const said = await ecard(["network", "start", ...more, ...ANY, "--log", log], {
      signal: abort.signal,
      onOut: (text) => {
        const [, host, port] = /(?:terminals on |"iso":\{"host":")([\d.]+)(?::|","port":)(\d+)/.exec(text) ?? [];
        if (host === undefined) return;
        const line = new IsoCaller({ host, port: Number(port) });
        swiped ??= line.ask(purchase({ track2: TRACK2 })).then(() => {
          line.close();
          abort.abort();
        });
      },
    });
    await swiped;
    return said;
  }
  const expectLog = (text: string) => {
    const lines = text.split("\n").filter((line) => line.startsWith("{"));
    const messages = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "message");
    expect(messages[0], text).to.include({ service: "processor", mti: "0100", answer: "CARD_NUMBER_UNKNOWN" });
    expect(text).to.not.contain("9999990000000017").and.not.contain("12345678");
  };

  it("writes lines of JSON on to a file that its owner alone can read", async () => {
    const file = join(folder, "log.jsonl");
    expect((await started(file, "--json")).code).to.equal(130); // Ctrl-C
    expectLog(readFileSync(file, "utf8"));
    if (process.platform !== "win32") expect(statSync(file).mode & 0o077).to.equal(0);
    const before = statSync(file).size;
    await started(file);
    expect(statSync(file).size).to.be.greaterThan(before);
  });

  it("writes them to standard error: -", async () => {
    const said = await started("-");
    expectLog(said.stderr);
  });

  it("says where a file cannot be written: LOG_UNWRITABLE", async () => {
    const { code, stderr } = await ecard(["network", "start", ...ANY, "--log", join(folder, "none", "log")]);
    expect([code, stderr.includes("[LOG_UNWRITABLE]")]).to.deep.equal([2, true]);
  });
});
