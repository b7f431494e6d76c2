// Emission plans: how a grant's tracks are laid out in time. Each emission takes the next plan, so that a reader that
// missed one sees another rate. Figures: ../../docs/waveform.md.

import { EMISSION_MAX_MS, PASSES_MAX } from "../../wire/limits";

/** track 1's cell us, track 2's cell us, leading, between and trailing zeros, passes; every second pass runs backwards. */
const FIELDS: i32 = 6;
const PLANS: usize = memory.data<u16>([
  // 400 us: 33 ips to a track 2 head, 12 ips to a track 1 head; both inside what readers take (3 to 60 ips)
  400, 400, 25, 53, 25, 2,
  // 300 us: 44 and 16 ips
  300, 300, 28, 53, 28, 2,
  // each track at 25 ips of its own density
  190, 530, 30, 53, 25, 2,
]);
export const PLAN_COUNT: i32 = 3;
/** Rest between two passes, so that a reader takes them for two swipes of one card. */
export const PASS_GAP_MS: u64 = 100;

let plan: i32 = 0;

export function planUse(number: i32): void {
  plan = number % PLAN_COUNT;
}

export function planIndex(): i32 { return plan; }
export function cell1Us(): i32 { return field(0); }
export function cell2Us(): i32 { return field(1); }
export function leadingZeros(): i32 { return field(2); }
export function betweenZeros(): i32 { return field(3); }
export function trailingZeros(): i32 { return field(4); }
export function passes(): i32 { return field(5); }

/**
 * How long an emission of `count` passes of `passMs` takes; -1, which no battery sustains, where it would have more passes or
 * last longer than rule 5 allows.
 */
export function emissionMs(passMs: i32, count: i32): i32 {
  const ms = passMs * count + <i32>PASS_GAP_MS * (count - 1);
  return count <= PASSES_MAX && ms <= EMISSION_MAX_MS ? ms : -1;
}

function field(number: i32): i32 {
  return load<u16>(PLANS + ((plan * FIELDS + number) << 1));
}
