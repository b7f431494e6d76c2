// What is wrong with a signal, in words: against the standard's limits where it has some, else against what readers bear.
import { CELL_LIMITS, SUBINTERVAL_LIMITS } from "./limits.js";
import type { Deviations, Dropout, LevelStep, SignalMeasures, SpeedSwing, Weakness } from "./report.js";

/** Level below which a sound card's own noise and steps count, dB of full scale. */
export const QUIET_DB = -40;
/** Samples on flat tops from which on places of pulses suffer, per cent. */
export const CLIPPED_PERCENT = 2;
/** Below, single bits are in doubt. */
const NOISY_DB = 10;
/** Below, noise decides where a reversal is found. */
const DROWNED_DB = 5;
/** Below, a card's jitter is what is so much more than the noise's: the worst of many cells is noise's now and then. */
const STEADY_DB = 18;
const BEYOND_NOISE = 1.5;
/** Of a swipe, the worst cell that noise makes is at times so much worse than foretold. */
const WORSE = 1.4;
/** Below, noise hides the outer zeros. */
const HIDDEN_DB = 13;
/** Reversals that meet by so much jitter take height from each other. */
const JITTERY_PERCENT = 8;
/** Speeds that the field's readers take, inches a second, and how much a hand may change its own. */
const SLOWEST_IPS = 3;
const FASTEST_IPS = 60;
/** By how much a speed that is just within them may be measured beyond. */
const MEASURED = 1.02;
const SPEED_RATIO = 3;
/** Samples a cell that a reader needs for comfort. */
const FEW_SAMPLES = 6;
/** Zeros that a reader needs before the data: the first six to nine go to synchronising. */
const LEADING_ZEROS = 10;
/** A pulse lower than that, per cent of those around it, is nearly gone. */
const LOW_PULSE = 35;
/** Hum and wander from which on readers with a fixed threshold miss pulses, per cent of a pulse's height. */
const HUM_PERCENT = 30;
const WANDER_PERCENT = 30;

/**
 * Worst first: what takes bits away, then what makes them doubtful.
 *
 * @param whole - False of an attempt that failed: what should stand behind it is not missed.
 */
export function weaknessesOf(signal: Omit<SignalMeasures, "weaknesses">, whole: boolean): Weakness[] {
  const found: Weakness[] = [];
  const { dropouts, clippedPercent, jitter, snrDb, peakDb, speed, cellSamples, leadingZeros, trailingZeros } = signal;
  const { cut, pauses, levelStep, humPercent = 0, wanderPercent } = signal;
  if (cut.begins)
    found.push({ code: "CUT", sentence: "the recording begins within the swipe: record it from before it on" });
  if (cut.ends) found.push({ code: "CUT", sentence: "the recording ends within the swipe: record it to its end" });
  for (const { atS, lengthS } of pauses.slice(0, 1)) {
    const sentence = `the swipe pauses for ${(1000 * lengthS).toFixed(0)} ms from ${atS.toFixed(3)} s on: the hand stopped, or the head was lifted`;
    found.push({ code: "STOP", sentence });
  }
  found.push(...missing(dropouts));
  if (levelStep !== undefined) found.push(stepped(levelStep));
  if (clippedPercent > CLIPPED_PERCENT) {
    found.push({
      code: "CLIPPING",
      sentence: `${clippedPercent.toFixed(0)} % of the samples lie on flat tops: clipped, or kept in too few bits`,
    });
  }
  const noisy = snrDb !== undefined && snrDb < NOISY_DB;
  if (noisy) found.push({ code: "NOISE", sentence: noiseSentence(Math.round(snrDb)) });
  const { reversalsPercent = 0, noisePercent = 0 } = jitter ?? {};
  const below = (edgeDb: number): boolean => snrDb !== undefined && snrDb < edgeDb;
  const drowned = below(DROWNED_DB) || (below(STEADY_DB) && reversalsPercent < BEYOND_NOISE * noisePercent);
  if (jitter !== undefined && !drowned) {
    // What noise alone does is not the card's. Half a cell is half as long. Where all reversals are off by more than noise moves
    // them, some of the worst is the card's, however bad a single cell may be in noise.
    const { cells, subintervals, noiseWorstPercent = 0 } = jitter;
    const byNoise = reversalsPercent < BEYOND_NOISE * noisePercent ? WORSE * noiseWorstPercent : 0;
    if (cells.worstPercent > Math.max(CELL_LIMITS.newPercent, byNoise)) found.push(jittery("cell", cells));
    if (
      subintervals !== undefined &&
      subintervals.worstPercent > Math.max(SUBINTERVAL_LIMITS.newPercent, 2 * byNoise)
    ) {
      found.push(jittery("half cell", subintervals));
    }
  }
  if (!noisy && reversalsPercent < JITTERY_PERCENT && dropouts.length === 0 && signal.lowestPulsePercent < LOW_PULSE) {
    const sentence = `the lowest pulse has ${signal.lowestPulsePercent.toFixed(0)} % of the height of those around it`;
    found.push({ code: "WEAK", sentence });
  }
  if (humPercent > HUM_PERCENT) {
    found.push({ code: "HUM", sentence: `the mains hum at ${humPercent.toFixed(0)} % of a pulse's height` });
  }
  if (wanderPercent > WANDER_PERCENT) {
    found.push({
      code: "WANDER",
      sentence: `the base line wanders by ${wanderPercent.toFixed(0)} % of a pulse's height`,
    });
  }
  if (peakDb < QUIET_DB) found.push({ code: "LEVEL", sentence: `its peak is ${peakDb.toFixed(0)} dB of full scale` });
  found.push(...hasty(speed, cellSamples));
  // Who reads a swipe follows its hand.
  if (!whole && !below(DROWNED_DB) && speed.swing !== undefined) found.push(swinging(speed.swing));
  const hidden = below(HIDDEN_DB);
  if (!hidden && leadingZeros !== undefined && leadingZeros < LEADING_ZEROS) {
    found.push({
      code: "ZEROS",
      sentence: `only ${count(leadingZeros, "zero")} before the data; a stripe has 22 and more`,
    });
  }
  if (!hidden && whole && trailingZeros !== undefined && trailingZeros < 2) {
    found.push({ code: "ZEROS", sentence: `only ${count(trailingZeros, "zero")} behind the data` });
  }
  if (!whole && found.length === 0 && leadingZeros === undefined)
    found.push({
      code: "ZEROS",
      sentence: "no run of zeros was found before the data: it was followed from amid it on",
    });
  return found;
}

/**
 * What is beyond a bound and no weakness, as noise may have made it: without a full stop. Without these nobody may say that all is within
 * bounds.
 */
export function byNoiseAlone(signal: SignalMeasures): readonly string[] {
  const { jitter, snrDb, leadingZeros, clippedPercent, weaknesses } = signal;
  const isTold = (code: Weakness["code"]): boolean => weaknesses.some((one) => one.code === code);
  const said: string[] = [];
  if (jitter !== undefined && !isTold("JITTER")) {
    const { cells, subintervals } = jitter;
    const why = clippedPercent > CLIPPED_PERCENT ? "noise and flat tops" : "noise";
    const beyond = [
      ...(cells.worstPercent > CELL_LIMITS.newPercent ? [jittery("cell", cells)] : []),
      ...(subintervals !== undefined && subintervals.worstPercent > SUBINTERVAL_LIMITS.newPercent
        ? [jittery("half cell", subintervals)]
        : []),
    ];
    said.push(...beyond.map(({ sentence }) => `${sentence}, as its ${why} may make it on a perfect card`));
  }
  if (!isTold("ZEROS") && snrDb !== undefined && leadingZeros !== undefined && leadingZeros < LEADING_ZEROS)
    said.push(`only ${count(leadingZeros, "zero")} seen before the data: noise may hide more`);
  return said;
}

/** What is left of both together, less the noise beside them, is the more by chance the deeper the signal lies: 1 to 2 dB from 0 dB on. */
function noiseSentence(snrDb: number): string {
  if (snrDb === 0) return "the noise is about as strong as the signal";
  return snrDb > 0
    ? `the signal is only ${snrDb} dB above the noise`
    : `the noise is about ${-snrDb} dB above the signal`;
}

/** The longest gap, and the longest stretch of low pulses. */
function missing(dropouts: readonly Dropout[]): Weakness[] {
  const kinds = [
    dropouts.filter(({ pulsePercent }) => pulsePercent === 0),
    dropouts.filter((one) => one.pulsePercent > 0),
  ];
  return kinds.flatMap((all): Weakness[] => {
    if (all.length === 0) return [];
    const longest = all.reduce((most, one) => (one.lengthUs > most.lengthUs ? one : most));
    const { atS, lengthUs, cells, pulsePercent, character } = longest;
    const gone = pulsePercent === 0;
    const what = gone
      ? "no pulse"
      : `pulses of ${pulsePercent < 100 ? "only " : ""}${Math.max(1, Math.round(pulsePercent))} % of the usual height`;
    const more = all.length > 1 ? `, and ${all.length - 1} more` : "";
    const sentence = `${what} for ${(lengthUs / 1000).toFixed(2)} ms (${count(Math.round(cells), "cell")}) from ${atS.toFixed(3)} s on${at(character)}${more}`;
    return [{ code: gone ? "DROPOUT" : "WEAK", sentence, ...(character !== undefined && { character }) }];
  });
}

function stepped({ atS, pulsePercent, character }: LevelStep): Weakness {
  const how =
    pulsePercent < 100
      ? `falls to ${pulsePercent.toFixed(0)} % of what it was`
      : `was ${(1e4 / pulsePercent).toFixed(0)} % of what it is`;
  return {
    code: "WEAK",
    sentence: `the level ${how}, from ${atS.toFixed(3)} s on${at(character)}`,
    ...(character !== undefined && { character }),
  };
}

function jittery(what: string, spread: Deviations): Weakness {
  const { worstPercent, worstOfNewPercent, worstOfUsedPercent, worstCharacter } = spread;
  const limits = `${worstOfNewPercent.toFixed(0)} % of a new card's limit, ${worstOfUsedPercent.toFixed(0)} % of a used card's`;
  return {
    code: "JITTER",
    sentence: `worst ${what} ${worstPercent.toFixed(0)} % off, ${limits}${at(worstCharacter)}`,
    ...(worstCharacter !== undefined && { character: worstCharacter }),
  };
}

function hasty({ slowestIps, fastestIps }: SignalMeasures["speed"], cellSamples: number): Weakness[] {
  const found: Weakness[] = [];
  const say = (sentence: string): void => void found.push({ code: "SPEED", sentence });
  if (cellSamples < FEW_SAMPLES)
    say(`a cell has only ${cellSamples.toFixed(1)} samples: too fast for this sample rate`);
  if (fastestIps > FASTEST_IPS * MEASURED)
    say(`up to ${fastestIps.toFixed(0)} inches a second; readers take ${FASTEST_IPS}`);
  if (slowestIps < SLOWEST_IPS / MEASURED)
    say(`down to ${slowestIps.toFixed(1)} inches a second; readers take ${SLOWEST_IPS} and more`);
  if (fastestIps > SPEED_RATIO * slowestIps) {
    say(`its speed changes from ${slowestIps.toFixed(1)} to ${fastestIps.toFixed(1)} inches a second`);
  }
  return found;
}

function swinging({ percent, character }: SpeedSwing): Weakness {
  const how = percent > 0 ? "faster" : "slower";
  return {
    code: "SPEED",
    sentence: `its speed changes back and forth: ${Math.abs(percent).toFixed(0)} % ${how} for a moment${at(character)}`,
    ...(character !== undefined && { character }),
  };
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const at = (character: number | undefined): string => (character === undefined ? "" : `, at character ${character}`);
