// What is known of a made-up recording, in seconds: where each swipe and each of its cells lies, and the same as marks for a picture.
import type { Read } from "../reader/read.js";
import { trackBits } from "../signal/stripe.js";
import { TRACK_FORMATS } from "../track-format.js";
import type { Labelled, Pass } from "./synth.js";

/** Times in seconds from the first sample. */
export interface SwipeLabel {
  readonly direction: "forward" | "reverse";
  /** From the start sentinel to the LRC, in the order of time. */
  readonly startS: number;
  readonly endS: number;
  /** Where the cells begin, zeros among them, and the last one ends, as the hand's speed has it: jitter moves reversals about these. */
  readonly cellsS: readonly number[];
}

/** Of each pass, in the order of time. */
export function swipeLabels({ passes, sampleRateHz }: Labelled): readonly SwipeLabel[] {
  return passes.map(({ direction, bounds, frameFrom, frameCells }) => ({
    direction,
    startS: seconds(bounds[frameFrom]!, sampleRateHz),
    endS: seconds(bounds[frameFrom + frameCells]!, sampleRateHz),
    cellsS: Array.from(bounds, (bound) => seconds(bound, sampleRateHz)),
  }));
}

/** The passes as `swipeSvg` takes reads: with the bits and cells that were written, whether or not a reader would find them. */
export function writtenReads(labelled: Labelled, jitter: number): readonly Read[] {
  const { passes, track, text, sampleRateHz } = labelled;
  return passes.map((pass): Read => {
    const { bounds, frameFrom, frameCells, direction } = pass;
    const [from, to] = [bounds[frameFrom]! / sampleRateHz, bounds[frameFrom + frameCells]! / sampleRateHz];
    return {
      ...{ track, data: text, direction, confidence: 1, characterConfidence: [], lrc: true, masked: false },
      ...{ startS: from, endS: to, cellUs: ((to - from) / frameCells) * 1e6, jitterPercent: 100 * jitter },
      cells: {
        bounds: bounds.map((bound) => bound / sampleRateHz),
        bits: bitsOf(labelled, pass),
        ...{ frameFrom, frameBits: frameCells, symbolBits: TRACK_FORMATS[track].symbolBits },
      },
    };
  });
}

/** When the flux turns as it was written, without jitter, seconds: at each edge of a cell, and in the middle of a one. */
export function writtenReversals(labelled: Labelled): readonly number[] {
  const { passes, sampleRateHz } = labelled;
  return passes.flatMap((pass) => {
    const bits = bitsOf(labelled, pass);
    return Array.from(pass.bounds).flatMap((bound, k, bounds) =>
      bits[k] === 1 ? [bound / sampleRateHz, (bound + bounds[k + 1]!) / 2 / sampleRateHz] : [bound / sampleRateHz],
    );
  });
}

/** In the order of time. */
function bitsOf({ track, text }: Labelled, { bounds, frameFrom, direction }: Pass): Uint8Array {
  const bits = new Uint8Array(bounds.length - 1);
  const data = trackBits(track, text);
  bits.set(direction === "forward" ? data : data.reverse(), frameFrom);
  return bits;
}

/** To a tenth of a microsecond. */
const seconds = (samples: number, rate: number): number => Math.round((samples / rate) * 1e7) / 1e7;
