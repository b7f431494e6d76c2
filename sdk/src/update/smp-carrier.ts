// What carries SMP's packets to a loader and back: a serial console, or GATT's characteristic of SMP. Packets whole, both ways.

import { CONSOLE_LINE_OCTETS, ConsoleReader, SmpReader, toConsole } from "@enabling-card/wire";
import type { CardLink } from "../transport/card-link.js";
import type { UpdateLine } from "./line.js";

export interface SmpCarrier {
  /** Octets of the longest packet of at most `most` that wastes nothing of what carries it. */
  fill(most: number): number;
  /** Packets of `octets` that may be under way, of `most` that the card takes. */
  window(octets: number, most: number): number;
  /** Resolves when the packet was taken. @throws {CardError} `LINK_LOST` */
  send(packet: Uint8Array): Promise<void>;
  /** Packets from now on. Returns how to stop. */
  onPacket(listener: (packet: Uint8Array) => void): () => void;
  /** Called once when it goes; at once where it has gone. Returns how to stop. */
  onClose(listener: () => void): () => void;
}

/** A packet's length and CRC on a console, octets. */
const CONSOLE_OVERHEAD = 4;

/** A serial console. @param onText - Hears lines of it that are none of SMP's. */
export function consoleCarrier(line: UpdateLine, onText?: (text: string) => void): SmpCarrier {
  const reader = new ConsoleReader();
  return {
    // In lines that are full: a short last one carries little.
    fill(most) {
      const lines = Math.floor((most + CONSOLE_OVERHEAD) / CONSOLE_LINE_OCTETS);
      return lines > 0 ? lines * CONSOLE_LINE_OCTETS - CONSOLE_OVERHEAD : most;
    },
    window: (_, most) => most,
    send: (packet) => line.write(toConsole(packet)),
    onPacket: (listener) =>
      line.onOctets((octets) => {
        for (const packet of reader.push(octets, onText)) listener(packet);
      }),
    onClose: (listener) => line.onClose(listener),
  };
}

/** Writes without response in a row that a platform may be trusted with which drops what it has no room for: gatt.ts's. */
const UNANSWERED = 8;

/** A link to SMP's characteristic, as `connectLoader` of a transport gives it. Its notifications come from now on. */
export async function gattCarrier(link: CardLink): Promise<SmpCarrier> {
  const reader = new SmpReader();
  const ears = new Set<(packet: Uint8Array) => void>();
  await link.subscribe((octets) => {
    for (const packet of reader.push(octets)) for (const hear of ears) hear(packet);
  });
  return {
    // In writes that are full, and no more of them than a platform may be trusted with.
    fill(most) {
      const room = link.holdsBack ? most : Math.min(most, UNANSWERED * link.maxWrite);
      return room < link.maxWrite ? room : room - (room % link.maxWrite);
    },
    window(octets, most) {
      const fits = Math.floor(UNANSWERED / Math.ceil(octets / link.maxWrite));
      return link.holdsBack ? most : Math.max(1, Math.min(most, fits));
    },
    async send(packet) {
      const writes: Promise<void>[] = [];
      for (let at = 0; at < packet.length; at += link.maxWrite)
        writes.push(link.write(packet.subarray(at, at + link.maxWrite), { response: false }));
      await Promise.all(writes);
    },
    onPacket: (listener) => {
      ears.add(listener);
      return () => ears.delete(listener);
    },
    onClose: (listener) => link.onDisconnect(() => listener()),
  };
}
