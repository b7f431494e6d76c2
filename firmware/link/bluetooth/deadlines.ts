// Deadlines of the host. What each means is events.ts's.
import { tableSet, tableTakeDue } from "../../common/deadlines";
import { now } from "../../ports/clock";

// The first two are over with a reset of the controller.
export const enum Deadline {
  /** The controller owes an answer, or is to be tried again. */
  Controller = 0,
  /** The controller keeps what it was given. */
  Buffers = 1,
  /** The connection: its handshake, its parameters, its end. */
  Connection = 2,
  /** The address on the air has been there for long enough. */
  Address = 3,
  /** A connection beside the one could not be ended. */
  Stray = 4,
  /** The controller may have lost its settings. */
  Check = 5,
  /** A controller that fails may be reset at once again. */
  Calm = 6,
  Count = 7,
}

const at: usize = memory.data(8 * Deadline.Count + GUARD, 8);
export const DEADLINES_END: usize = at + 8 * Deadline.Count;

/**
 * A controller that has packets and sends none of them for so long is reset, as it would hold their buffers for ever. No
 * supervision time-out, after which a connection whose peer is gone ends by itself, is longer than 32 s (Vol 6 Part B 4.5.2).
 */
export const GONE_MS: u64 = 33_000;

export function setDeadline(which: Deadline, inMs: u64): void {
  tableSet(at, DEADLINES_END, which, now() + inMs);
}

export function clearDeadline(which: Deadline): void {
  tableSet(at, DEADLINES_END, which, 0);
}

/** Takes one deadline that is due, or -1. Call until it says -1. */
export function takeDue(): i32 {
  return tableTakeDue(at, DEADLINES_END);
}
