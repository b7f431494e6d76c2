// Frames that a card's line knows beside those of a phone (firmware/mcu/ports/line.c): length u16 LE, kind, octets.

import type { UpdateLine } from "./line.js";

/** "Start the loader", and "give me the log". */
export const START_LOADER = Uint8Array.of(0, 0, 5);
export const GIVE_LOG = Uint8Array.of(0, 0, 6);
/** More zeros than the longest frame has octets, and one more than a multiple of three. */
const ZEROS = 520;

/**
 * Asks with a frame; `again` where it was not heard before. A card that was started in the middle of a frame takes what follows for its end: zeros
 * are the end of any frame, then frames that say nothing, one octet further each time, so that one of three is heard whole. A loader hears chatter.
 */
export async function askCard(line: UpdateLine, frame: Uint8Array, again: boolean): Promise<void> {
  if (again) await line.write(new Uint8Array(ZEROS));
  await line.write(frame);
}
