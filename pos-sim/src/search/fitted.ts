// A stretch of cells fitted to a model: pulses in noise, by its samples; or reversals that a writer moved, by their times.

import type { Followed } from "./draft.js";
import { astrayMetrics } from "./fit/astray.js";
import { clickedBy, damageIn, isOverlaid } from "./fit/damage.js";
import type { Damage } from "./fit/gains.js";
import { hasGaps } from "./fit/gaps.js";
import { lossyMetrics, metricsOf, passMetricsOf } from "./fit/metrics.js";
import { type Pulse, STRIPE } from "./fit/pulse.js";
import { freeBits, gridOf, matchedOf, noisyScatter, type Reading, refined, without } from "./fit/refine.js";
import { shaped } from "./fit/shape.js";
import { type Weighed, weighed } from "./fit/weighed.js";
import { clocked } from "./reversals/clock.js";
import { type Clock, eventMetrics } from "./reversals/events.js";
import type { Moved } from "./reversals/moved.js";
import { likelyFormats } from "./texts/parity.js";
import type { CellMetrics } from "./texts/weights.js";

const ROUNDS = 4;

/** How the cells of a stretch are seen at present. */
export interface View {
  readonly reading: Pick<Reading, "bounds" | "bits" | "jitter">;
  readonly metricsBy: (reverse: boolean) => CellMetrics;
  /** Where cells may be damaged, and may not be: metrics if they are. */
  readonly damagedBy?: (reverse: boolean) => CellMetrics;
  /** Nothing speaks for it, and noise may hide it: what is read is to be asked, and nothing else. */
  readonly isHidden?: boolean;
  /** Metrics of one pass among several. */
  readonly passBy: (reverse: boolean) => CellMetrics;
  /** What its samples have of each pulse, where they were asked. */
  readonly seenBy?: (reverse: boolean) => Weighed;
  /** Share of the writer in what moved its pulses: see {@link Pass}. */
  readonly writer: number;
  /** Something loud lies over the cells that are read so: what they say may be likely, and is not certain. */
  readonly isOverlaid: (bits: Uint8Array, from: number, to: number) => boolean;
  /** Metrics where clicks lie over cells, beside a text that they are not of. */
  readonly clickedBy: (bits: Uint8Array, from: number, to: number) => ((reverse: boolean) => CellMetrics) | undefined;
  /** Metrics if reversals are elsewhere, where pulses of a text are gone. */
  readonly astrayBy: (bits: Uint8Array, from: number, to: number) => ((reverse: boolean) => CellMetrics) | undefined;
  /** So much jitter that nobody could read it. */
  readonly hopeless: boolean;
}

/** A stretch fitted to a model, by its samples or by its reversals. */
export interface Fitted {
  readonly view: () => View;
  /** Fits it once more, by bits that are known. */
  readonly know: (known: Uint8Array) => void;
}

/** Fitted by samples. */
export function fittedBySamples(followed: Followed): Fitted {
  const { samples, base } = followed;
  let at = settled(followed);
  return {
    view: () => {
      const { reading, pulse } = at;
      const matched = matchedOf(samples, base, reading, pulse);
      const grid = { ...gridOf(reading), variance: reading.variance * blurOf(reading, pulse) };
      const seenBy = oncePerDirection((reverse) => weighed(grid, matched, pulse, reverse));
      const seen = damageIn(seenBy(false));
      const held = (damage: Damage) => (reverse: boolean) => metricsOf(seenBy(reverse), damage);
      const likelier = seen === "seen" ? "some" : "unseen";
      return {
        reading,
        metricsBy: held(likelier),
        passBy: (reverse) => passMetricsOf(seenBy(reverse), likelier),
        seenBy,
        writer: 1 - 1 / (1 + beyondNoise(reading, pulse)),
        ...((seen === "unclear" || seen === "hidden") && { damagedBy: held("some"), isHidden: seen === "hidden" }),
        isOverlaid: (bits, from, to) => isOverlaid(seenBy(false), bits, from, to),
        clickedBy: (bits, from, to) => {
          const clicked = clickedBy(seenBy(false), bits, from, to);
          return clicked && ((reverse) => lossyMetrics(seenBy(reverse), reverse ? clicked.toReversed() : clicked));
        },
        astrayBy: (bits, from, to) => {
          const flat = without(samples, base);
          const known = freeBits(held(likelier)(false), bits);
          if (!hasGaps(flat, { ...reading, ...known }, pulse, from, to)) return undefined;
          const { scale } = seenBy(false);
          return (reverse) => astrayMetrics(flat, grid, pulse, scale, reverse);
        },
        hopeless: false,
      };
    },
    know: (known) => {
      at = again(followed, at, known);
    },
  };
}

/** Fitted by the times of reversals. */
export function fittedByReversals(moved: Moved): Fitted {
  const { bounds } = moved;
  let clock: Clock = { bounds, bits: new Uint8Array(bounds.length - 1), jitter: MOVED_JITTER };
  for (let round = 0; round < ROUNDS; round++) clock = clocked(clock, moved);
  return {
    view: () => {
      const now = clock;
      const metricsBy = (reverse: boolean): CellMetrics => eventMetrics(now, moved, reverse);
      const writer = Math.max(0, 1 - (moved.noisy / now.jitter) ** 2);
      return {
        ...{ reading: now, metricsBy, passBy: metricsBy, writer },
        ...{
          isOverlaid: () => false,
          clickedBy: () => undefined,
          astrayBy: () => undefined,
          hopeless: now.jitter > TIMED,
        },
      };
    },
    know: (known) => {
      for (let round = 0; round < 2; round++) clock = clocked(clock, moved, known);
    },
  };
}

/** Clock and bits by turns, until the bits stay as they are, and the shape of the pulses. */
function settled(followed: Followed): Settled {
  const { samples, base, reading } = followed;
  let at: Settled = { reading, pulse: STRIPE };
  for (let round = 0; round < ROUNDS; round++) {
    const next = again(followed, at);
    const same = next.reading.bits.every((bit, k) => bit === at.reading.bits[k]);
    at = round === 0 ? shaped(without(samples, base), next.reading) : next;
    // Noise that kept parity by accident does not when it is looked at closely.
    if ((round > 0 && same) || likelyFormats(next.reading.bits).length === 0) break;
  }
  return at;
}

/** One round: bits by the clock, and a clock by the bits. */
function again({ samples, base, coloured }: Followed, { reading, pulse }: Settled, known?: Uint8Array): Settled {
  const matched = matchedOf(samples, base, reading, pulse);
  const seen = weighed(gridOf(reading), matched, pulse, false);
  const free = freeBits(metricsOf(seen, damageIn(seen) === "seen" ? "some" : "unseen"), known);
  return { pulse, reading: refined(samples, base, { ...reading, ...free }, pulse, coloured) };
}

/** The same, worked out when it is first asked for. */
function oncePerDirection<T>(of: (reverse: boolean) => T): (reverse: boolean) => T {
  const [known, reversed] = [{} as { value?: T }, {} as { value?: T }];
  return (reverse) => {
    const one = reverse ? reversed : known;
    one.value ??= of(reverse);
    return one.value;
  };
}

interface Settled {
  readonly reading: Reading;
  readonly pulse: Pulse;
}

/** By how much less pulses say than white noise would have it: a writer that moves them adds to it what no clock explains. */
function blurOf(reading: Reading, pulse: Pulse): number {
  return 1 + BLUR * beyondNoise(reading, pulse);
}

/** What moved the pulses beyond noise, variance over the noise's. */
function beyondNoise(reading: Reading, pulse: Pulse): number {
  return Math.max(0, (reading.scatter / noisyScatter(reading, pulse)) ** 2 - SCATTERED);
}

/** Scatter of times over what noise makes of it, squared: what its own chance may be. And how much of what lies beyond is noise, as jitter of 10 to 12 % at 3 to 8 dB is as often wrong then as it says. */
const SCATTERED = 1.3;
const BLUR = 0.3;

/** Jitter, cells, above which nothing is left to read. */
const TIMED = 0.21;

/** Deviation of reversals that a writer moved, before it is known. */
const MOVED_JITTER = 0.12;
