// Deadlines of the host over link's one alarm. What each means is events.ts's.
import { now, wakeAt } from "../../ports/clock";

export const enum Deadline {
  /** The controller owes an answer, or is to be tried again. */
  Controller = 0,
  /** The connection: its handshake, its parameters, its end. */
  Connection = 1,
  /** The address on the air has been there for long enough. */
  Address = 2,
  Count = 3,
}

const at: usize = memory.data(8 * 3 + GUARD, 8);
export const DEADLINES_END: usize = at + 8 * 3;

export function setDeadline(which: Deadline, inMs: u64): void {
  store<u64>(at + (<usize>which << 3), now() + inMs);
  arm();
}

export function clearDeadline(which: Deadline): void {
  store<u64>(at + (<usize>which << 3), 0);
  arm();
}

/** Takes one deadline that is due, or -1. Call until it says -1. */
export function takeDue(): i32 {
  const time = now();
  for (let i = 0; i < <i32>Deadline.Count; i++) {
    const when = load<u64>(at + (<usize>i << 3));
    if (when == 0 || when > time) continue;
    store<u64>(at + (<usize>i << 3), 0);
    return i;
  }
  arm();
  return -1;
}

function arm(): void {
  let first: u64 = 0;
  for (let i = 0; i < <i32>Deadline.Count; i++) {
    const when = load<u64>(at + (<usize>i << 3));
    if (when != 0 && (first == 0 || when < first)) first = when;
  }
  wakeAt(first);
}
