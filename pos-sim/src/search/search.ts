// A stretch of samples to what it most likely says, and how sure that is.

import type { Seed } from "./acquire/acquire.js";
import type { Rates } from "./acquire/around.js";
import { type Draft, draftsOf } from "./draft.js";
import { cellAt } from "./fit/matched.js";
import { STRIPE } from "./fit/pulse.js";
import { fittedByReversals, fittedBySamples, type View } from "./fitted.js";
import { judged } from "./judged.js";
import type { Pass } from "./passes/join.js";
import type { Likely } from "./texts/likeliest.js";

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

/**
 * The stretch around the first of `seeds` that says something for certain, or else the likeliest one. Seeds that lie in a stretch that was
 * followed from another are passed over.
 */
export function search(rates: Rates, seeds: readonly Seed[], tries = 4): Stretch | undefined {
  const drafts: Draft[] = [];
  let best: Stretch | undefined;
  const sure = (stretch: Stretch | undefined) => stretch?.likely[0]?.probability ?? -1;
  /** By reversals, and without a text: by samples it may have one. */
  let silent: Draft | undefined;
  /** Reversals lie so far from their clock, and make a text: a clock's word on them is worth nothing. */
  let isTimed = false;
  let followed = 0;
  for (const seed of seeds) {
    if (drafts.some((draft) => draft !== silent && covers(draft, seed))) continue;
    // One swipe at a time, of which the first draft may have a part.
    if (drafts[0] !== undefined && !isAbout(drafts[0], seed.at)) continue;
    if (followed++ === FOLLOWED) break;
    for (const draft of draftsOf(rates, seed, STRIPE)) {
      if (sure(best) > ENOUGH) break;
      if (drafts[0] !== undefined && !meet(drafts[0], draft)) continue;
      drafts.push(draft);
      if (drafts.some((other) => outdoes(other, draft)) || (isTimed && draft.moved === undefined)) continue;
      const stretch = stretchOf(draft);
      if (draft.moved !== undefined) {
        if (stretch.likely.length === 0) silent = draft;
        else isTimed ||= stretch.jitter > BEYOND_PULSES;
      }
      if (best === undefined || sure(stretch) > sure(best)) best = stretch;
    }
    if (sure(best) > ENOUGH || drafts.length >= tries) break;
  }
  return best;
}

function stretchOf(draft: Draft): Stretch {
  const fit = draft.followed === undefined ? fittedByReversals(draft.moved!) : fittedBySamples(draft.followed);
  const view = fit.view();
  const { reading } = view;
  const { scale, shift } = draft;
  return {
    likely: judged(view),
    passWith: (known) => {
      if (known !== undefined) fit.know(known);
      return passOf(fit.view());
    },
    bounds: reading.bounds.map((at) => at * scale + shift),
    bits: reading.bits,
    jitter: reading.jitter,
  };
}

/** Nothing else is tried behind a text as likely as that. */
const ENOUGH = 0.9999;
/**
 * Jitter, cells, above which pulses lie beside where a clock would have them, and not a little earlier or later: then it takes jitter for noise, of
 * which there is much less, and is sure of texts that are wrong.
 */
const BEYOND_PULSES = 0.11;
/** Seeds followed in one place, at most. */
const FOLLOWED = 10;
const WORSE = 0.6;

function isAbout({ from, to }: Draft, at: number): boolean {
  const beside = BESIDE * (to - from);
  return at > from - beside && at < to + beside;
}

/** Share of a draft's length, on each side, in which the rest of the swipe may lie: passes of one emission are farther apart. */
const BESIDE = 0.5;

/** What explains much less than another of its kind is a wrong clock on the same swipe. */
function outdoes(other: Draft, draft: Draft): boolean {
  const alike = (other.followed === undefined) === (draft.followed === undefined);
  return alike && other.explained * WORSE > draft.explained && meet(other, draft);
}

function meet(a: Draft, b: Draft): boolean {
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

function passOf({ reading, passBy, seenBy, writer }: View): Pass {
  return { bits: reading.bits, forward: passBy(false), reverse: passBy(true), ...(seenBy && { seenBy }), writer };
}
