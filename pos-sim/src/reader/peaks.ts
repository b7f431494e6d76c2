// Samples to flux reversals. A reversal is an extreme of the head's voltage, and extremes alternate in sign, so a peak
// counts once the signal has come back from it by a share of the usual swing: no base line is needed, and wander,
// hum and level do not matter. Nothing in `push` allocates.

/** How far the signal must come back, as a share of the usual swing from peak to peak. Tuned on SNR 10 to 20 dB. */
const RETURN = 0.35;
/** The usual swing: fast up, slow down, and leaking away in silence. */
const ATTACK = 0.5;
const DECAY = 0.12;
const LEAK_S = 0.025;
/** A swing that no recorder writes. */
const LOUDEST_SWING = 1e6;
/** Samples kept from before a block, so that a peak's neighbours are at hand. */
const HISTORY = 256;

export const BLOCK = 8192;

/** Takes the place of a reversal, in input samples (fractional), and the swing that led to it. */
export type EdgeSink = (at: number, swing: number) => void;

/**
 * One octave of the signal. `input` is filled by the owner, at most `BLOCK` samples from `HISTORY` on; `push` finds its
 * peaks. Level k sees the signal low-passed and at 2^-k of the rate: slow swipes lose their noise there.
 */
export class PeakLevel {
  readonly #sink: EdgeSink;
  readonly #scale: number;
  readonly #shift: number;
  readonly #floor: number;
  readonly #leak: number;
  readonly #chunk: number;
  readonly #buffer = new Float32Array(HISTORY + BLOCK);
  readonly #next: PeakLevel | undefined;
  /** Samples seen before the present block. */
  #seen = 0;
  #rising = true;
  #extreme = Number.NEGATIVE_INFINITY;
  /** Where the extreme was met first and last: a clipped peak is a plateau. Sample numbers of this level. */
  #first = 0;
  #last = 0;
  #accepted = 0;
  #swing = 0;

  constructor(level: number, levels: number, sampleRateHz: number, floor: number, sinks: readonly EdgeSink[]) {
    this.#sink = sinks[level]!;
    this.#scale = 2 ** level;
    // [1 3 3 1] has its centre 1.5 samples behind the first of the four, level upon level.
    this.#shift = 1.5 * (this.#scale - 1);
    this.#floor = floor;
    this.#chunk = Math.max(8, 64 >> level);
    this.#leak = Math.exp((-this.#chunk * this.#scale) / (LEAK_S * sampleRateHz));
    this.#next = level + 1 < levels ? new PeakLevel(level + 1, levels, sampleRateHz, floor, sinks) : undefined;
  }

  /** Finds the peaks of `count` samples of `source` from `from` on, here and in all levels above. */
  push(source: Float32Array, from: number, count: number): void {
    for (let done = 0; done < count; done += BLOCK) {
      const part = Math.min(BLOCK, count - done);
      this.#buffer.set(source.subarray(from + done, from + done + part), HISTORY);
      this.#block(part);
    }
  }

  #block(count: number): void {
    for (let at = 0; at < count; at += this.#chunk)
      this.#scan(HISTORY + at, HISTORY + Math.min(count, at + this.#chunk));
    if (this.#next !== undefined) this.#next.#halve(this.#buffer, this.#seen, count);
    this.#buffer.copyWithin(0, count, HISTORY + count);
    this.#seen += count;
  }

  /** Low-passes and halves the block that the level below has just seen. */
  #halve(below: Float32Array, belowSeen: number, belowCount: number): void {
    const out = this.#buffer;
    // Sample m of this level lies over samples 2m to 2m + 3 of the one below.
    const available = Math.max(0, Math.floor((belowSeen + belowCount - 4) / 2) + 1);
    const count = available - this.#seen;
    let i = HISTORY + 2 * this.#seen - belowSeen;
    for (let m = HISTORY; m < HISTORY + count; m++, i += 2) {
      out[m] = 0.125 * (below[i]! + below[i + 3]!) + 0.375 * (below[i + 1]! + below[i + 2]!);
    }
    if (count > 0) this.#block(count);
  }

  #scan(from: number, to: number): void {
    const buffer = this.#buffer;
    const base = this.#seen - HISTORY;
    let threshold = Math.max(this.#floor, RETURN * this.#swing);
    let extreme = this.#extreme;
    let rising = this.#rising;
    for (let i = from; i < to; i++) {
      const x = buffer[i]!;
      if (rising) {
        if (x > extreme) {
          extreme = x;
          this.#first = this.#last = base + i;
        } else if (extreme - x > threshold) {
          threshold = this.#accept(extreme);
          rising = false;
          extreme = x;
          this.#first = this.#last = base + i;
        } else if (x === extreme) this.#last = base + i;
      } else if (x < extreme) {
        extreme = x;
        this.#first = this.#last = base + i;
      } else if (x - extreme > threshold) {
        threshold = this.#accept(extreme);
        rising = true;
        extreme = x;
        this.#first = this.#last = base + i;
      } else if (x === extreme) this.#last = base + i;
    }
    this.#extreme = extreme;
    this.#rising = rising;
    this.#swing *= this.#leak;
  }

  /** Reports the extreme and returns the new threshold. */
  #accept(extreme: number): number {
    const swing = Math.abs(extreme - this.#accepted);
    this.#accepted = extreme;
    // A broken float in a recording (NaN, infinity) must not spoil the gain for good.
    if (swing <= LOUDEST_SWING) this.#swing += (swing > this.#swing ? ATTACK : DECAY) * (swing - this.#swing);
    this.#sink(this.#place() * this.#scale + this.#shift, swing);
    return Math.max(this.#floor, RETURN * this.#swing);
  }

  /** Where the extreme lies: the middle of a plateau, else the top of the parabola through it and its neighbours. */
  #place(): number {
    if (this.#last > this.#first) return (this.#first + this.#last) / 2;
    const i = this.#first - (this.#seen - HISTORY);
    if (i < 1) return this.#first; // older than what is kept: so slow that fractions do not matter
    const before = this.#buffer[i - 1]!;
    const peak = this.#buffer[i]!;
    const after = this.#buffer[i + 1]!;
    const shift = (0.5 * (before - after)) / (before - 2 * peak + after);
    // Flat, or beside what is no number.
    return Number.isFinite(shift) ? this.#first + Math.max(-0.5, Math.min(0.5, shift)) : this.#first;
  }
}
