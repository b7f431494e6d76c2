// The last seconds of a recording, for whoever wants to look again at what was just read. Bounded: what is older is gone.

/** Samples of a recording and which of its samples is the first. */
export interface Excerpt {
  readonly samples: Float32Array;
  readonly from: number;
}

export class Tape {
  readonly #ring: Float32Array;
  /** Samples taken so far. */
  #end = 0;

  /** @param length - Samples kept. */
  constructor(length: number) {
    this.#ring = new Float32Array(length);
  }

  push(samples: Float32Array, from: number, count: number): void {
    for (let done = 0; done < count; ) {
      const at = this.#end % this.#ring.length;
      const part = Math.min(count - done, this.#ring.length - at);
      this.#ring.set(samples.subarray(from + done, from + done + part), at);
      this.#end += part;
      done += part;
    }
  }

  /** A copy of the samples from `from` up to `to`, as far as they are there. What is no number is silence. */
  excerpt(from: number, to: number): Excerpt {
    const first = Math.max(0, this.#end - this.#ring.length, Math.floor(from));
    const last = Math.min(this.#end, Math.ceil(to));
    const samples = new Float32Array(Math.max(0, last - first));
    for (let i = 0; i < samples.length; i++) {
      const sample = this.#ring[(first + i) % this.#ring.length]!;
      samples[i] = Number.isFinite(sample) ? sample : 0;
    }
    return { samples, from: first };
  }
}
