// A stretch of samples to what it most likely says, and how sure that is.

import { TRACK_FORMATS } from "../track-format.js";
import { halved, type Seed } from "./acquire.js";
import { addLog, Background, type CellMetrics, Weights } from "./background.js";
import { clocked, completed, eventMetrics, eventsOf } from "./events.js";
import { follow } from "./follow.js";
import { joined, type Pass } from "./join.js";
import { CodeTrellis, type Found } from "./lattice.js";
import { metricsOf } from "./metrics.js";
import { lorentzian, type Pulse } from "./pulse.js";
import { freeBits, gridOf, matchedOf, movingMean, type Reading, refined, smoothed, without } from "./refine.js";

/** A text that a swipe may hold. */
export interface Likely {
  readonly symbolBits: 5 | 7;
  readonly data: string;
  readonly direction: "forward" | "reverse";
  /** Posterior probability against every other text and no text, each symbol equally likely beforehand. */
  readonly probability: number;
  /** Start sentinel to LRC, in cells of the stretch. */
  readonly from: number;
  readonly to: number;
}

/** A stretch of cells that was followed, and what it may say, likeliest first. Samples are those of the input. */
export interface Stretch {
  readonly likely: readonly Likely[];
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  /** Deviation of pulses from the clock, cells. */
  readonly jitter: number;
  /** Its cells' metrics, for whoever joins it to another pass. */
  readonly pass: Pass;
}

const TRELLISES = {
  2: { 5: new CodeTrellis(TRACK_FORMATS[3], 2), 7: new CodeTrellis(TRACK_FORMATS[1], 2) },
  4: { 5: new CodeTrellis(TRACK_FORMATS[3], 4), 7: new CodeTrellis(TRACK_FORMATS[1], 4) },
} as const;
const STRIPE = lorentzian(0.25);
const ROUNDS = 4;

/**
 * The stretch around the first of `seeds` that says something for certain, or else the likeliest one. Seeds that lie in a stretch that was
 * followed from another are passed over.
 */
export function search(samples: Float32Array, seeds: readonly Seed[], tries = 4): Stretch | undefined {
  const drafts: Draft[] = [];
  let best: Stretch | undefined;
  const sure = (stretch: Stretch | undefined) => stretch?.likely[0]?.probability ?? -1;
  let followed = 0;
  for (const seed of seeds) {
    if (drafts.some((draft) => covers(draft, seed))) continue;
    // One swipe at a time.
    if (drafts[0] !== undefined && (seed.at < drafts[0].from - seed.cell || seed.at > drafts[0].to + seed.cell))
      continue;
    if (followed++ === FOLLOWED) break;
    const draft = draftOf(samples, seed);
    if (draft === undefined) continue;
    drafts.push(draft);
    // What explains much less than another is a wrong clock on the same swipe.
    if (drafts.some((other) => other.explained * WORSE > draft.explained && overlap(other, draft))) continue;
    const reading = settled(draft);
    const { scale, shift } = draft;
    const matched = matchedOf(draft.samples, draft.base, reading, STRIPE);
    const stretch: Stretch = {
      likely: judged(draft.samples, draft.base, reading, STRIPE),
      get pass() {
        return {
          bits: reading.bits,
          forward: metricsOf(gridOf(reading), matched, STRIPE),
          reverse: metricsOf(gridOf(reading), matched, STRIPE, true),
        };
      },
      bounds: reading.bounds.map((at) => at * scale + shift),
      bits: reading.bits,
      jitter: reading.jitter,
    };
    if (best === undefined || sure(stretch) > sure(best)) best = stretch;
    if (sure(best) > ENOUGH || drafts.length === tries) break;
  }
  return best;
}

/** Nothing else is tried behind a text as likely as that. */
const ENOUGH = 0.9999;
/** Seeds followed in one place, at most. */
const FOLLOWED = 10;
const WORSE = 0.6;

function overlap(a: Draft, b: Draft): boolean {
  return a.from < b.to && b.from < a.to;
}

/** Fewer cells hold no text, and noise makes trails of up to so much. */
const CELLS_MIN = 30;
const GAIN_MIN = 70;

/** A trail that was followed, in samples of its own rate. */
interface Draft {
  readonly samples: Float32Array;
  readonly base: Float32Array;
  readonly reading: Reading;
  /** By how much the logarithm of the likelihood rises when its pulses are taken out. */
  readonly explained: number;
  readonly from: number;
  readonly to: number;
  readonly cell: number;
  /** Its sample n is the input's sample `n * scale + shift`. */
  readonly scale: number;
  readonly shift: number;
}

function covers({ from, to, cell }: Draft, seed: Seed): boolean {
  const ratio = seed.cell / cell;
  return seed.at > from && seed.at < to && ratio > 0.8 && ratio < 1.25;
}

function draftOf(samples: Float32Array, seed: Seed): Draft | undefined {
  let level = samples;
  let { at, cell } = seed;
  let scale = 1;
  let shift = 0;
  while (cell > 24) {
    level = halved(level);
    shift += 1.5 * scale;
    scale *= 2;
    at = (at - 1.5) / 2;
    cell /= 2;
  }
  // Hum and wander are slower than any run of cells.
  const width = Math.round(8 * cell);
  const base = movingMean(movingMean(level, width), width);
  const flat = without(level, base);
  const power = meanSquare(flat, at - 20 * cell, at + 20 * cell);
  // Of what is there, most is held to be noise: a clock that believes too much is lost at the first odd pulse.
  const noise = 0.7 * power;
  const { bounds, bits, signs, gain } = follow(flat, { ...seed, at, cell }, STRIPE, noise, 0.07);
  const cells = bits.length;
  if (cells < CELLS_MIN || gain < GAIN_MIN) return undefined;
  const mean = (bounds[cells]! - bounds[0]!) / cells;
  const height = new Float64Array(cells + 1).fill(seed.height);
  const first: Reading = { bounds: smoothed(bounds, 14), bits, signs, height, variance: noise, jitter: 0.05 };
  const reading = refined(level, base, first, STRIPE, 12);
  const after = refined(level, base, reading, STRIPE, 12);
  const length = bounds[cells]! - bounds[0]!;
  const before = meanSquare(level, bounds[0]!, bounds[cells]!);
  return {
    samples: level,
    base,
    reading: after,
    explained: length * Math.log(before / after.variance),
    from: bounds[0]! * scale + shift,
    to: bounds[cells]! * scale + shift,
    cell: mean * scale,
    scale,
    shift,
  };
}

function settled({ samples, base, reading: first }: Draft): Reading {
  let reading = first;
  for (let round = 0; round < ROUNDS; round++) {
    const matched = matchedOf(samples, base, reading, STRIPE);
    const metrics = metricsOf(gridOf(reading), matched, STRIPE);
    reading = { ...reading, ...freeBits(metrics) };
    reading = refined(samples, base, reading, STRIPE, 12);
  }
  return reading;
}

/** Times that scatter more than noise explains were moved by the writer: then they are judged, not the samples. */
function judged(samples: Float32Array, base: Float32Array, reading: Reading, pulse: Pulse): Likely[] {
  const formats = likelyFormats(reading.bits);
  if (formats.length === 0) return [];
  const events = reading.jitter > STEADY ? eventsOf(samples, base, reading, pulse) : undefined;
  if (events === undefined) {
    const matched = matchedOf(samples, base, reading, pulse);
    return shared([sums((reverse) => metricsOf(gridOf(reading), matched, pulse, reverse), formats)]);
  }
  let by = { reading, jitter: 0.1 };
  for (let round = 0; round < ROUNDS; round++) by = clocked(by.reading, events, by.jitter);
  const ways = completed(by.reading, events, by.jitter).map(({ events: whole, paid }) => {
    const at = clocked(by.reading, whole, by.jitter);
    return sums((reverse) => eventMetrics(at.reading, whole, at.jitter, reverse), formats, paid);
  });
  return shared(ways);
}

/** Deviation of pulses from the clock up to which the writer is not asked, cells. */
const STEADY = 0.045;

/** Characters of right parity, less those of wrong, that some run must have: accident makes eight or so. */
const PARITY_RUN = 9;

/** Formats whose parity the bits keep, as they are: of the other one there is no trace. */
function likelyFormats(bits: Uint8Array): readonly (5 | 7)[] {
  const scores = ([5, 7] as const).map((symbolBits) => {
    let best = 0;
    for (let first = 0; first < symbolBits; first++) {
      let run = 0;
      for (let at = first; at + symbolBits <= bits.length; at += symbolBits) {
        let ones = 0;
        for (let i = 0; i < symbolBits; i++) ones += bits[at + i]!;
        run = Math.max(0, run + (ones % 2 === 1 ? 1 : -1));
        best = Math.max(best, run);
      }
    }
    return best;
  }) as [number, number];
  const most = Math.max(...scores);
  if (most < PARITY_RUN) return [];
  return ([5, 7] as const).filter((_, i) => scores[i]! >= most - 10);
}

/** What passes say together: the last one's cells, read with all that say the same; undefined where none does. */
export function together(last: Stretch, others: readonly Stretch[]): readonly Likely[] | undefined {
  const metricsBy = joined(
    last.pass,
    others.map(({ pass }) => pass),
  );
  return metricsBy && shared([sums(metricsBy, [5, 7])]);
}

/** What one set of metrics says, unscaled: logarithms of the weights of no text, of all texts, and of the best ones. */
interface Sums {
  readonly none: number;
  readonly all: number;
  readonly found: readonly (Omit<Likely, "probability"> & { readonly score: number })[];
}

function sums(metricsBy: (reverse: boolean) => CellMetrics, formats: readonly (5 | 7)[], paid = 0): Sums {
  let none = 0;
  let all = Number.NEGATIVE_INFINITY;
  const found: { direction: Likely["direction"]; best: Found; score: number }[] = [];
  let cells = 0;
  for (const direction of ["forward", "reverse"] as const) {
    const weights = new Weights(metricsBy(direction === "reverse"));
    cells = weights.cells;
    const background = new Background(weights);
    if (direction === "forward") none = background.total - paid;
    for (const format of formats) {
      const { total, best } = TRELLISES[weights.turns][format].decode(weights, background);
      // Odds to no text, read in the same direction: sums of the two differ a little.
      all = addLog(all, none + total - background.total);
      if (best !== undefined) found.push({ direction, best, score: none + best.score - background.total });
    }
  }
  return {
    none,
    all,
    found: found.map(({ direction, best, score }) => ({
      symbolBits: best.symbolBits,
      data: textOf(best),
      direction,
      score,
      from: direction === "forward" ? best.from : cells - best.to,
      to: direction === "forward" ? best.to : cells - best.from,
    })),
  };
}

/** Posterior probabilities over several ways to see the same cells: a text's weights in all of them add up. */
function shared(ways: readonly Sums[]): Likely[] {
  const total = ways.reduce((sum, way) => addLog(addLog(sum, way.none), way.all), Number.NEGATIVE_INFINITY);
  const texts = new Map<string, Likely & { score: number }>();
  for (const { score, ...text } of ways.flatMap(({ found }) => found)) {
    const key = `${text.direction}${text.data}`;
    const sum = addLog(texts.get(key)?.score ?? Number.NEGATIVE_INFINITY, score);
    texts.set(key, { ...text, score: sum, probability: Math.exp(sum - total) });
  }
  return [...texts.values()].sort((a, b) => b.score - a.score).map(({ score: _, ...likely }) => likely);
}

function textOf({ symbols, symbolBits }: Found): string {
  const offset = symbolBits === 5 ? TRACK_FORMATS[2].offset : TRACK_FORMATS[1].offset;
  return String.fromCharCode(...Array.from(symbols.subarray(0, -1), (symbol) => symbol + offset));
}

function meanSquare(samples: Float32Array, from: number, to: number): number {
  const low = Math.max(0, Math.floor(from));
  const high = Math.min(samples.length, Math.ceil(to));
  let sum = 0;
  let mean = 0;
  for (let i = low; i < high; i++) {
    sum += samples[i]! * samples[i]!;
    mean += samples[i]!;
  }
  const n = Math.max(1, high - low);
  return sum / n - (mean / n) ** 2;
}
