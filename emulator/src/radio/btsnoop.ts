// Traffic between host and controller as a btsnoop file (RFC 1761's snoop with Bluetooth's datalinks; 1002 is HCI over UART, H4), which Wireshark
// and its kin open.

import { concat, utf8 } from "@enabling-card/wire";
import type { Controller } from "./controller.js";
import { PACKET } from "./hci.js";

const VERSION = 1;
const DATALINK_H4 = 1002;
/** Microseconds from the year 0 to 1970, as Symbian counted them. */
const EPOCH_US = 0x00dcddb30f2f8000n;

/**
 * Gives `write` the file's header, and then each packet over `controller`'s HCI as its record. Returns how to stop.
 *
 * @param startUs - microseconds since 1970 that the air's zero stands for
 */
export function snoop(controller: Controller, write: (octets: Uint8Array) => void, startUs = 0n): () => void {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, VERSION);
  head.setUint32(4, DATALINK_H4);
  write(concat(utf8("btsnoop\0"), new Uint8Array(head.buffer)));
  return controller.tap((direction, packet, atUs) => {
    const flags = (direction === "to-host" ? 1 : 0) | (packet[0] === PACKET.aclData ? 0 : 2);
    const head = new DataView(new ArrayBuffer(24));
    head.setUint32(0, packet.length);
    head.setUint32(4, packet.length);
    head.setUint32(8, flags);
    head.setBigUint64(16, EPOCH_US + startUs + BigInt(Math.round(atUs)));
    write(concat(new Uint8Array(head.buffer), packet));
  });
}

/** The same, kept in memory. */
export class BtSnoop {
  readonly #pieces: Uint8Array[] = [];
  readonly stop: () => void;

  constructor(controller: Controller, startUs = 0n) {
    this.stop = snoop(controller, (octets) => this.#pieces.push(octets), startUs);
  }

  /** The whole file. */
  file(): Uint8Array {
    return concat(...this.#pieces);
  }
}
