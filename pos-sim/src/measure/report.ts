// What is measured of a swipe's signal. All of it is data for `--json` as it stands; nothing in it tells a bit: places are characters, which
// all have a one, and dropouts, which have none.

/** How lengths deviate from their nominal length, per cent of it. */
export interface Deviations {
  readonly rmsPercent: number;
  /** The largest, above or below. */
  readonly worstPercent: number;
  /** The largest in per cent of what a new card, and a used one, may have (`limits.ts`). */
  readonly worstOfNewPercent: number;
  readonly worstOfUsedPercent: number;
  /** Where the largest lies, the start sentinel being number 1. */
  readonly worstCharacter?: number;
}

/** A stretch within a swipe where pulses are missing or weak, from the last good one before it to the first behind it. */
export interface Dropout {
  /** Seconds from the start of the recording; where bits may not be seen, the start of the 16 cells in which it lies. */
  readonly atS: number;
  /** Whole cells where bits may not be seen. */
  readonly lengthUs: number;
  readonly cells: number;
  /** Height of the pulses in it, per cent of the swipe's usual one; 0 where there are none. */
  readonly pulsePercent: number;
  readonly character?: number;
}

/** A level that changes at once within a swipe, and stays so. */
export interface LevelStep {
  /** As of a dropout. */
  readonly atS: number;
  /** Height of the pulses behind it, per cent of those before it. */
  readonly pulsePercent: number;
  readonly character?: number;
}

/** A hand that hurries or hesitates for a moment. */
export interface SpeedSwing {
  /** How much faster it is there than on the mean of 16 cells before and behind, per cent; below zero where it is slower. */
  readonly percent: number;
  readonly character?: number;
}

/** A time within a swipe without any pulse, too long for a scratch: the hand stopped, or the head was lifted. */
export interface Pause {
  readonly atS: number;
  readonly lengthS: number;
}

export type WeaknessCode =
  /** The recording begins, or ends, within the swipe. */
  | "CUT"
  /** The hand stopped. */
  | "STOP"
  /** No pulse. */
  | "DROPOUT"
  /** Pulses that are lower than the swipe's others. */
  | "WEAK"
  | "CLIPPING"
  | "NOISE"
  | "JITTER"
  | "HUM"
  | "WANDER"
  | "LEVEL"
  | "SPEED"
  | "ZEROS";

/** What is wrong with a signal, worst first. */
export interface Weakness {
  readonly code: WeaknessCode;
  /** In words, without a full stop. */
  readonly sentence: string;
  readonly character?: number;
}

export interface SignalMeasures {
  /** Loudest sample, dB of full scale. */
  readonly peakDb: number;
  /** Usual swing from pulse to pulse, dB of the whole range from -1 to 1. */
  readonly swingDb: number;
  /** Speeds of a stripe of this track's density that would sound so, inches a second. */
  readonly speed: {
    readonly meanIps: number;
    readonly slowestIps: number;
    readonly fastestIps: number;
    /** Where it changes back and forth the most; absent where it does not by more than a steady hand's. */
    readonly swing?: SpeedSwing;
  };
  /** Mean cell, microseconds and samples. */
  readonly cellUs: number;
  readonly cellSamples: number;
  /** Absent where cells have too few samples to measure it. */
  readonly jitter?: {
    /** Deviation of single reversals from the hand's clock, per cent of a cell, root mean square. */
    readonly reversalsPercent: number;
    /** What noise as loud as beside the swipe, or within it, makes of that on a perfect card; and of its worst cell. */
    readonly noisePercent?: number;
    readonly noiseWorstPercent?: number;
    readonly cells: Deviations;
    /** The halves of ones, of half a cell. */
    readonly subintervals?: Deviations;
  };
  /** The lowest pulse, per cent of those around it. */
  readonly lowestPulsePercent: number;
  readonly dropouts: readonly Dropout[];
  /** Absent where the level stays, or comes back. */
  readonly levelStep?: LevelStep;
  readonly pauses: readonly Pause[];
  /** The recording begins, or ends, where pulses are. */
  readonly cut: { readonly begins: boolean; readonly ends: boolean };
  /** Mains hum, and half of what the base line sways by, per cent of a pulse's height. No hum where less than a cycle was recorded. */
  readonly humPercent?: number;
  readonly wanderPercent: number;
  /** Zeros before and behind the data, in the order of reading; 64 are counted at most. Absent at an end that could not be followed. */
  readonly leadingZeros?: number;
  readonly trailingZeros?: number;
  /** Samples on flat tops, per cent. */
  readonly clippedPercent: number;
  /** Signal to what is heard beside the swipe, dB. Absent where nothing was recorded there. */
  readonly snrDb?: number;
  readonly weaknesses: readonly Weakness[];
}
