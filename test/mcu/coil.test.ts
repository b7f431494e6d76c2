// The coil on a Cortex-M: how its passes begin, whatever comes by a line meanwhile, and how its current goes back after one. All else of its edges
// is the bench's (bench.test.ts).

import type { QemuCard, QemuDebugger, QemuHalt, QemuPass } from "@enabling-card/emulator";
import { disassembly } from "@enabling-card/tools";
import { expect } from "chai";
import { imageOrSkip } from "../support/mcu-image.js";
import { type QemuWithPhone, qemuWithPhone } from "../support/qemu-with-phone.js";

/** The board's timer. */
const TICKS_PER_US = 25;
/** firmware/mcu/include/ports/coil.h. */
const [FULL, STEP_US] = [20, 250];
/** UART0's STATE on the an386, and its bit that says that an octet waits. */
const [UART_STATE, RECEIVED] = [0x40004004, 2];

describe("the coil on a Cortex-M", () => {
  let card: QemuWithPhone;
  /** Instructions before which it was halted: those that arm it, and an interrupt's first. */
  const seen: number[] = [];
  let arming: readonly number[] = [];
  let receives: number;
  before(async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const text = disassembly(built.elf);
    arming = instructionsOf("board_coil_arm", text);
    receives = instructionsOf("uart0_receives", text)[0]!;
    const onHalt = async ({ registers }: QemuHalt, machine: QemuDebugger): Promise<void> => {
      seen.push(registers[15]!);
      // A halt costs time, by QEMU's count too: none is left for what follows.
      if (registers[15] === receives) await machine.unbreak(receives);
      if (registers[15] !== arming[0]) return;
      // An octet comes as the coil's clock is about to be looked at. Three zeros are a frame that says nothing.
      await machine.breakAt(receives);
      await card.qemu.loaderLine().write(new Uint8Array(3));
      while (((await card.qemu.look(UART_STATE, 4))[0]! & RECEIVED) === 0);
    };
    card = await qemuWithPhone(built, { seed: "coil", icount: true, halts: { at: arming, onHalt } });
    await card.phone.load(await card.grant(card.phone));
    expect(await card.qemu.ramp()).to.have.length(0);
    await card.phone.present({ when: "now" });
  });
  after(async () => {
    await card?.phone.close();
    await card?.close();
  });

  it("is armed before an octet that comes meanwhile interrupts: between its clock's reading and its timer's start that would be an edge's error", () => {
    const passes = seen.flatMap((at, i) => (at === arming[0] ? [seen.slice(i, i + arming.length + 1)] : []));
    expect(passes).to.deep.equal(Array(2).fill([...arming, receives]));
  });

  it("lets its current back in steps after the last edge", async () => {
    expect(await ramped(card.qemu)).to.deep.equal(stepsAfter(card.qemu.passes.at(-1)!));
  });
});

/** Addresses of a function's instructions, up to the first one that returns or leaves. */
function instructionsOf(name: string, text: string): number[] {
  const block = /^[^\n]*\n(.*?\tb(x\tlr|\.w\t).*?)\n/s.exec(text.slice(text.indexOf(`<${name}>:`)))![1]!;
  return [...block.matchAll(/^\s*([0-9a-f]+):\t(?!\.)/gm)].map(([, at]) => Number.parseInt(at!, 16));
}

/** Level by microseconds from the last edge, once it is over. */
async function ramped(qemu: QemuCard): Promise<readonly [number, number][]> {
  for (;;) {
    const ramp = await qemu.ramp();
    if (ramp.at(-1)?.level === 0) return ramp.map(({ ticks, level }) => [Math.round(ticks / TICKS_PER_US), level]);
  }
}

/** From the direction that the last edge left, the first one being up, down to nothing. */
function stepsAfter({ edgesNs }: QemuPass): readonly [number, number][] {
  const direction = edgesNs.length % 2 === 1 ? 1 : -1;
  return Array.from({ length: FULL }, (_, i) => [(i + 1) * STEP_US, direction * (FULL - 1 - i) || 0]);
}
