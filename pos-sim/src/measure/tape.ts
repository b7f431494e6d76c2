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
    const ring = this.#ring;
    for (let i = 0; i < count; i++) {
      const sample = samples[from + i]!;
      // What is no number is silence here.
      ring[this.#end++ % ring.length] = Number.isFinite(sample) ? sample : 0;
    }
  }

  /** A copy of the samples from `from` up to `to`, as far as they are there. */
  excerpt(from: number, to: number): Excerpt {
    const first = Math.max(0, this.#end - this.#ring.length, Math.floor(from));
    const last = Math.min(this.#end, Math.ceil(to));
    const samples = new Float32Array(Math.max(0, last - first));
    for (let i = 0; i < samples.length; i++) samples[i] = this.#ring[(first + i) % this.#ring.length]!;
    return { samples, from: first };
  }
}
