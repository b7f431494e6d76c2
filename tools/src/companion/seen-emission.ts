// What the engineer's page is told of an emission: its energy by the emulated battery, and its edges where the number may be shown.

import type { SeenEmission } from "@enabling-card/companion/world";
import type { Battery, Emission } from "@enabling-card/emulator";
import { readSamples } from "@enabling-card/pos-sim";
import { recordingOf } from "../demo/recording.js";

/** @param nowMs - By this computer's clock */
export function seenEmission(emission: Emission, battery: Battery, nowMs: number): SeenEmission {
  const { capacityMj, reserve, idleMw } = battery.options;
  return {
    atMs: nowMs,
    durationNs: emission.durationNs,
    energyMj: emission.energyMj,
    passes: emission.passes.map(({ startNs, endNs, edgesNs, complete }) => ({
      ...{ startNs, endNs, edges: edgesNs.length, isWhole: complete },
    })),
    ...(mayBeShown(emission) && { edgesNs: emission.edgesNs.map((edges) => [...edges]) }),
    battery: {
      ...{ chargeMj: battery.chargeMj, capacityMj, reserveMj: reserve * capacityMj },
      ...{ coilMw: battery.emissionMw, idleMw },
    },
  };
}

/** As the reader has it: where all that it reads of the emission is of a test range. What it cannot read is not known, and is not shown. */
export function mayBeShown(emission: Emission): boolean {
  return recordingOf(emission).passes.every(({ samples, sampleRateHz }) => {
    const { reads } = readSamples(samples, sampleRateHz);
    return reads.length > 0 && reads.every(({ masked }) => !masked);
  });
}
