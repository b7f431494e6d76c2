// Two slots change their contents through a scratch sector. Each step copies a sector whose source the step leaves as it is, and is written down
// only then: begun again after a power cut, it does the same.
import { erase, program, read } from "../ports/slots";
import { FlashArea, SECTOR_SIZE } from "../../wire/loader";
import { sectors, step, stepped } from "./state";

const PIECE: i32 = 256;
const piece: usize = memory.data(PIECE);

/** Does what is left of the swap that the state speaks of. */
export function swap(): void {
  while (step < 3 * sectors) {
    const at = (step / 3) * SECTOR_SIZE;
    const part = step % 3;
    if (part == 0) copy(FlashArea.Slot1, at, FlashArea.Scratch, 0);
    else if (part == 1) copy(FlashArea.Slot0, at, FlashArea.Slot1, at);
    else copy(FlashArea.Scratch, 0, FlashArea.Slot0, at);
    stepped();
  }
}

function copy(from: i32, at: i32, to: i32, toAt: i32): void {
  erase(to, toAt);
  for (let i = 0; i < SECTOR_SIZE; i += PIECE) {
    read(from, at + i, piece, PIECE);
    program(to, toAt + i, piece, PIECE);
  }
}
