// Many deadlines over a module's one alarm: a table of milliseconds on the machine's clock, 0 where none is set. What each means is its module's.
import { now, wakeAt } from "../ports/clock";

/** Sets one of the deadlines of the table from `table` to `end`; 0 for none. */
export function tableSet(table: usize, end: usize, which: i32, at: u64): void {
  store<u64>(table + (<usize>which << 3), at);
  tableArm(table, end);
}

/** Takes one that is due, or -1. Call until it says -1. */
export function tableTakeDue(table: usize, end: usize): i32 {
  const time = now();
  for (let one = table; one < end; one += 8) {
    // None, 0, is the last of all when one is taken off.
    if (load<u64>(one) - 1 >= time) continue;
    store<u64>(one, 0);
    return <i32>(one - table) >> 3;
  }
  tableArm(table, end);
  return -1;
}

function tableArm(table: usize, end: usize): void {
  let first: u64 = u64.MAX_VALUE;
  for (let one = table; one < end; one += 8) {
    const before = load<u64>(one) - 1;
    if (before < first) first = before;
  }
  wakeAt(first + 1);
}
