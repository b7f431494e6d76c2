// A recording as it comes, searched a few seconds at a time, where nobody else has read anything. Memory is bounded.

import { type Seed, seedsIn } from "./acquire/acquire.js";
import { Rates } from "./acquire/around.js";
import { hasMore } from "./judged.js";
import { passesIn } from "./passes/split.js";
import { together } from "./passes/together.js";
import { type Stretch, search } from "./search.js";
import type { Likely } from "./texts/likeliest.js";

/** A text found, in samples of the recording. */
export interface Sighting extends Likely {
  readonly stretch: Stretch;
  /** Where the passes lie that say so together, or the only one. Samples of the recording. */
  readonly passes: readonly Span[];
  readonly fromSample: number;
  readonly toSample: number;
}

/** A part of a recording, samples. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface SearcherOptions {
  /** Longest cell that is looked for, samples. */
  readonly longestCell: number;
  /** Where in a part of the recording something was read, without a doubt beside it; undefined where all of it needs a search. Samples of the recording. */
  readonly readIn: (from: number, to: number) => readonly Span[] | undefined;
  /** Up to which sample others have decided what they read. They are waited for, a while. */
  readonly decided: () => number;
  readonly onSighting: (sighting: Sighting) => void;
}

/** Seconds searched at once for seeds, and that a swipe may reach beyond them on each side. */
const CORE_S = 2;
const MARGIN_S = 1.25;
/** How long others are waited for. */
const PATIENCE_S = 7;
/** Nothing as quiet as that is a swipe: three steps of a 16-bit converter. */
const SILENCE = 1e-4;
/** Stretches followed in one core, at most. */
const STRETCHES = 16;
/** Cells on each side of a seed that a swipe may have. */
const REACH_CELLS = 900;

export class Searcher {
  readonly #options: SearcherOptions;
  readonly #rate: number;
  /** Stretches that were followed and say nothing for certain. */
  #weak: readonly Stretch[] = [];
  readonly #core: number;
  readonly #margin: number;
  readonly #window: Float32Array;
  /** Samples in the window, and which sample of the recording is its first. */
  #filled = 0;
  #first = 0;
  /** Where the next core begins, in samples of the recording. */
  #next = 0;

  constructor(sampleRateHz: number, options: SearcherOptions) {
    this.#options = options;
    this.#rate = sampleRateHz;
    this.#core = Math.ceil(CORE_S * sampleRateHz);
    this.#margin = Math.ceil(MARGIN_S * sampleRateHz);
    this.#window = new Float32Array(this.#core + 2 * this.#margin + Math.ceil(PATIENCE_S * sampleRateHz));
  }

  push(samples: Float32Array, from: number, count: number): void {
    for (let done = 0; done < count; ) {
      const part = Math.min(count - done, this.#window.length - this.#filled);
      for (let i = 0; i < part; i++) {
        const sample = samples[from + done + i]!;
        // What is no number is silence here.
        this.#window[this.#filled + i] = sample > -LOUDEST_SAMPLE && sample < LOUDEST_SAMPLE ? sample : 0;
      }
      this.#filled += part;
      done += part;
      const end = this.#first + this.#filled;
      const full = this.#filled === this.#window.length;
      const core = this.#next + this.#core;
      if (full || (core + this.#margin <= end && core + this.#margin / 4 <= this.#options.decided())) this.#advance();
    }
  }

  /** What is still kept of the samples from `from` to `to` of the recording. */
  kept(from: number, to: number): Float32Array {
    return this.#window.subarray(
      Math.max(0, Math.floor(from) - this.#first),
      Math.max(0, Math.min(this.#filled, Math.ceil(to) - this.#first)),
    );
  }

  /** @param isLate - True where nobody waits for more: what was not searched by then is not. */
  finish(isLate: () => boolean = () => false): void {
    const end = this.#first + this.#filled;
    while (this.#next < end && !isLate()) this.#search(this.#next, Math.min(end, this.#next + this.#core), isLate);
  }

  #advance(): void {
    this.#search(this.#next, this.#next + this.#core);
    const drop = Math.max(0, this.#next - this.#margin - this.#first);
    this.#window.copyWithin(0, drop, this.#filled);
    this.#filled -= drop;
    this.#first += drop;
  }

  #tell(stretch: Stretch, likely: Likely, others: readonly Stretch[] = []): void {
    const { bounds } = stretch;
    this.#options.onSighting({
      ...likely,
      stretch,
      passes: [stretch, ...others].map((pass) => ({ from: pass.bounds[0]!, to: pass.bounds[pass.bounds.length - 1]! })),
      fromSample: bounds[likely.from]!,
      toSample: bounds[likely.to]!,
    });
  }

  /** Adds what the passes before it say to one that is not certain by itself. */
  #join(stretch: Stretch): void {
    const from = stretch.bounds[0]! - APART_S * this.#rate;
    const near = this.#weak.filter(({ bounds }) => bounds[bounds.length - 1]! > from);
    // The same samples say nothing for the second time: of stretches that lie over each other the longest is a pass.
    const over = near.filter((other) => isShared(other, stretch));
    if (over.some(({ bits }) => bits.length > stretch.bits.length)) return;
    const apart = near.filter((other) => !over.includes(other));
    const said = apart.length > 0 ? together(stretch, apart) : undefined;
    for (const text of said?.likely ?? []) this.#tell(stretch, text, said?.alike);
    this.#weak = hasMore(stretch.bits, said?.likely ?? [], SURE_ALONE) ? [...apart.slice(1 - PASSES), stretch] : [];
  }

  #search(from: number, to: number, isLate = () => false): void {
    this.#next = to;
    const { readIn, longestCell } = this.#options;
    const window = this.#window.subarray(0, this.#filled);
    const low = Math.max(0, from - this.#first);
    const read = (readIn(from, to) ?? []).map((span) => ({
      from: span.from - this.#first,
      to: span.to - this.#first,
    }));
    if (isSilent(window, low, to - this.#first, read)) return;
    let seeds: Seed[] = seedsIn(window.subarray(low, to - this.#first), longestCell)
      .map((seed) => ({ ...seed, at: seed.at + low }))
      .filter(({ at }) => !read.some((span) => at > span.from && at < span.to));
    const rates = new Rates(window);
    for (let tried = 0; tried < STRETCHES && seeds.length > 0 && !isLate(); tried++) {
      const { at, cell } = seeds[0]!;
      const reach = Math.min(this.#margin, REACH_CELLS * cell);
      const near = seeds.filter((seed) => Math.abs(seed.at - at) < reach);
      const found = search(rates, near);
      if (found === undefined) {
        // Nothing around here: on to where none of these seeds is.
        seeds = seeds.filter((seed) => !near.includes(seed));
        continue;
      }
      const stretch = placed(found, this.#first);
      const { bounds, likely } = stretch;
      const [first, last] = [bounds[0]!, bounds[bounds.length - 1]!];
      for (const text of likely) this.#tell(stretch, text);
      if (hasMore(stretch.bits, likely, SURE_ALONE)) for (const pass of passesIn(stretch)) this.#join(pass);
      // What lies in this stretch, or where it began, is done with.
      seeds = seeds
        .slice(1)
        .filter((seed) => seed.at + this.#first < first - seed.cell || seed.at + this.#first > last + seed.cell);
    }
  }
}

/** True where two stretches share more than a pause between passes has. */
function isShared(a: Stretch, b: Stretch): boolean {
  const [from, to] = [Math.max(a.bounds[0]!, b.bounds[0]!), Math.min(a.bounds.at(-1)!, b.bounds.at(-1)!)];
  return to - from > SHARED * Math.min(a.bounds.at(-1)! - a.bounds[0]!, b.bounds.at(-1)! - b.bounds[0]!);
}

/** Share of the shorter stretch: passes may have been followed a little into each other. */
const SHARED = 0.25;

/** A stretch of a window, in samples of the recording. */
function placed(stretch: Stretch, first: number): Stretch {
  return { ...stretch, bounds: stretch.bounds.map((bound) => bound + first) };
}

/** Passes of one emission, and how far apart they may lie. */
const PASSES = 4;
const APART_S = 1;
/** A text as likely as that needs no help. */
const SURE_ALONE = 1 - 1e-6;

/** A sample that no converter gives. */
const LOUDEST_SAMPLE = 1e3;

/** True where there is nothing to hear but in `read`. */
function isSilent(samples: Float32Array, from: number, to: number, read: readonly Span[]): boolean {
  for (let i = from; i < to; i++) {
    if (Math.abs(samples[i]!) <= SILENCE) continue;
    const span = read.find((one) => i > one.from && i < one.to);
    if (span === undefined) return false;
    i = Math.floor(span.to);
  }
  return true;
}
