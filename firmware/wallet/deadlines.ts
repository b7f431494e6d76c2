// The wallet's deadlines. What each means is index.ts's.
import { tableSet, tableTakeDue } from "../common/deadlines";
import { now } from "../ports/clock";

export const enum Deadline {
  SessionProof = 0,
  PairingWindow = 1,
  Confirmation = 2,
  Grant = 3,
  NextPass = 4,
  Challenge = 5,
  Identifier = 6,
  Away = 7,
  Choice = 8,
  Count = 9,
}

const at: usize = memory.data(8 * 9);
const END: usize = at + 8 * 9;

export function setDeadline(which: Deadline, inMs: u64): void {
  tableSet(at, END, which, now() + inMs);
}

export function clearDeadline(which: Deadline): void {
  tableSet(at, END, which, 0);
}

export function deadlineSet(which: Deadline): bool {
  return load<u64>(at + (<usize>which << 3)) != 0;
}

/** Milliseconds until `which`, 0 where it is past or not set. */
export function remaining(which: Deadline): u64 {
  const when = load<u64>(at + (<usize>which << 3));
  const time = now();
  return when > time ? when - time : 0;
}

/** Takes one deadline that is due, or -1. Call until it says -1. */
export function takeDue(): i32 {
  return tableTakeDue(at, END);
}
