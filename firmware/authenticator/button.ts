// The button, read as a person means it: twice short = yes, held 1 s = no, held 3 s = let a new phone in.
import { now, wakeAt } from "../ports/clock";
import { pressed } from "../ports/button";
import { PAIRING_HOLD_MS } from "../../wire/limits";

export const enum Gesture {
  None = 0,
  Short = 1,
  Twice = 2,
  Long = 3,
  Hold = 4,
}

const SHORT_MIN_MS: u64 = 30;
const SHORT_MAX_MS: u64 = 600;
const LONG_MS: u64 = 1_000;
const TWICE_WITHIN_MS: u64 = 1_500;

let downAt: u64 = 0;
let down: bool = false;
let held: bool = false;
let shortAt: u64 = 0;
/** Another deadline that shares the alarm; 0 where there is none. */
let other: u64 = 0;

/** The button changed: the gesture that this completes. */
export function buttonChanged(): Gesture {
  const time = now();
  if (pressed() != 0) {
    down = true;
    held = false;
    downAt = time;
    arm();
    return Gesture.None;
  }
  if (!down) return Gesture.None;
  down = false;
  arm();
  const duration = time - downAt;
  if (held || duration < SHORT_MIN_MS) return Gesture.None;
  if (duration >= LONG_MS) return Gesture.Long;
  if (duration > SHORT_MAX_MS) return Gesture.None;
  const twice = shortAt != 0 && time - shortAt <= TWICE_WITHIN_MS;
  shortAt = twice ? 0 : time;
  return twice ? Gesture.Twice : Gesture.Short;
}

/** The alarm rang: a hold is complete while the button is still down. */
export function buttonHeld(): Gesture {
  if (!down || held || now() - downAt < <u64>PAIRING_HOLD_MS) {
    arm();
    return Gesture.None;
  }
  held = true;
  arm();
  return Gesture.Hold;
}

/** Presses before a question are no answer to it. */
export function buttonForget(): void {
  shortAt = 0;
  held = true; // one that is down now counts for nothing either
}

/** Lets the alarm ring at `ms` too, 0 for never. */
export function alsoWakeAt(ms: u64): void {
  other = ms;
  arm();
}

function arm(): void {
  const hold = down && !held ? downAt + PAIRING_HOLD_MS : 0;
  wakeAt(hold == 0 ? other : other == 0 ? hold : min(hold, other));
}
