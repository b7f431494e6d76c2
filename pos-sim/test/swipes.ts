// Tracks of made-up cards in the test range, and the card's emission written slowly and plainly from the standard.
import fc from "fast-check";
import type { Emission, TrackNumber } from "../src/index.js";
import { reversals, trackBits } from "../src/signal/stripe.js";

export const PAN = "9999991234567893";
export const TRACKS = {
  1: `%B${PAN}^DOE/JANE Q^30121011777700000042?`,
  2: `;${PAN}=30121011777700000042?`,
  3: `;01${PAN}=9780000000000000000000003010000000000000000000000000==1=0000000000000000000000000000000?`,
} as const satisfies Record<TrackNumber, string>;

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

export interface EmissionPlan {
  readonly cellUs?: number;
  /** Bits of each pass, in the order of sending. */
  readonly passes?: readonly (readonly number[])[];
  readonly leading?: number;
  readonly between?: number;
  readonly trailing?: number;
}

/** Track 1, track 2, track 2 reversed, with the zeros of open emitters: 25, 53, 25 at 400 us. */
export const PASSES = [trackBits(1, TRACKS[1]), trackBits(2, TRACKS[2]), trackBits(2, TRACKS[2]).reverse()];

export function emission(plan: EmissionPlan = {}): Emission {
  const { cellUs = 400, passes = PASSES, leading = 25, between = 53, trailing = 25 } = plan;
  const bits = [
    ...zeros(leading),
    ...passes.flatMap((pass, i) => (i === 0 ? pass : [...zeros(between), ...pass])),
    ...zeros(trailing),
  ];
  const edgesNs = reversals(bits).map((cells) => cells * cellUs * 1000);
  return { edgesNs, durationNs: edgesNs.at(-1)! + 1e6 };
}

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength, maxLength });
const pan = digits(2, 13).map((rest) => `999999${rest}`);
const expiry = fc
  .tuple(fc.integer({ min: 10, max: 99 }), fc.integer({ min: 1, max: 12 }))
  .map(([y, m]) => `${y}${String(m).padStart(2, "0")}`);
const name = fc.string({ unit: fc.constantFrom(..." ABCDEFGHIJKLMNOPQRSTUVWXYZ/-.'"), minLength: 2, maxLength: 26 });
const track1Set = Array.from({ length: 64 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => !"%?^".includes(c));

/** Any text that ISO/IEC 7813 or 4909 allows, with a PAN of the test range. */
export const legalText: Readonly<Record<TrackNumber, fc.Arbitrary<string>>> = {
  1: fc
    .tuple(pan, name, expiry, digits(3, 3), fc.string({ unit: fc.constantFrom(...track1Set), maxLength: 60 }))
    .map(([p, n, e, s, rest]) => `${`%B${p}^${n}^${e}${s}${rest}`.slice(0, 77)}?`),
  2: fc
    .tuple(pan, expiry, digits(3, 3), digits(0, 13))
    .map(([p, e, s, rest]) => `${`;${p}=${e}${s}${rest}`.slice(0, 38)}?`),
  3: fc
    .tuple(digits(2, 2), pan, fc.string({ unit: fc.constantFrom(..."0123456789="), minLength: 40, maxLength: 81 }))
    .map(([code, p, rest]) => `;${code}${p}=${rest}?`),
};
