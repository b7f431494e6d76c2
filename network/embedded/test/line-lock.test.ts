// Whoever tries codes names another terminal (DE 41) or device each time, and that is his to choose: wrong tries are counted by the line as well, and old
// ones are forgotten.

import { randomBytes } from "node:crypto";
import { Agent, request as ask } from "node:http";
import { connect } from "node:net";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { T0 } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

const WRONG_MAX = 20;

describe("a line that is wrong", () => {
  let network: Network;
  let now: number;
  let faults: string[];
  beforeEach(async () => {
    [now, faults] = [T0, []];
    network = await startOfRun({
      ...{ keys: keysFromSeeds(randomSeeds()), now: () => now, onFault: (code) => faults.push(code) },
    });
  });
  afterEach(() => network.close());

  let tried = 0;
  /** A code that nobody made, at a terminal that nobody heard of before. */
  const attempt = (): Message => {
    const n = String(++tried);
    return {
      mti: "0100",
      fields: {
        ...{ 3: "000000", 4: "000000000100", 7: "0115120000", 11: n.padStart(6, "0"), 32: "999999" },
        ...{ 35: `9999999${n.padStart(9, "0")}=30121011000712345678`, 41: `T${n.padStart(7, "0")}`, 49: "978" },
        42: "POWDERS".padEnd(15),
      },
    };
  };
  const attempts = (count: number) => Array.from({ length: count }, attempt);
  /** What is said on one line until it is closed. */
  const closing = (messages: readonly Message[]) =>
    new Promise<(string | undefined)[]>((resolve) => {
      const socket = connect(network.processor.iso.port, network.processor.iso.host);
      const reader = new FrameReader();
      const said: (string | undefined)[] = [];
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => said.push(...reader.push(chunk).map((bytes) => saidOf(decode(bytes)))));
      socket.on("close", () => resolve(said));
      for (const message of messages) socket.write(frame(encode(message)));
    });

  it("twenty times is heard no more, whatever terminals it names, and closed: LINE_LOCKED", async () => {
    const said = await closing(attempts(2000));
    expect(said.filter((one) => one === "CODE_UNKNOWN")).to.have.length(WRONG_MAX);
    expect(said.slice(WRONG_MAX).every((one) => one === "LINE_LOCKED")).to.equal(true);
    expect(said.length).to.be.within(WRONG_MAX + 1, 1999);
    expect(faults).to.deep.equal(["LINE_LOCKED"]);
  });

  it("is closed, and no other: another line is heard", async () => {
    const other = answersOf(network.processor.iso, attempts(WRONG_MAX));
    await closing(attempts(100));
    expect((await other).map(saidOf)).to.deep.equal(Array(WRONG_MAX).fill("CODE_UNKNOWN"));
  });

  it("over HTTP is closed likewise, whatever devices it names", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const buy = () =>
      new Promise<{ readonly code: unknown; readonly connection: unknown }>((resolve, reject) => {
        const device = randomBytes(16).toString("base64url");
        const code = `9999999${String(++tried).padStart(9, "0")}`;
        const purchase = { device, code, counter: 1, cost: 100, currency: "978", provider: "POWDERS" };
        const asked = ask(`${network.processor.url}/v1/purchases`, {
          ...{ agent, method: "POST", headers: { "content-type": "application/json" } },
        });
        asked.on("error", reject);
        asked.on("response", async (response) => {
          const text = (await response.toArray()).join("");
          const { ourCode } = JSON.parse(text) as { ourCode: unknown };
          resolve({ code: ourCode, connection: response.headers.connection });
        });
        asked.end(JSON.stringify({ ...purchase, mac: Buffer.alloc(8).toString("base64url") }));
      });
    for (let i = 0; i < WRONG_MAX; i++) expect(await buy()).to.include({ code: "CODE_UNKNOWN" });
    expect(await buy()).to.deep.equal({ code: "LINE_LOCKED", connection: "close" });
    expect(await buy(), "on a line of its own").to.include({ code: "CODE_UNKNOWN" });
    agent.destroy();
  });

  it("leaves nothing behind when a day has gone by: old wrong tries are forgotten, whose ever they were", async () => {
    const { store } = network.processor.processor;
    for (let i = 0; i < 50; i++) await store.addFailure(`subject ${i}`, now, now - 86_400);
    now += 86_400;
    await answersOf(network.processor.iso, attempts(1));
    for (let i = 0; i < 50; i++) expect(await store.failures(`subject ${i}`, 0), String(i)).to.equal(0);
  });
});
