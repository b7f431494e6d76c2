// How loud a recording is along its time, in few parts: enough to see where something is, too few to tell a bit.

export interface Levels {
  readonly fromS: number;
  readonly toS: number;
  /** Loudest sample of each part, whole dB of full scale; -Infinity where all are zero. */
  readonly partsDb: readonly number[];
}

/** Shortest part: 18 cells of the slowest swipe that is read. */
const PART_S = 0.1;
const PARTS = 480;

/** Of a whole recording, as it comes. When there are too many parts, two become one. */
export class Overview {
  readonly #rate: number;
  readonly #peaks = new Float32Array(PARTS);
  #samplesPerPart: number;
  #samples = 0;

  constructor(sampleRateHz: number) {
    this.#rate = sampleRateHz;
    this.#samplesPerPart = Math.ceil(PART_S * sampleRateHz);
  }

  push(samples: Float32Array, from: number, count: number): void {
    for (let done = 0; done < count; ) {
      const part = Math.floor(this.#samples / this.#samplesPerPart);
      if (part === PARTS) {
        this.#halve();
        continue;
      }
      const take = Math.min(count - done, (part + 1) * this.#samplesPerPart - this.#samples);
      this.#peaks[part] = Math.max(this.#peaks[part]!, loudest(samples, from + done, from + done + take));
      this.#samples += take;
      done += take;
    }
  }

  levels(): Levels {
    const parts = Math.ceil(this.#samples / this.#samplesPerPart);
    const toS = (parts * this.#samplesPerPart) / this.#rate;
    return { fromS: 0, toS, partsDb: Array.from(this.#peaks.subarray(0, parts), wholeDb) };
  }

  #halve(): void {
    const peaks = this.#peaks;
    for (let i = 0; i < PARTS / 2; i++) peaks[i] = Math.max(peaks[2 * i]!, peaks[2 * i + 1]!);
    peaks.fill(0, PARTS / 2);
    this.#samplesPerPart *= 2;
  }
}

/** Of a swipe: parts of at least `cells` cells, at most 24. */
export function levelsOf(samples: Float32Array, from: number, to: number, cell: number, cells: number): number[] {
  const parts = partsOf(from, to, cell, cells);
  const length = (to - from) / parts;
  return Array.from({ length: parts }, (_, i) =>
    wholeDb(loudest(samples, Math.max(0, Math.floor(from + i * length)), Math.ceil(from + (i + 1) * length))),
  );
}

const SWIPE_PARTS = 24;

export const partsOf = (from: number, to: number, cell: number, cells: number): number =>
  Math.max(1, Math.min(SWIPE_PARTS, Math.floor((to - from) / (cells * cell))));

/** Largest magnitude among `samples`; what is no number is passed over. */
export function loudest(samples: Float32Array, from: number, to: number): number {
  let most = 0;
  for (let i = from; i < Math.min(to, samples.length); i++) {
    const magnitude = Math.abs(samples[i]!);
    if (magnitude > most && magnitude < Number.POSITIVE_INFINITY) most = magnitude;
  }
  return most;
}

/** A magnitude in dB of full scale. */
export const decibels = (magnitude: number): number => 20 * Math.log10(magnitude);

const wholeDb = (magnitude: number): number => Math.round(decibels(magnitude));
