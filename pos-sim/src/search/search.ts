// A stretch of samples to what it most likely says, and how sure that is.

import { trackBits } from "../signal/stripe.js";
import { TRACK_FORMATS } from "../track-format.js";
import type { Seed } from "./acquire.js";
import { otherText } from "./alike.js";
import type { Rates } from "./around.js";
import { addLog, Background, type CellMetrics, Weights } from "./background.js";
import { POLARITY, REVERSALS } from "./chain.js";
import { certainties } from "./characters.js";
import { clocked } from "./clock.js";
import { type Draft, draftOf, type Followed } from "./draft.js";
import { type Clock, eventMetrics } from "./events.js";
import { type Joined, joined, type Pass } from "./join.js";
import { CodeTrellis, type Found } from "./lattice.js";
import { cellAt, DAMAGED, type Damage, damageIn, metricsOf } from "./metrics.js";
import type { Moved } from "./moved.js";
import { likelyFormats } from "./parity.js";
import type { Pulse } from "./pulse.js";
import { FREE, freeBits, gridOf, matchedOf, type Reading, refined, without } from "./refine.js";
import { STRIPE, shaped } from "./shape.js";

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
  /** Of each character of `data`, the probability that it is right, whatever the others are. Worked out when it is asked for. */
  readonly characters: () => Float64Array;
}

/** A stretch of cells that was followed, and what it may say, likeliest first. Samples are those of the input. */
export interface Stretch {
  readonly likely: readonly Likely[];
  readonly bounds: Float64Array;
  readonly bits: Uint8Array;
  /** Deviation of pulses from the clock, cells. */
  readonly jitter: number;
  /** Its cells' metrics, for whoever joins it to another pass; with `known` bits, fitted once more by them. */
  readonly passWith: (known?: Uint8Array) => Pass;
}

const TRELLISES = new Map(
  [POLARITY, REVERSALS].map((chain) => [
    chain,
    { 5: new CodeTrellis(TRACK_FORMATS[3], chain), 7: new CodeTrellis(TRACK_FORMATS[1], chain) },
  ]),
);
const ROUNDS = 4;

/**
 * The stretch around the first of `seeds` that says something for certain, or else the likeliest one. Seeds that lie in a stretch that was
 * followed from another are passed over.
 */
export function search(rates: Rates, seeds: readonly Seed[], tries = 4): Stretch | undefined {
  const drafts: Draft[] = [];
  let best: Stretch | undefined;
  const sure = (stretch: Stretch | undefined) => stretch?.likely[0]?.probability ?? -1;
  let followed = 0;
  for (const seed of seeds) {
    if (drafts.some((draft) => covers(draft, seed))) continue;
    // One swipe at a time, of which the first draft may have a part.
    if (drafts[0] !== undefined && !isAbout(drafts[0], seed.at)) continue;
    if (followed++ === FOLLOWED) break;
    const draft = draftOf(rates, seed, STRIPE);
    if (draft === undefined || (drafts[0] !== undefined && !overlap(drafts[0], draft))) continue;
    drafts.push(draft);
    // What explains much less than another is a wrong clock on the same swipe.
    if (drafts.some((other) => other.explained * WORSE > draft.explained && overlap(other, draft))) continue;
    const fit = draft.followed === undefined ? timed(draft.moved!) : heard(draft.followed);
    const { reading, likely } = judged(fit);
    const { scale, shift } = draft;
    const stretch: Stretch = {
      likely,
      passWith: (known) => {
        if (known !== undefined) fit.know(known);
        return passOf(fit.view());
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

function isAbout({ from, to }: Draft, at: number): boolean {
  const beside = BESIDE * (to - from);
  return at > from - beside && at < to + beside;
}

/** Share of a draft's length, on each side, in which the rest of the swipe may lie: passes of one emission are farther apart. */
const BESIDE = 0.5;

function overlap(a: Draft, b: Draft): boolean {
  return a.from < b.to && b.from < a.to;
}

/** True where a draft has about the cell that a seed would begin with. */
function covers(draft: Draft, { at, cell }: Seed): boolean {
  if (at < draft.from || at > draft.to) return false;
  const { bounds } = draft.followed?.reading ?? draft.moved!;
  const place = (at - draft.shift) / draft.scale;
  const k = Math.max(
    1,
    bounds.findIndex((bound) => bound > place),
  );
  const ratio = cell / (cellAt(bounds, k) * draft.scale);
  return ratio > 1 - SAME && ratio < 1 + SAME;
}

const SAME = 0.1;

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
  const damage = damageIn(gridOf(reading), matched, pulse) === "seen" ? "some" : "unseen";
  const free = freeBits(metricsOf(gridOf(reading), matched, pulse, damage), known);
  return { pulse, reading: refined(samples, base, { ...reading, ...free }, pulse, 12, coloured) };
}

interface Settled {
  readonly reading: Reading;
  readonly pulse: Pulse;
}

/** How the cells of a stretch are seen at present. */
interface View {
  readonly reading: Pick<Reading, "bounds" | "bits" | "jitter">;
  readonly metricsBy: (reverse: boolean) => CellMetrics;
  /** Where cells may be damaged, and may not be: metrics if they are. */
  readonly damagedBy?: (reverse: boolean) => CellMetrics;
  /** So much noise or jitter that nobody could read it. */
  readonly hopeless: boolean;
}

/** A stretch fitted to a model, by its samples or by its reversals. */
interface Fit {
  readonly view: () => View;
  /** Fits it once more, by bits that are known. */
  readonly know: (known: Uint8Array) => void;
}

/** Fitted by samples. */
function heard(followed: Followed): Fit {
  const { samples, base } = followed;
  let at = settled(followed);
  return {
    view: () => {
      const { reading, pulse } = at;
      const matched = matchedOf(samples, base, reading, pulse);
      const grid = gridOf(reading);
      const seen = damageIn(grid, matched, pulse);
      const held = (damage: Damage) => (reverse: boolean) => metricsOf(grid, matched, pulse, damage, reverse);
      return {
        reading,
        metricsBy: held(seen === "seen" ? "some" : "unseen"),
        ...(seen === "unclear" && { damagedBy: held("some") }),
        hopeless: clearness(reading, pulse) < HEARD,
      };
    },
    know: (known) => {
      at = again(followed, at, known);
    },
  };
}

/** Fitted by the times of reversals. */
function timed(moved: Moved): Fit {
  const { bounds } = moved;
  let clock: Clock = { bounds, bits: new Uint8Array(bounds.length - 1), jitter: MOVED_JITTER };
  for (let round = 0; round < ROUNDS; round++) clock = clocked(clock, moved);
  return {
    view: () => {
      const now = clock;
      const metricsBy = (reverse: boolean): CellMetrics => eventMetrics(now, moved, reverse);
      return { reading: now, metricsBy, hopeless: now.jitter > TIMED };
    },
    know: (known) => {
      for (let round = 0; round < 2; round++) clock = clocked(clock, moved, known);
    },
  };
}

/** What a stretch says. */
interface Judged {
  readonly reading: View["reading"];
  readonly likely: readonly Likely[];
}

/**
 * Judged, and once more with the likeliest text in place of the likeliest bits: bits that are chosen to fit make noise and jitter smaller
 * than they were, and everything surer than it is.
 */
function judged(fit: Fit): Judged {
  const first = judgedBy(fit.view());
  const text = first.likely[0];
  if (text === undefined || !isInDoubt(text)) return first;
  fit.know(bitsWith(text, first.reading.bits.length));
  return judgedBy(fit.view());
}

/** Worth a second look: not where nothing is likely, nor where there is no doubt. */
function isInDoubt({ probability }: Likely): boolean {
  return probability > UNLIKELY && probability < BEYOND_DOUBT;
}

const UNLIKELY = 0.01;
const BEYOND_DOUBT = 1 - 1e-12;

/** The bits of a text where it lies, in the order of time. */
function bitsWith({ symbolBits, data, direction, from }: Likely, cells: number): Uint8Array {
  const bits = new Uint8Array(cells).fill(FREE);
  const text = trackBits(symbolBits === 7 ? 1 : 2, data);
  bits.set(direction === "forward" ? text : text.reverse(), from);
  return bits;
}

function judgedBy({ reading, metricsBy, damagedBy, hopeless }: View): Judged {
  const formats = hopeless ? [] : likelyFormats(reading.bits);
  if (formats.length === 0) return { reading, likely: [] };
  const whole = likeliest(metricsBy, formats);
  if (damagedBy === undefined) return { reading, likely: whole.likely };
  return { reading, likely: either(whole, likeliest(damagedBy, formats), DAMAGED) };
}

/** Of two ways to see the same cells, both together. @param odds - Logarithm of the prior odds of the second one. */
function either(one: Said, other: Said, odds: number): readonly Likely[] {
  const share = 1 / (1 + Math.exp(other.total + odds - one.total));
  const same = (a: Likely, b: Likely): boolean =>
    a.data === b.data && a.direction === b.direction && a.symbolBits === b.symbolBits && a.from === b.from;
  const all = [
    ...one.likely.map((likely) => ({
      ...likely,
      probability:
        share * likely.probability +
        (1 - share) * (other.likely.find((there) => same(there, likely))?.probability ?? 0),
    })),
    ...other.likely
      .filter((likely) => !one.likely.some((there) => same(there, likely)))
      .map((likely) => ({ ...likely, probability: (1 - share) * likely.probability })),
  ];
  return all.sort((a, b) => b.probability - a.probability);
}

function passOf({ reading, metricsBy }: View): Pass {
  return { bits: reading.bits, forward: metricsBy(false), reverse: metricsBy(true) };
}

/** A pulse's energy over the noise's, as a matched filter has it. */
function clearness({ height, variance, bounds }: Reading, pulse: Pulse): number {
  const cell = (bounds[bounds.length - 1]! - bounds[0]!) / height.length;
  const square = height.reduce((sum, a) => sum + a * a, 0) / height.length;
  return (pulse.energy * square * cell) / variance;
}

/** Clearness below which not even joined passes say anything: three at -6 dB have 2.6. */
const HEARD = 1.5;
/** Jitter, cells, above which nothing is left to read. */
const TIMED = 0.21;

/** Deviation of reversals that a writer moved, before it is known. */
const MOVED_JITTER = 0.12;

/**
 * What passes say together: the last one's cells, read with all that say the same, and which those are; undefined where none does. Each is
 * fitted once more by the likeliest text: alone they are wrong more often.
 */
export function together(last: Stretch, others: readonly Stretch[]): Together | undefined {
  const first = joined(
    last.passWith(),
    others.map(({ passWith }) => passWith()),
  );
  if (first === undefined) return undefined;
  const cells = last.bits.length;
  const judge = (join: Joined): readonly Likely[] =>
    likeliest(join.metricsBy, [5, 7]).likely.map((one) => amongAlike(one, join, cells));
  const alike = first.alike.map((i) => others[i]!);
  const likely = judge(first);
  if (likely[0] === undefined || !isInDoubt(likely[0])) return { likely, alike };
  const known = bitsWith(likely[0], cells);
  const passes = first.alike.map((i) => others[i]!.passWith(first.over(i, known)));
  return { likely: judge(joined(last.passWith(known), passes) ?? first), alike };
}

/** What joined passes say. */
interface Together {
  readonly likely: readonly Likely[];
  readonly alike: readonly Stretch[];
}

/** A text of joined passes, with what they say of there being two, alike. */
function amongAlike(likely: Likely, { passesBy }: Joined, cells: number): Likely {
  const { direction, symbolBits, data, from, to } = likely;
  const first = direction === "forward" ? from : cells - to;
  const bits = trackBits(symbolBits === 7 ? 1 : 2, data);
  const odds = passesBy(direction === "reverse")
    .map((pass) => otherText({ metrics: pass.metrics, from: pass.from + first }, bits, symbolBits))
    .reduce((sum, one) => sum + one, 0);
  return { ...likely, probability: likely.probability / (1 + odds) };
}

/** Texts, likeliest first, and the logarithm of the likelihood of all of them and of none together. */
interface Said {
  readonly likely: readonly Likely[];
  readonly total: number;
}

/** Texts by their posterior probabilities, over what the metrics say in both directions. */
function likeliest(metricsBy: (reverse: boolean) => CellMetrics, formats: readonly (5 | 7)[]): Said {
  let none = 0;
  let total = Number.NEGATIVE_INFINITY;
  const found: (Omit<Likely, "probability"> & { readonly score: number })[] = [];
  for (const direction of ["forward", "reverse"] as const) {
    const weights = new Weights(metricsBy(direction === "reverse"));
    const { cells } = weights;
    const background = new Background(weights);
    if (direction === "forward") total = none = background.total;
    // Odds to no text, read in the same direction: sums of the two differ a little.
    const aside = none - background.total;
    for (const format of formats) {
      const trellis = TRELLISES.get(weights.chain)![format];
      const { total: texts, best } = trellis.decode(weights, background);
      total = addLog(total, texts + aside);
      if (best === undefined) continue;
      found.push({
        symbolBits: best.symbolBits,
        data: textOf(best),
        direction,
        score: best.score + aside,
        from: direction === "forward" ? best.from : cells - best.to,
        to: direction === "forward" ? best.to : cells - best.from,
        characters: () => certainties(trellis, weights, background, best, total - aside),
      });
    }
  }
  const likely = found
    .map(({ score, ...likely }) => ({ ...likely, probability: Math.min(1, Math.exp(score - total)) }))
    .sort((a, b) => b.probability - a.probability);
  return { likely, total };
}

function textOf({ symbols, symbolBits }: Found): string {
  const offset = symbolBits === 5 ? TRACK_FORMATS[2].offset : TRACK_FORMATS[1].offset;
  return String.fromCharCode(...Array.from(symbols.subarray(0, -1), (symbol) => symbol + offset));
}
