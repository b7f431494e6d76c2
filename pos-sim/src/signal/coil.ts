// The card's coil as a reader's head hears it. Between two reversals the current obeys i' = (+-V - iR)/L, so its slope,
// which is what the head sees, jumps by 2V/L at a reversal and decays with L/R. The shield and eddy currents in front of
// the head are one more pole. Both poles are solved exactly, reversal by reversal; no step size is involved.
import { PosError } from "../errors.js";
import { checkRate, decimate, normalise, type Signal } from "./signal.js";

/** What a coil did: times of its flux reversals. */
export interface Emission {
  /** Nanoseconds of each reversal, rising. The first is the current's turn-on. */
  readonly edgesNs: Float64Array | readonly number[];
  /** When the current is let go, nanoseconds. */
  readonly durationNs: number;
}

export interface CoilModel {
  readonly sampleRateHz?: number;
  readonly inductanceH?: number;
  readonly resistanceOhm?: number;
  /** Corner of shield and eddy currents, one pole. */
  readonly shieldHz?: number;
  /** The head's band: one pole at each end. */
  readonly headLowHz?: number;
  readonly headHighHz?: number;
  /** Peak of the result, after the recorder's gain was set. */
  readonly level?: number;
  /** Silence before the first and after the last edge. */
  readonly marginMs?: number;
  /** How the current ends: a linear return that no reader takes for a pulse, or a cut that is one. */
  readonly release?: "ramp" | "cut";
  readonly rampMs?: number;
}

const LONGEST_S = 60;

/**
 * Samples that a head beside the coil records. Deterministic; noise is added by `disturb`.
 *
 * @throws {@link PosError} `BAD_ARGUMENT` for edges that do not rise, or an emission of more than a minute.
 */
export function coilSignal(emission: Emission, model: CoilModel = {}): Signal {
  const { sampleRateHz = 48_000, inductanceH = 100e-6, resistanceOhm = 2, shieldHz = 10_000 } = model;
  const { headLowHz = 20, headHighHz = 20_000, level = 0.7, marginMs = 30, release = "ramp", rampMs = 5 } = model;
  checkRate(sampleRateHz);
  const edges = checkedEdges(emission);

  const factor = Math.max(1, Math.ceil(384_000 / sampleRateHz));
  const fineRate = sampleRateHz * factor;
  const start = marginMs / 1000;
  const end = start + emission.durationNs * 1e-9;
  const seconds = end + (release === "ramp" ? rampMs / 1000 : 0) + marginMs / 1000;
  const fine = new Float32Array(Math.ceil(seconds * sampleRateHz) * factor);

  // In units of V/L. The response of the shield's pole to a decaying step is a difference of two exponentials:
  // `slow` decays with the coil, `fast` with the shield, and a jump enters both.
  const coilTau = inductanceH / resistanceOhm;
  let shieldTau = 1 / (2 * Math.PI * shieldHz);
  if (Math.abs(shieldTau / coilTau - 1) < 1e-6) shieldTau *= 1.00001; // the difference of equal poles is 0/0
  const gain = coilTau / (coilTau - shieldTau);
  const coilStep = Math.exp(-1 / (fineRate * coilTau));
  const shieldStep = Math.exp(-1 / (fineRate * shieldTau));
  // A linear return of I = V/R over `rampMs`: a step of the slope, R/L * I / ramp in units of V/L, through the shield only.
  const rampSlope = release === "ramp" && edges.length > 0 ? coilTau / (rampMs / 1000) : 0;
  const polarity = edges.length % 2 === 0 ? 1 : -1; // of the return after the last edge
  let slow = 0;
  let fast = 0;
  let ramp = 0;
  let next = 0;
  let released = edges.length === 0;
  for (let i = 0; i < fine.length; i++) {
    slow *= coilStep;
    fast *= shieldStep;
    const t = i / fineRate;
    while (next < edges.length && start + edges[next]! * 1e-9 <= t) {
      const since = t - (start + edges[next]! * 1e-9);
      const jump = (next === 0 ? 1 : 2) * (next % 2 === 0 ? 1 : -1) * gain;
      slow += jump * Math.exp(-since / coilTau);
      fast += jump * Math.exp(-since / shieldTau);
      next++;
    }
    if (!released && t >= end) {
      released = true;
      if (release === "cut") {
        slow += polarity * gain;
        fast += polarity * gain;
      }
    }
    const target = released && release === "ramp" && t < end + rampMs / 1000 ? polarity * rampSlope : 0;
    ramp = target + (ramp - target) * shieldStep;
    fine[i] = slow - fast + ramp;
  }
  headBand(fine, fineRate, headLowHz, headHighHz);
  return { samples: normalise(decimate(fine, factor), level), sampleRateHz };
}

/** One pole at each end of the band, in place. */
function headBand(samples: Float32Array, rate: number, lowHz: number, highHz: number): void {
  const low = 1 - Math.exp((-2 * Math.PI * lowHz) / rate);
  const high = 1 - Math.exp((-2 * Math.PI * highHz) / rate);
  let base = 0;
  let value = 0;
  for (let i = 0; i < samples.length; i++) {
    base += low * (samples[i]! - base);
    value += high * (samples[i]! - base - value);
    samples[i] = value;
  }
}

function checkedEdges(emission: Emission): Float64Array | readonly number[] {
  const { edgesNs, durationNs } = emission;
  if (!(durationNs >= 0 && durationNs <= LONGEST_S * 1e9)) {
    throw new PosError("BAD_ARGUMENT", `An emission of ${durationNs / 1e9} s; at most ${LONGEST_S} s are taken`);
  }
  let last = -1;
  for (let i = 0; i < edgesNs.length; i++) {
    const edge = edgesNs[i]!;
    if (!(edge > last && edge <= durationNs)) {
      throw new PosError("BAD_ARGUMENT", `Edge ${i} at ${edge} ns does not follow the one before it, or the end`);
    }
    last = edge;
  }
  return edgesNs;
}
