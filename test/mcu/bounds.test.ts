// Modules stay in their memory: what wasm2c and module-to-c made of one is compiled for this machine, and its loads, stores, fills and copies are
// tried at every edge. That the board traps as well is traps.test.ts's.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { MODULES } from "../../tools/build-firmware.mjs";
import { cProgram } from "../support/c-program.js";
import { imageOrSkip } from "../support/mcu-image.js";

const BUILT = fileURLToPath(new URL("../../build/mcu/an386/", import.meta.url));

describe("the memory of a module, as it is compiled for a microcontroller", () => {
  // Nothing of the module's own functions is called: without them its imports are not needed.
  const flags = [
    ...["-w", "-fwhole-program", `-I${BUILT}`, `-DMODULE_C="${BUILT}wallet.c"`],
    ...[`-DMODULE_MEMORY=${MODULES.wallet.memory}u`, "-DMODULE_OCTETS=wallet_octets"],
    ...["-DWASM_RT_USE_STACK_DEPTH_COUNT=0", "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0"],
  ];
  const program = cProgram("bounds-harness.c", [], flags, imageOrSkip);

  it("is all that its loads, stores, fills and copies get at, whatever address and length they are given", () => {
    const { status, signal, stdout, stderr } = spawnSync(program());
    expect([status, signal, stderr.toString()]).to.deep.equal([0, null, ""]);
    expect(Number(stdout)).to.be.greaterThan(100_000);
  });
});
