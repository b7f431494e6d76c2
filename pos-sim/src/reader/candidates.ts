// What was likely and not certain, told once: a search that goes on, or passes that are joined, speak of the same place again and again.
import type { TrackNumber } from "../track-format.js";

/** What a swipe may have said: no read, for want of certainty. */
export interface Candidate {
  /** Of a recording of several, or of a head that is listened to; the first is 1. */
  readonly channel?: number;
  readonly track: TrackNumber;
  /** Masked as a read's. */
  readonly data: string;
  readonly direction: "forward" | "reverse";
  /** Posterior probability. */
  readonly probability: number;
  /** Of each character of `data`, the probability that it is right, whatever the others are; none where `data` is masked. */
  readonly characterConfidence: readonly number[];
  readonly startS: number;
  readonly endS: number;
  readonly masked: boolean;
}

/** Candidates that are told of a recording, or of a place. */
export const CANDIDATES = 5;
/** What rounding may add to one. */
const ROUNDING = 1e-9;

/** A candidate, and where the passes lie that say so together, seconds. */
export interface Suspect extends Candidate {
  readonly passes: readonly Span[];
}

/** Without what fewer passes said of a place than now speak of it. */
export function withoutFewer(suspects: readonly Suspect[], passes: readonly Span[]): Suspect[] {
  return suspects.filter((one) => one.passes.length >= passes.length || !passes.some((pass) => overlap(pass, one)));
}

/** Candidates that are kept while a recording goes on, at most: each was told when it was found, and the end tells five. */
const KEPT = 4 * CANDIDATES;

/** With one more; where that are more than are kept, half as many, the likeliest. */
export function withOneMore(suspects: readonly Suspect[], one: Suspect, reads: readonly Span[]): Suspect[] {
  const all = [...suspects, one];
  if (all.length <= KEPT) return all;
  const places = byPlace(all, reads).flat();
  return places.sort((a, b) => b.probability - a.probability).slice(0, KEPT / 2);
}

type Text = Pick<Candidate, "data" | "direction">;

export function hasSameText(a: Text, b: Text): boolean {
  return a.data === b.data && a.direction === b.direction;
}

export interface Span {
  readonly startS: number;
  readonly endS: number;
}

export function overlap(a: Span, b: Span): boolean {
  return a.startS < b.endS && b.startS < a.endS;
}

/**
 * Candidates of one place together, places in the order of time, but for those where something was read. Of a place, likeliest first: each
 * text once, and no more than together have a probability of one, as what was known less of the place before is no addition.
 */
export function byPlace<One extends Candidate>(
  candidates: readonly One[],
  reads: readonly Span[],
): readonly (readonly One[])[] {
  const places: { readonly all: One[]; sum: number }[] = [];
  for (const one of [...candidates].sort((a, b) => b.probability - a.probability)) {
    if (reads.some((read) => overlap(read, one))) continue;
    const place = places.find(({ all }) => all.some((other) => overlap(other, one)));
    if (place === undefined) places.push({ all: [one], sum: one.probability });
    else if (
      place.all.length < CANDIDATES &&
      place.sum + one.probability <= 1 + ROUNDING &&
      !place.all.some((other) => hasSameText(other, one))
    ) {
      place.all.push(one);
      place.sum += one.probability;
    }
  }
  return places.map(({ all }) => all).sort(([a], [b]) => a!.startS - b!.startS);
}
