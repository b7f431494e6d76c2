// Why a recording gave no read, as data: a code, a sentence for the person at the desk, and where.
import type { Profile } from "../measure/gauge.js";
import type { SignalMeasures } from "../measure/report.js";
import { byNoiseAlone } from "../measure/weaknesses.js";
import type { Failure, FailureCode } from "./frame.js";
import type { ZerosAlone } from "./zeros-alone.js";

export type DiagnosisCode =
  /** Nothing above the noise. */
  | "NO_SIGNAL"
  /** A voltage that does not move. */
  | "CONSTANT"
  /** Samples that are no numbers, and nothing else. */
  | "NOT_NUMBERS"
  /** Signal, but nowhere a steady run of zeros to take the cell from. */
  | "NO_CLOCK"
  /** Zeros, or ones between zeros, and no data. */
  | "ZEROS_ALONE"
  | "CLIPPED"
  /** A frame of another track than the one asked for. */
  | "OTHER_TRACK"
  /** Frames that pass their checks and contradict each other, or that noise may have made. */
  | "UNCERTAIN"
  /** More reads than are kept: those behind are missing. Stands beside reads, as no other diagnosis of the reader's does. */
  | "TOO_MANY_READS"
  | FailureCode;

export interface Diagnosis {
  readonly code: DiagnosisCode;
  /** What was seen and what to do. */
  readonly sentence: string;
  /** Where, in seconds from the start of the recording. */
  readonly atS?: number;
  /** Which character, the start sentinel being number 1; absent where the swipe was not followed from its start on. */
  readonly character?: number;
  /** With `measures: true`, where an attempt could be measured: what in the signal did it. */
  readonly signal?: SignalMeasures;
  /** With `pictured`: that attempt for a picture, never its samples, as nobody knows whose card it was. */
  readonly profile?: Profile;
}

/** What a reader has seen of a recording. */
export interface Observations {
  readonly sampleRateHz: number;
  readonly samples: number;
  /** Lowest and highest sample that is a number; infinities where there is none. */
  readonly low: number;
  readonly high: number;
  /** Samples that are no numbers. */
  readonly broken: number;
  /** Samples at full scale. */
  readonly clipped: number;
  readonly edges: number;
  readonly otherTrack: { readonly track: number; readonly at: number } | undefined;
  /** The attempt that came nearest. */
  readonly nearest: Diagnosis | undefined;
  /** A candidate that is not likely, where there is no attempt. */
  readonly unlikely?: Diagnosis | undefined;
  /** The longest run of zeros that stood alone. */
  readonly zeros?: ZerosAlone | undefined;
}

/** How a place was tried, and what came of it. Places in samples. */
export interface Outcome {
  readonly failure?: Failure;
  /** Where frames pass their checks and are in doubt all the same. */
  readonly uncertainAt?: number;
  /** Where the search found something likely and not sure, and how likely. */
  readonly candidateAt?: number;
  readonly probability?: number;
}

export interface Nearest {
  readonly outcome: Outcome;
}

/** Where characters were found, there is a signal, however weak. */
const CHARACTERS: ReadonlySet<DiagnosisCode> = new Set(["UNCERTAIN", "NO_END_SENTINEL", "LOST_SYNC", "PARITY", "LRC"]);
/** From here on a candidate is why nothing was read; noise makes less likely ones now and then. */
export const LIKELY = 0.1;
/** Below this peak (-40 dB of full scale) a recording without a clock is called silent. */
const QUIET = 0.01;
/** Share of samples at full scale from which clipping is to blame. */
const CLIPPED_SHARE = 0.02;
/** And of those that are no numbers. */
const BROKEN_SHARE = 0.1;

/** How much a failure explains, least first: the farther an attempt came, the more. */
const RANK: readonly FailureCode[] = [
  "TOO_FAST",
  "TOO_SLOW",
  "NO_START_SENTINEL",
  "NO_END_SENTINEL",
  "LOST_SYNC",
  "PARITY",
  "LRC",
];

/** The one that explains more: frames in doubt, then the failure that came farthest, then the one with more cells, then what is likeliest. */
export function nearer<T extends Nearest>(a: T | undefined, b: T): T {
  if (a === undefined) return b;
  const [one, other] = [a.outcome, b.outcome];
  if ((one.uncertainAt === undefined) !== (other.uncertainAt === undefined))
    return one.uncertainAt === undefined ? b : a;
  if (one.failure === undefined || other.failure === undefined) {
    if (one.failure !== other.failure) return one.failure === undefined ? b : a;
    return (one.probability ?? 0) >= (other.probability ?? 0) ? a : b;
  }
  const reach = (failure: Failure): number => failure.character ?? 0;
  if (reach(one.failure) !== reach(other.failure)) return reach(one.failure) > reach(other.failure) ? a : b;
  if (one.failure.code !== other.failure.code) {
    return RANK.indexOf(one.failure.code) > RANK.indexOf(other.failure.code) ? a : b;
  }
  return one.failure.cells >= other.failure.cells ? a : b;
}

/** Of a recording with more reads than are kept. */
export function tooMany(kept: number, atS: number): Diagnosis {
  const sentence = `More than ${kept} reads: those from ${atS.toFixed(3)} s on are missing. Cut the recording and read its parts.`;
  return { code: "TOO_MANY_READS", sentence, atS };
}

/** The diagnosis of a place that was tried: what came of it, and what in the signal did it. */
export function diagnosisOf(
  outcome: Outcome,
  findings: { readonly signal?: SignalMeasures; readonly profile?: Profile },
  rate: number,
): Diagnosis {
  const { signal } = findings;
  const found = tried(outcome, rate, signal?.cut);
  if (signal === undefined) return found;
  return { ...found, sentence: `${found.sentence} ${reasons(signal, outcome.failure?.code)}`, ...findings };
}

/** Of full scale, whole ones: never "-0". */
const decibels = (level: number): number => Math.round(20 * Math.log10(level)) || 0;

/** No text with its zeros passes a head in less: 60 cells at 100 inches a second, tracks 1 and 3. */
const SHORTEST_S = 0.0028;

/** More are in `signal`. */
const REASONS = 3;

function reasons(signal: SignalMeasures, failure?: FailureCode): string {
  const found = signal.weaknesses.map(({ sentence }) => sentence);
  const said = (found.length > 0 ? found : byNoiseAlone(signal)).slice(0, REASONS);
  if (said.length === 0 && (failure === "NO_END_SENTINEL" || failure === "LOST_SYNC"))
    return "In the signal nothing is out of bounds up to there: behind it the hand changed its speed at once, the head was lifted, its level fell below the noise, or it was written so.";
  if (said.length === 0) return "In the signal nothing is out of bounds: it may have been written so.";
  return `In the signal: ${said.join("; ")}.`;
}

/** The diagnosis of a recording without reads. */
export function diagnose(seen: Observations): Diagnosis {
  const rate = seen.sampleRateHz;
  const { nearest } = seen;
  const hasCharacters = nearest !== undefined && CHARACTERS.has(nearest.code);
  const seconds = `${(seen.samples / rate).toFixed(1)} s`;
  const peak = Math.max(0, -seen.low, seen.high);
  if (seen.broken > BROKEN_SHARE * seen.samples) {
    return {
      code: "NOT_NUMBERS",
      sentence: `No swipe in ${seconds}: ${((100 * seen.broken) / seen.samples).toFixed(0)} % of the samples are no numbers. Record it again, or as whole numbers.`,
    };
  }
  const swing = (seen.high - seen.low) / 2;
  if (!hasCharacters && swing < QUIET && peak >= QUIET) {
    const level = ((seen.high + seen.low) / 2).toFixed(2);
    return {
      code: "CONSTANT",
      sentence: `No swipe in ${seconds}: the signal stands still at ${level} of full scale. Check the cable, and that the input blocks direct current.`,
    };
  }
  if (seen.samples === 0) {
    return { code: "NO_SIGNAL", sentence: "There are no samples: nothing was recorded. Check the head and the cable." };
  }
  if (!hasCharacters && seen.samples < SHORTEST_S * rate) {
    const lasts = `${((1000 * seen.samples) / rate).toPrecision(2)} ms`;
    return {
      code: "NO_SIGNAL",
      sentence: `No swipe in ${lasts}: none is as short. Check the sample rate that the recording is said to have, and its length.`,
    };
  }
  if (seen.edges === 0 || (!hasCharacters && peak < QUIET)) {
    const level = peak > 0 ? `the loudest sample is ${decibels(peak)} dB of full scale` : "all samples are zero";
    return {
      code: "NO_SIGNAL",
      sentence: `No swipe in ${seconds}: ${level}. Check the head, the cable and the input gain.`,
    };
  }
  if (seen.otherTrack !== undefined) {
    const { track, at } = seen.otherTrack;
    return { code: "OTHER_TRACK", sentence: `Track ${track} was read, which was not asked for.`, atS: at / rate };
  }
  const share = seen.clipped / seen.samples;
  if (share > CLIPPED_SHARE) {
    const sentence = `${(share * 100).toFixed(0)} % of the samples are at full scale. Lower the input gain.`;
    const { signal, profile } = nearest ?? {};
    return {
      code: "CLIPPED",
      sentence: signal === undefined ? sentence : `${sentence} ${reasons(signal)}`,
      ...(signal && { signal }),
      ...(profile && { profile }),
    };
  }
  if (nearest === undefined && seen.zeros !== undefined) return onlyZeros(seen.zeros, rate);
  return (
    nearest ??
    seen.unlikely ?? {
      code: "NO_CLOCK",
      sentence: `There is a signal of ${decibels(peak)} dB of full scale, but no steady run of zeros before any data: noise or other sound, no swipe, or one too fast for ${Math.round(rate)} samples a second.`,
    }
  );
}

/** The same reversals may be half as many ones: nothing tells which. */
function onlyZeros({ from, to, cells, bit }: ZerosAlone, rate: number): Diagnosis {
  const atS = from / rate;
  const cellUs = ((to - from) / cells / rate) * 1e6;
  const place = `${cells} cells of ${cellUs.toFixed(0)} us from ${atS.toFixed(3)} s on`;
  const what = bit === 1 ? `ones between zeros: ${place}` : `zeros: ${place}, or half as many ones`;
  return {
    code: "ZEROS_ALONE",
    sentence: `Nothing but ${what}, and no data. The stripe is blank or was never encoded, or an emitter sends only its leader: try another card, or look at what the emitter is given.`,
    atS,
  };
}

/** @param cut - Where the recording cuts the swipe, the hand has swiped all of it: that it be recorded to its end is among the reasons. */
function tried(
  { failure, uncertainAt, candidateAt, probability = 1 }: Outcome,
  rate: number,
  cut?: SignalMeasures["cut"],
): Diagnosis {
  const unlessCut = (advice: string): string => (cut?.begins || cut?.ends ? "." : `. ${advice}`);
  if (uncertainAt !== undefined) {
    return {
      code: "UNCERTAIN",
      sentence: "Characters were found, but noise may have made them. Swipe again, closer to the head.",
      atS: uncertainAt / rate,
    };
  }
  if (failure === undefined) {
    const what =
      probability < LIKELY
        ? `There may be a swipe, of which no text is likely: the likeliest at ${(100 * probability).toPrecision(1)} %.`
        : "Something was read that is likely and not sure.";
    return {
      code: "UNCERTAIN",
      sentence: `${what} Swipe again, closer to the head.`,
      atS: (candidateAt ?? 0) / rate,
    };
  }
  const place = { atS: failure.at / rate };
  // Of a swipe that was not followed from its start on nobody knows which character that was.
  const character = failure.followed.start ? failure.character : undefined;
  const counted = character === undefined ? "" : `, at character ${character}`;
  const where = `at ${place.atS.toFixed(3)} s`;
  const cell = `${(((failure.cell ?? 0) / rate) * 1e6).toFixed(0)} us`;
  switch (failure.code) {
    case "TOO_SLOW":
      return {
        code: failure.code,
        sentence: `Cells of ${cell} ${where} are slower than 2.5 inches a second on track 2. Swipe faster.`,
        ...place,
      };
    case "TOO_FAST":
      return {
        code: failure.code,
        sentence: `Cells of ${cell} ${where} are too short for ${Math.round(rate)} samples a second. Swipe slower or record faster.`,
        ...place,
      };
    case "NO_START_SENTINEL":
      return {
        code: failure.code,
        sentence: `${failure.cells} bits from ${where.slice(3)} on hold no start sentinel in either direction${unlessCut("Swipe the whole stripe.")}`,
        ...place,
      };
    case "NO_END_SENTINEL":
      return {
        code: failure.code,
        sentence: `The data ends ${where} before an end sentinel${counted}${unlessCut("Swipe to the end.")}`,
        ...place,
        ...(character !== undefined && { character }),
      };
    case "LOST_SYNC":
      return {
        code: failure.code,
        sentence: `The cells cannot be followed ${where}${counted}: a scratch, a hand that stopped or changed its speed, or a weak signal.`,
        ...place,
        ...(character !== undefined && { character }),
      };
    case "PARITY":
      return {
        code: failure.code,
        sentence: `Parity is wrong ${where}${counted}. A bit was misread; swipe again.`,
        ...place,
        ...(character !== undefined && { character }),
      };
    case "LRC":
      return {
        code: failure.code,
        sentence: `All characters have their parity, but the LRC ${where}${counted}, does not match. Swipe again.`,
        ...place,
        ...(character !== undefined && { character }),
      };
  }
}
