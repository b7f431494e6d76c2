// A magnetic stripe under a head: the reference that the card's coil imitates, and a second source of signals for tests.
// A model only: it makes samples, never intervals for a coil. Written from ISO/IEC 7811-2 and independent of the
// card's own encoder, so that one may check the other. Pulses are Lorentzian, 1/(1 + (2x/PW50)^2).
import { PosError } from "../errors.js";
import { cellMm, TRACK_FORMATS, type TrackNumber } from "../track-format.js";
import { uniform } from "./random.js";
import { checkRate, decimate, normalise, type Signal } from "./signal.js";

/**
 * Bits of a track, first to last: each character, then the LRC.
 *
 * @param text - From start to end sentinel, without LRC.
 * @throws {@link PosError} `BAD_ARGUMENT` for a character that the track does not have.
 */
export function trackBits(track: TrackNumber, text: string): number[] {
  const { symbolBits, offset } = TRACK_FORMATS[track];
  const dataBits = symbolBits - 1;
  const values = Array.from(text, (character) => character.charCodeAt(0) - offset);
  const bad = values.findIndex((value) => !(value >= 0 && value < 1 << dataBits));
  if (bad >= 0) throw new PosError("BAD_ARGUMENT", `Character ${bad + 1} is not one of track ${track}`);
  const lrc = values.reduce((sum, value) => sum ^ value, 0);
  return [...values, lrc].flatMap((value) => {
    const bits = Array.from({ length: dataBits }, (_, i) => (value >> i) & 1);
    const ones = bits.reduce((sum, bit) => sum + bit, 0);
    return [...bits, 1 - (ones % 2)];
  });
}

/** Positions of flux reversals for `bits`, in cells from the first: one at each cell edge, one in the middle of a one. */
export function reversals(bits: readonly number[]): number[] {
  return [...bits.flatMap((bit, i) => (bit === 1 ? [i, i + 0.5] : [i])), bits.length];
}

export interface Swipe {
  readonly track: TrackNumber;
  /** From start to end sentinel. */
  readonly text: string;
  readonly ips: number;
  readonly sampleRateHz?: number;
  readonly direction?: "forward" | "reverse";
  /** Speed at the end of the stripe over speed at its start, under constant acceleration. */
  readonly acceleration?: number;
  readonly leadingZeros?: number;
  readonly trailingZeros?: number;
  /** Pulse width at half height, as a share of a cell. */
  readonly pw50?: number;
  /** Each reversal is moved by up to this share of a cell either way, uniformly. */
  readonly jitter?: number;
  readonly seed?: number;
  readonly level?: number;
  /** Bits to put on the stripe instead of those of `text`: spoiled parity and LRC. */
  readonly bits?: readonly number[];
}

/** How far a Lorentzian is followed, in PW50: 1/1600 of its height. */
const REACH = 20;
const MARGIN_S = 0.02;

/** Samples of one swipe, band-limited to 0.45 of the sample rate. Amplitude follows the speed, as induction does. */
export function swipeSignal(swipe: Swipe): Signal {
  const { track, ips, sampleRateHz = 44_100, acceleration = 1, pw50 = 0.25, jitter = 0, level = 0.7 } = swipe;
  checkRate(sampleRateHz);
  if (!(ips > 0 && acceleration > 0 && pw50 > 0)) throw new PosError("BAD_ARGUMENT", "Speeds and widths are positive");
  const { leadingZeros = track === 2 ? 22 : 61, trailingZeros = 24, direction = "forward", seed = 1 } = swipe;
  const bits = [
    ...new Array<number>(leadingZeros).fill(0),
    ...(swipe.bits ?? trackBits(track, swipe.text)),
    ...new Array<number>(trailingZeros).fill(0),
  ];

  const next = uniform(seed);
  const cell = cellMm(track);
  const length = bits.length * cell;
  let places = reversals(bits).map((at) => (at + jitter * (2 * next() - 1)) * cell);
  if (direction === "reverse") places = places.map((at) => length - at).reverse();

  // x = v t + a t^2 / 2, from speed v to speed v * acceleration over the length of the stripe.
  const speed = ips * 25.4;
  const a = (speed * speed * (acceleration * acceleration - 1)) / (2 * length);
  const speedAt = (x: number): number => Math.sqrt(Math.max(0, speed * speed + 2 * a * x));
  const timeAt = (x: number): number => (2 * x) / (speed + speedAt(x));

  const fastest = speed * Math.max(1, acceleration);
  const width = pw50 * cell;
  // Ten fine samples a pulse are plenty: its spectrum falls as exp(-pi * PW50 * f).
  const factor = Math.min(32, Math.max(1, Math.ceil((10 * fastest) / (width * sampleRateHz))));
  const fineRate = sampleRateHz * factor;
  const fine = new Float32Array(Math.ceil((timeAt(length) + 2 * MARGIN_S) * sampleRateHz) * factor);
  places.forEach((place, i) => {
    const here = speedAt(place);
    const half = width / here / 2; // seconds at half height, one side
    const centre = (timeAt(place) + MARGIN_S) * fineRate;
    const scale = 1 / (half * fineRate);
    const height = ((i % 2 === 0 ? 1 : -1) * here) / fastest;
    const reach = (REACH * 2) / scale;
    const to = Math.min(fine.length - 1, Math.floor(centre + reach));
    for (let n = Math.max(0, Math.ceil(centre - reach)); n <= to; n++) {
      const x = (n - centre) * scale;
      fine[n]! += height / (1 + x * x);
    }
  });
  return { samples: normalise(decimate(fine, factor), level), sampleRateHz };
}
