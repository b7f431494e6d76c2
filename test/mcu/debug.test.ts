// ecard debug: a real gdb lets the image run, stops it where it is told, and a phone pairs with what runs on.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { Card, MemoryPairingStore } from "@enabling-card/sdk";
import { tcpTransport } from "@enabling-card/sdk/node";
import { type DebugFacts, debugCard } from "@enabling-card/tools";
import { fromHex } from "@enabling-card/wire";
import { expect } from "chai";
import { needs } from "../../tools/test/programs.js";
import { imageOrSkip } from "../support/mcu-image.js";

describe("the image under a debugger", () => {
  it("waits for gdb, stops at its breakpoint, and pairs when it runs on", async function () {
    this.timeout(60_000);
    const { elf } = imageOrSkip(this);
    needs(this, "gdb-multiarch");
    const abort = new AbortController();
    const gdbPort = await freePort();
    let started = false;
    let debugging = Promise.resolve();
    try {
      const { gdb, host, port, pairingCode, makerRoot } = await new Promise<DebugFacts>((resolve, reject) => {
        debugging = debugCard({
          ...{ board: "an386", gdbPort, autoPress: true, showCode: true, signal: abort.signal },
          onWaiting: resolve,
          onStarted: () => {
            started = true;
          },
        });
        debugging.catch(reject);
      });
      const remote = /^gdb-multiarch \S+ -ex "(target remote [0-9.:]+)"$/.exec(gdb)![1]!;
      expect(started).to.equal(false);
      const orders = [remote, "break bench_ready", "continue", "backtrace 2", "delete", "detach"];
      const said = await run("gdb-multiarch", [elf, "-batch", ...orders.flatMap((order) => ["-ex", order])]);
      expect(said).to.match(/Breakpoint 1, bench_ready \(\)/);
      expect(said).to.match(/#1 .*machine_run/);
      const card = await Card.pair(tcpTransport({ host, port }), pairingCode!, {
        store: new MemoryPairingStore(),
        phoneName: "Ada's phone",
        makerRoot: fromHex(makerRoot),
      });
      expect(started).to.equal(true);
      await card.close();
    } finally {
      abort.abort();
      await debugging;
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text));
    child.once("error", reject);
    child.once("exit", () => resolve(said));
  });
}
