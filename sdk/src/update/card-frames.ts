// What whoever flashes, or looks for a card, asks on its line; the frames are wire's.

import { encodeLineFrame, LineKind } from "@enabling-card/wire";
import type { UpdateLine } from "./line.js";

/** "Start the loader", and "give me the log". */
export const START_LOADER = encodeLineFrame(LineKind.Loader);
export const GIVE_LOG = encodeLineFrame(LineKind.Log);
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
