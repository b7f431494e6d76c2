// Port radio: packets between link and a Bluetooth LE controller, which may be ours (src/radio) or any other of this shape. Contract: firmware/ports/radio.ts.

import { RADIO_PACKET_MAX, Status } from "@enabling-card/wire";
import type { ModuleMemory } from "../memory.js";

/** A controller as its host sees it: whole packets of H4, type first. */
export interface HciController {
  /** Takes a command or ACL data. What it answers comes to `onPacket`, at once or later. */
  send(packet: Uint8Array): void;
  /** Who hears its events and ACL data, in order; they are the listener's to keep. One host: the next listener replaces the last. */
  onPacket(listener: (packet: Uint8Array) => void): void;
  /** Its power goes, and comes back: what it did ends without a word to anybody. */
  powerOff(): void;
}

const COMMAND = 1;
const ACL_DATA = 2;

export class Radio {
  readonly #controller: HciController | undefined;

  constructor(controller: HciController | undefined, received: (packet: Uint8Array) => void) {
    this.#controller = controller;
    controller?.onPacket((packet) => {
      if (packet.length <= RADIO_PACKET_MAX) received(packet);
    });
  }

  powerOff(): void {
    this.#controller?.powerOff();
  }

  port(memory: ModuleMemory) {
    return {
      send: (data: number, length: number): number => {
        if (this.#controller === undefined) return Status.Absent;
        const packet = memory.at(data, length);
        if (packet === undefined || !isWhole(packet)) return Status.BadArgument;
        this.#controller.send(packet.slice());
        return Status.Ok;
      },
    };
  }
}

/** A command or ACL data whose header counts the octets that follow it (Core 6.0, Vol 4 Part E 5.4). */
function isWhole(packet: Uint8Array): boolean {
  if (packet[0] === COMMAND) return packet.length >= 4 && packet.length === 4 + packet[3]!;
  return packet[0] === ACL_DATA && packet.length >= 5 && packet.length === 5 + (packet[3]! | (packet[4]! << 8));
}
