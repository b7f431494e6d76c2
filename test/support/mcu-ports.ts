// The microcontroller's ports (firmware/mcu/ports) compiled for this machine, with test/mcu/ports-harness.c around them: orders in, answers out.

import { spawnSync } from "node:child_process";
import { MemoryBlock, Region, Store } from "@enabling-card/emulator";
import { expect } from "chai";
import { cProgram } from "./c-program.js";

/** ports-harness.c: octets of a module's memory, and of the store. */
export const [BUDGET, STORE_SIZE] = [4096, 8192];

const PORTS = ["battery", "clock", "coil", "line", "mailbox", "radio", "sensors", "store", "vault"];
const FILES = ["runtime/machine.c", "runtime/update.c", ...PORTS.map((name) => `ports/${name}.c`)];
/** Orders whose answers are octets. */
const HEX = ["store", "peek", "sent", "radio.poll"];

export type Order = readonly (string | number)[];

/** Asks a card that was just started, its store with `items`; numbers, or octets in hexadecimal. */
export type Ask = (orders: readonly Order[], items?: readonly (readonly [Region, number])[]) => (string | number)[];

/** Builds the harness before a suite's tests and takes it away behind them. */
export function mcuPorts(): Ask {
  const program = cProgram("ports-harness.c", FILES, ["-DPRODUCTION=1"]);
  return (orders, items = []) => {
    const block = new MemoryBlock(STORE_SIZE);
    const store = new Store(block);
    store.write(Region.Card, 1, Uint8Array.of(1));
    for (const [region, id] of items) store.write(region, id, Uint8Array.of(1, 2, 3));
    const input = Buffer.concat([
      block.snapshot(),
      Buffer.from(orders.map((words) => `${words.join(" ")}\n`).join("")),
    ]);
    const { stdout, stderr, status } = spawnSync(program(), { input });
    expect(status, stderr.toString()).to.equal(0);
    const lines = stdout.toString().split("\n").slice(0, -1);
    expect(lines).to.have.length(orders.length);
    return lines.map((line, i) => (HEX.includes(String(orders[i]![0])) || !/^-?\d+$/.test(line) ? line : Number(line)));
  };
}
