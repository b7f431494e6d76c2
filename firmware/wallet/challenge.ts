// Challenges: what makes a grant fresh without a clock. Card info shows the newest; each is good for one load within 120 s
// of its making, by the card's own timer, across links, until restart.
import { now } from "../ports/clock";
import { fill } from "../ports/random";
import { equal, wipe } from "../common/bytes";
import { CHALLENGE_LIFE_MS, CHALLENGE_RENEW_MS, CHALLENGE_SIZE } from "../../wire/limits";

// made at (u64, 0 = free) | value(16): one every 60 s and one for each that was answered; the oldest makes way
const SLOTS: i32 = 4;
const SLOT: i32 = 8 + CHALLENGE_SIZE;
const slots: usize = memory.data(SLOTS * SLOT);
let newest: i32 = 0;

/** The newest challenge; a new one where that was answered or is older than 60 s. */
export function challenge(): usize {
  const made = load<u64>(slotAt(newest));
  if (made == 0 || now() + 1 - made >= <u64>CHALLENGE_RENEW_MS) {
    newest = (newest + 1) % SLOTS;
    store<u64>(slotAt(newest), now() + 1); // never 0
    fill(slotAt(newest) + 8, CHALLENGE_SIZE);
  }
  return slotAt(newest) + 8;
}

/** The slot whose challenge `value` answers, or -1. */
export function challengeFind(value: usize): i32 {
  for (let i = 0; i < SLOTS; i++) {
    const made = load<u64>(slotAt(i));
    if (made != 0 && now() + 1 - made < <u64>CHALLENGE_LIFE_MS && equal(slotAt(i) + 8, value, CHALLENGE_SIZE)) return i;
  }
  return -1;
}

export function challengeSpend(slot: i32): void {
  wipe(slotAt(slot), SLOT);
}

function slotAt(index: i32): usize {
  return slots + index * SLOT;
}
