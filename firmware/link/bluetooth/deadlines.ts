// Deadlines of the host. What each means is events.ts's.
import { tableSet, tableTakeDue } from "../../common/deadlines";
import { now } from "../../ports/clock";

export const enum Deadline {
  /** The controller owes an answer, or is to be tried again. */
  Controller = 0,
  /** The connection: its handshake, its parameters, its end. */
  Connection = 1,
  /** The address on the air has been there for long enough. */
  Address = 2,
  /** A connection beside the one could not be ended. */
  Stray = 3,
  /** The controller keeps what it was given. */
  Buffers = 4,
  /** The controller may have lost its settings. */
  Check = 5,
  Count = 6,
}

const at: usize = memory.data(8 * Deadline.Count + GUARD, 8);
export const DEADLINES_END: usize = at + 8 * Deadline.Count;

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
