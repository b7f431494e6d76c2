// How far a recording's samples reach, for its diagnosis; and a constant voltage beyond full scale, which says nothing and is taken away: float
// samples may carry one.

/** Beyond full scale. Within, nothing is taken: whole numbers stay as they are. */
const BEYOND = 1;
/** Of the first samples, so many tell a constant. */
const FIRST = 4096;
const FULL_SCALE = 0.999;

export class Extent {
  /** Lowest and highest sample that is a number; infinities where there is none. */
  low = Number.POSITIVE_INFINITY;
  high = Number.NEGATIVE_INFINITY;
  /** Samples at full scale, and those that are no numbers. */
  clipped = 0;
  broken = 0;
  /** The constant voltage, once there are samples. */
  #direct: number | undefined;
  #without = new Float32Array(0);

  /** Looks at `count` samples from `from` on. */
  measure(block: Float32Array, from: number, count: number): void {
    this.#direct ??= directIn(block.subarray(from, from + Math.min(count, FIRST)));
    const [top, bottom] = [FULL_SCALE + (this.#direct ?? 0), (this.#direct ?? 0) - FULL_SCALE];
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    // Of numbers it stays nothing.
    let odd = 0;
    for (let i = from; i < from + count; i++) {
      const sample = block[i]!;
      if (sample > high) high = sample;
      if (sample < low) low = sample;
      odd += sample - sample;
    }
    if (odd === 0 && high < top && low > bottom) {
      this.low = Math.min(this.low, low);
      this.high = Math.max(this.high, high);
    } else this.#count(block.subarray(from, from + count), top, bottom);
  }

  /** Where some samples are at full scale, or are no numbers. */
  #count(block: Float32Array, top: number, bottom: number): void {
    for (const sample of block) {
      if (!Number.isFinite(sample)) {
        this.broken++;
        continue;
      }
      this.low = Math.min(this.low, sample);
      this.high = Math.max(this.high, sample);
      if (sample >= top || sample <= bottom) this.clipped++;
    }
  }

  /** The same samples without the constant voltage, from the first one on; undefined where there is none to take away. Valid until the next call. */
  without(block: Float32Array, from: number, count: number): Float32Array | undefined {
    const direct = this.#direct ?? 0;
    if (direct === 0) return undefined;
    if (this.#without.length < count) this.#without = new Float32Array(count);
    for (let i = 0; i < count; i++) this.#without[i] = block[from + i]! - direct;
    return this.#without;
  }
}

/** The median, where it lies beyond full scale; undefined where there are no numbers. */
function directIn(samples: Float32Array): number | undefined {
  const numbers = samples.filter(Number.isFinite).sort();
  if (numbers.length === 0) return undefined;
  const median = numbers[numbers.length >> 1]!;
  return Math.abs(median) > BEYOND ? median : 0;
}
