// A recording of more samples than any head's band needs, thinned: each run of `factor` samples becomes their mean. A box of the new sample's
// own length takes 4 dB off its Nyquist band's end, where no swipe has anything.

export class Thinner {
  readonly #factor: number;
  #sum = 0;
  #held = 0;

  /** @param factor - A whole number; 1 changes nothing. */
  constructor(factor: number) {
    this.#factor = factor;
  }

  /** What the next samples make; the rest waits for those behind them. */
  push(samples: Float32Array): Float32Array {
    if (this.#factor === 1) return samples;
    const out = new Float32Array(Math.floor((this.#held + samples.length) / this.#factor));
    let made = 0;
    for (const sample of samples) {
      this.#sum += sample;
      if (++this.#held < this.#factor) continue;
      out[made++] = this.#sum / this.#factor;
      this.#sum = 0;
      this.#held = 0;
    }
    return out;
  }
}
