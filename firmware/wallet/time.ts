// The calendar, as far as the card trusts one: seconds since 1970, told by signed grants, carried by the machine's own timer.
import { now } from "../ports/clock";
import { CLOCK_MOVE_MAX_S } from "../../wire/limits";

/** Calendar time minus machine time, milliseconds; 0 while unknown. */
let offset: u64 = 0;

export function timeKnown(): bool {
  return offset != 0;
}

/** Seconds since 1970; 0 while unknown. */
export function calendar(): u64 {
  return offset == 0 ? 0 : (offset + now()) / 1000;
}

/**
 * What the clock would say if a grant issued at `issuedAt` set it: an unknown one takes it, a known one moves at most 10
 * minutes, none goes below the newest checkpoint. A phone that holds back or hurries grants gains no more than that.
 */
export function calendarAfter(issuedAt: u64, checkpointTime: u64): u64 {
  let time = issuedAt;
  if (timeKnown()) {
    const current = calendar();
    time = max(time, current - CLOCK_MOVE_MAX_S);
    time = min(time, current + CLOCK_MOVE_MAX_S);
  }
  return max(time, checkpointTime);
}

export function setCalendar(seconds: u64): void {
  offset = seconds * 1000 - now();
}
