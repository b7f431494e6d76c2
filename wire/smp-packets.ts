// SMP as Bluetooth carries it (Zephyr's "SMP Transport Specification", Bluetooth Low Energy): packets one behind the other, cut anywhere, each as long
// as its header says. The card's twin: firmware/loader/raw.ts.

import { concat } from "./bytes.js";
import { SMP_HEADER_SIZE } from "./smp-numbers.js";

/** Longest packet that is put together, octets: what a length u16 can say is more than a server has. */
const PACKET_MAX = SMP_HEADER_SIZE + 4096;

/** What came in notifications, in any portions. */
export class SmpReader {
  #have: Uint8Array = new Uint8Array(0);
  /** Octets still to come of one that is too long. */
  #toSkip = 0;

  /** Packets that these octets have made whole. One that is too long is dropped: the other side is asked again. */
  push(bytes: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    const skipped = Math.min(this.#toSkip, bytes.length);
    this.#toSkip -= skipped;
    let have = concat(this.#have, bytes.subarray(skipped));
    while (have.length >= SMP_HEADER_SIZE) {
      const whole = SMP_HEADER_SIZE + ((have[2]! << 8) | have[3]!);
      if (whole > PACKET_MAX) this.#toSkip = Math.max(0, whole - have.length);
      else if (have.length < whole) break;
      else packets.push(have.slice(0, whole));
      have = have.slice(whole);
    }
    this.#have = have;
    return packets;
  }
}
