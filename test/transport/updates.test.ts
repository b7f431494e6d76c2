// An update's upload over every adapter with GATT: what is written arrives whole and in order where a platform hides its MTU, and where it drops what it has no
// room for. The card is the emulated one, with a loader; what an update is besides: test/loader/air.test.ts.

import { SlotFlash } from "@enabling-card/emulator";
import { flashCardOverAir } from "@enabling-card/sdk";
import { FlashArea, PAIRING_HOLD_MS, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { expectError } from "../support/expect-refusal.js";
import { BOARD, loaderModule, partsOf, ROOT, SECTORS, sealed } from "../support/loader-card.js";
import { watchedWorlds } from "../support/watched-worlds.js";
import { MORE_MTUS, RIGS } from "./rigs.js";

const TWO = sealed(partsOf(2, 2, 12_000));
const newWorld = watchedWorlds();

describe("an upload over", () => {
  for (const rig of [...RIGS, ...MORE_MTUS]) {
    it(rig.name, async () => {
      const flash = new SlotFlash(SECTORS);
      flash.install(FlashArea.Slot0, sealed(partsOf(1, 1)));
      const loader = { module: await loaderModule(), flash, board: BOARD, root: ROOT };
      const bench = await rig.begin((options) => newWorld({ ...options, loader }));
      try {
        const transport = bench.transport();
        const sends = (signal?: AbortSignal) =>
          flashCardOverAir(transport, { image: TWO, reachMs: 5_000, ...(signal && { signal }), onStep });
        const over = new AbortController();
        // A page's user would choose the card again after its start: there the upload is all.
        const onStep = (step: string) => step === "sent" && rig.name.startsWith("web") && over.abort();
        if (transport.connectLoader === undefined) {
          await expectError(() => sends(), "ARGUMENT_INVALID");
          return;
        }
        bench.w.emulator.hold(PAIRING_HOLD_MS + 100);
        if (rig.name.startsWith("web")) await expectError(() => sends(over.signal), "ABORTED");
        else expect(await sends()).to.include({ confirmed: true });
        const slot = flash.areas[rig.name.startsWith("web") ? FlashArea.Slot1 : FlashArea.Slot0];
        expect(toHex(slot.subarray(0, TWO.length))).to.equal(toHex(TWO));
      } finally {
        await bench.close();
      }
    });
  }
});
