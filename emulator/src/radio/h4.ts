// H4, the UART transport of HCI (Core 6.0, Vol 4 Part A 2): octets of a line to whole packets, type first. An octet that begins no packet is passed
// over, so that a line that has lost its place finds it again; so is what began and does not go on.

import { concat } from "@enabling-card/wire";
import { PACKET, readU16 } from "./hci.js";

/** A packet does not pause for so long amid its octets, ms; as in firmware/mcu/ports/radio.c. */
const PAUSE_MS = 1_000;
const NOTHING = new Uint8Array(0);

export class H4Packets {
  readonly #pauseMs: number;
  #rest = NOTHING;
  #timer: NodeJS.Timeout | undefined;

  constructor({ pauseMs = PAUSE_MS }: { readonly pauseMs?: number } = {}) {
    this.#pauseMs = pauseMs;
  }

  /** The packets that these octets end. Of one that has begun, at most 65,540 octets are kept, and for a second. */
  push(octets: Uint8Array): Uint8Array[] {
    clearTimeout(this.#timer);
    const all = concat(this.#rest, octets);
    const packets: Uint8Array[] = [];
    let at = 0;
    while (at < all.length) {
      const length = lengthOf(all.subarray(at));
      if (length === undefined || at + length > all.length) break;
      if (length > 0) packets.push(all.slice(at, at + length));
      at += Math.max(1, length);
    }
    const rest = all.slice(at);
    this.#rest = rest;
    if (rest.length > 0) this.#forget(rest);
    return packets;
  }

  /** Unless more has come by then: also what waits to be read right now, as a process may have been held up. */
  #forget(rest: Uint8Array): void {
    const forget = () => {
      if (this.#rest === rest) this.#rest = NOTHING;
    };
    this.#timer = setTimeout(() => setImmediate(forget), this.#pauseMs).unref();
  }
}

/** Octets of the packet that begins here (Vol 4 Part E 5.4): 0 where none does, undefined where too few are there to say. */
function lengthOf(octets: Uint8Array): number | undefined {
  switch (octets[0]) {
    case PACKET.command:
      return octets.length < 4 ? undefined : 4 + octets[3]!;
    case PACKET.aclData:
      return octets.length < 5 ? undefined : 5 + readU16(octets, 3);
    case PACKET.event:
      return octets.length < 3 ? undefined : 3 + octets[2]!;
    default:
      return 0;
  }
}
