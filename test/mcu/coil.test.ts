// The coil on a Cortex-M: how its current goes back after a pass. Its edges are the bench's (bench.test.ts).

import type { QemuCard, QemuPass } from "@enabling-card/emulator";
import { expect } from "chai";
import { imageOrSkip } from "../support/mcu-image.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";

/** The board's timer. */
const TICKS_PER_US = 25;
/** firmware/mcu/include/ports/coil.h. */
const [FULL, STEP_US] = [20, 250];

describe("the coil on a Cortex-M", () => {
  it("lets its current back in steps after the last edge", async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const { qemu, phone, grant, close } = await qemuWithPhone(built, { seed: "coil", icount: true });
    try {
      await phone.load(await grant(phone));
      expect(await qemu.ramp()).to.have.length(0);
      await phone.present({ when: "now" });
      expect(qemu.passes).to.have.length(2);
      expect(await ramped(qemu)).to.deep.equal(stepsAfter(qemu.passes.at(-1)!));
      await phone.close();
    } finally {
      await close();
    }
  });
});

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
