// Heads that hear the same swipe, one a channel, each with a reader of its own: what they read, told once, as it comes.
import { Thinner } from "../wav/thinner.js";
import type { FailedSwipe } from "./attempts.js";
import { byPlace, type Candidate, hasSameText, overlap } from "./candidates.js";
import type { Diagnosis } from "./diagnosis.js";
import type { Read, ReaderOptions } from "./read.js";
import { RATE_MAX_HZ, Reader } from "./reader.js";

export type Said =
  | { readonly kind: "read"; readonly read: Read }
  /** What may have been swiped at one place, likeliest first, at most five; nothing was certain there so far. */
  | { readonly kind: "candidates"; readonly candidates: readonly Candidate[] }
  /** A swipe that no head will read any more, as that head says which heard it. */
  | { readonly kind: "failed"; readonly failed: FailedSwipe };

/** A search, the last that speaks of a place, comes no later. */
const REMEMBERED_S = 20;

export class Heads {
  readonly #heads: readonly Head[];
  readonly #rate: number;
  /** Reads of the last seconds: another channel may hear them too, and what was read needs no candidates. */
  #recent: Read[] = [];
  #candidates: Candidate[] = [];
  #failed: FailedSwipe[] = [];
  #recentFailed: FailedSwipe[] = [];
  #frames = 0;

  constructor(sampleRateHz: number, channels: number, options: ReaderOptions) {
    this.#rate = sampleRateHz;
    this.#heads = Array.from({ length: channels }, (_, head) =>
      headFor(sampleRateHz, {
        ...options,
        ...{ live: true, measures: "failed" },
        onCandidate: (candidate) => void this.#candidates.push(...onChannel([candidate], head)),
        onFailed: (failed) => void this.#failed.push(...onChannel([failed], head)),
      }),
    );
  }

  /** Takes the next samples, one array a channel, all of one length. */
  push(planes: readonly Float32Array[]): readonly Said[] {
    this.#frames += planes[0]!.length;
    return this.#told(
      this.#heads.flatMap(({ thinner, reader }, c) => onChannel(reader.push(thinner.push(planes[c]!)), c)),
    );
  }

  /**
   * The samples are over: what was not decided before.
   *
   * @param isLate - True from when on nobody waits for a search.
   */
  finish(isLate?: () => boolean): readonly Said[] {
    return this.#told(this.#heads.flatMap(({ reader }, c) => onChannel(reader.finish(isLate).reads, c)));
  }

  /** Why nothing was read so far, by a head that heard something; null where something was. */
  get diagnosis(): Diagnosis | null {
    const diagnoses = this.#heads.map(({ reader }) => reader.diagnosis);
    if (diagnoses.includes(null)) return null;
    return diagnoses.find((one) => one?.code !== "NO_SIGNAL") ?? diagnoses[0]!;
  }

  #told(reads: readonly Read[]): readonly Said[] {
    const said: Said[] = [];
    const before = this.#frames / this.#rate - REMEMBERED_S;
    this.#recent = this.#recent.filter(({ endS }) => endS > before);
    for (const read of reads) {
      if (this.#recent.some((other) => isSame(other, read))) continue;
      this.#recent.push(read);
      said.push({ kind: "read", read });
    }
    const places = byPlace(this.#candidates, this.#recent);
    this.#candidates = [];
    this.#recentFailed = this.#recentFailed.filter(({ endS }) => endS > before);
    const failed: Said[] = [];
    for (const one of this.#failed) {
      if (this.#recentFailed.some((other) => isSameFailure(other, one))) continue;
      this.#recentFailed.push(one);
      failed.push({ kind: "failed", failed: one });
    }
    this.#failed = [];
    return [...said, ...places.map((candidates) => ({ kind: "candidates" as const, candidates })), ...failed];
  }
}

export interface Head {
  /** Leaves out samples where there are more than a reader takes. */
  readonly thinner: Thinner;
  readonly reader: Reader;
}

export function headFor(sampleRateHz: number, options: ReaderOptions): Head {
  const factor = Math.ceil(sampleRateHz / RATE_MAX_HZ);
  return { thinner: new Thinner(factor), reader: new Reader(sampleRateHz / factor, options) };
}

/** What a head says, with its channel's number: the first is 1. */
export function onChannel<T extends object>(said: readonly T[], head: number): (T & { readonly channel: number })[] {
  return said.map((one) => ({ ...one, channel: head + 1 }));
}

/** Heads that fail at one place fail so within this time. */
const SAME_S = 0.001;

/** One swipe that two heads failed to read, for one reason and at one place: the two sides of a mono recording. */
export function isSameFailure(a: FailedSwipe, b: FailedSwipe): boolean {
  if (a.channel === b.channel || a.code !== b.code || a.character !== b.character) return false;
  return overlap(a, b) && Math.abs((a.atS ?? 0) - (b.atS ?? 0)) < SAME_S;
}

/** One swipe that two heads read. */
export function isSame(a: Read, b: Read): boolean {
  return hasSameText(a, b) && overlap(a, b);
}
