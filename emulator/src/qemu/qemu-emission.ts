// What the coil's pins showed, as the emulated coil tells it.

import { Battery } from "../ports/battery.js";
import { EMISSION_GAP_NS, type Emission, type Pass } from "../ports/coil.js";

/** One pass as the coil's pins showed it. */
export interface QemuPass {
  /** On the board's timer, nanoseconds from the first pass since power-on; the timer comes round after 171 s, and the next pass must be nearer. */
  readonly startNs: number;
  /** Reversals, nanoseconds from the first one. */
  readonly edgesNs: Float64Array;
}

/** Puts the bench's reports of passes onto one line of time: edges in ticks of a timer that comes round. */
export class PassClock {
  ticksPerUs = 1;
  #lastTick: number | undefined;
  #sinceFirstNs = 0;

  /** @param octets - Of each edge its tick, u32 LE. */
  pass(octets: Uint8Array): QemuPass {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    const first = view.getUint32(0, true);
    const ns = 1000 / this.ticksPerUs;
    if (this.#lastTick !== undefined) this.#sinceFirstNs += ((first - this.#lastTick) >>> 0) * ns;
    this.#lastTick = first;
    const edgesNs = Float64Array.from(
      { length: octets.length / 4 },
      (_, i) => ((view.getUint32(4 * i, true) - first) >>> 0) * ns,
    );
    return { startNs: this.#sinceFirstNs, edgesNs };
  }
}

/** The last passes, no more than a second apart, as one swipe; undefined where there are none. Energy is the emulated card's for as long. */
export function lastEmission(passes: readonly QemuPass[]): Emission | undefined {
  if (passes.length === 0) return undefined;
  const lengthOf = ({ edgesNs }: QemuPass): number => edgesNs[edgesNs.length - 1]!;
  let first = passes.length - 1;
  for (; first > 0; first--) {
    const before = passes[first - 1]!;
    if (passes[first]!.startNs - before.startNs - lengthOf(before) > EMISSION_GAP_NS) break;
  }
  const battery = new Battery();
  const { startNs } = passes[first]!;
  const swipe = passes.slice(first).map((pass): Pass => {
    const from = pass.startNs - startNs;
    return {
      startNs: from,
      endNs: from + lengthOf(pass),
      edgesNs: pass.edgesNs.map((at) => from + at),
      complete: true,
      energyMj: battery.emissionMj(lengthOf(pass)),
    };
  });
  return {
    startNs,
    passes: swipe,
    edgesNs: swipe.map(({ edgesNs }) => edgesNs),
    energyMj: swipe.reduce((sum, { energyMj }) => sum + energyMj, 0),
    durationNs: swipe[swipe.length - 1]!.endNs,
  };
}
