// Many deadlines over the machine's one alarm. What each means is index.ts's.
import { now, wakeAt } from "../ports/clock";

export const enum Deadline {
  SessionProof = 0,
  PairingWindow = 1,
  Confirmation = 2,
  Grant = 3,
  NextPass = 4,
  Challenge = 5,
  Identifier = 6,
  Count = 7,
}

const at: usize = memory.data(8 * 7);

export function setDeadline(which: Deadline, inMs: u64): void {
  store<u64>(at + (<usize>which << 3), now() + inMs);
  arm();
}

export function clearDeadline(which: Deadline): void {
  store<u64>(at + (<usize>which << 3), 0);
  arm();
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
  const time = now();
  for (let i = 0; i < <i32>Deadline.Count; i++) {
    const when = load<u64>(at + (<usize>i << 3));
    if (when != 0 && when <= time) {
      store<u64>(at + (<usize>i << 3), 0);
      return i;
    }
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
