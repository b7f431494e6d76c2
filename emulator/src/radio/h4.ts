// H4, the UART transport of HCI (Core 6.0, Vol 4 Part A 2): octets of a line to whole packets, type first. An octet that begins no packet is passed
// over, so that a line that has lost its place finds it again.

import { concat } from "@enabling-card/wire";
import { PACKET, readU16 } from "./hci.js";

export class H4Packets {
  #rest = new Uint8Array(0);

  /** The packets that these octets end. Of one that has begun, at most 65,540 octets are kept. */
  push(octets: Uint8Array): Uint8Array[] {
    const all = concat(this.#rest, octets);
    const packets: Uint8Array[] = [];
    let at = 0;
    while (at < all.length) {
      const length = lengthOf(all.subarray(at));
      if (length === undefined || at + length > all.length) break;
      if (length > 0) packets.push(all.slice(at, at + length));
      at += Math.max(1, length);
    }
    this.#rest = all.slice(at);
    return packets;
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
