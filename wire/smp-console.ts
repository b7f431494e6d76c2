// SMP over a serial console (Zephyr's "SMP Transport Specification", console): lines of base64 with markers of their own, so that a log may use the
// same line. The card's twin: firmware/loader/console.ts.

import { base64 } from "@scure/base";
import { concat } from "./bytes.js";
import {
  CONSOLE_FIRST_0,
  CONSOLE_FIRST_1,
  CONSOLE_LINE_MAX,
  CONSOLE_LINE_OCTETS,
  CONSOLE_NEXT_0,
  CONSOLE_NEXT_1,
  CRC16_POLYNOMIAL,
} from "./smp-numbers.js";

const LINE_FEED = 0x0a;
const CRC_SIZE = 2;
const LENGTH_SIZE = 2;
/** Longest packet that is put together, octets: what a length u16 can say is more than a server has. */
const PACKET_MAX = 4096 + 8;

/** CRC-16/XMODEM. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const octet of bytes) {
    crc ^= octet << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ CRC16_POLYNOMIAL : crc << 1) & 0xffff;
  }
  return crc;
}

/** The lines that carry a packet, one behind the other. */
export function toConsole(packet: Uint8Array): Uint8Array {
  const crc = crc16(packet);
  const length = packet.length + CRC_SIZE;
  const all = concat(Uint8Array.of(length >> 8, length), packet, Uint8Array.of(crc >> 8, crc));
  const lines: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += CONSOLE_LINE_OCTETS) {
    const marker = at === 0 ? [CONSOLE_FIRST_0, CONSOLE_FIRST_1] : [CONSOLE_NEXT_0, CONSOLE_NEXT_1];
    const text = base64.encode(all.subarray(at, at + CONSOLE_LINE_OCTETS));
    lines.push(Uint8Array.from([...marker, ...text].map((c) => (typeof c === "string" ? c.charCodeAt(0) : c))));
    lines.push(Uint8Array.of(LINE_FEED));
  }
  return concat(...lines);
}

/** What came on a console: whole packets, and lines of text. What is damaged is dropped, as a console's reader must: the other side asks again. */
export class ConsoleReader {
  #line: number[] = [];
  #packet: Uint8Array | undefined;

  /** Packets that these octets have made whole. `onText` hears lines that are none of SMP's, without their end. */
  push(bytes: Uint8Array, onText?: (line: string) => void): Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (const octet of bytes) {
      if (octet !== LINE_FEED) {
        // Markers stand at a line's beginning, and in no text.
        if (octet === CONSOLE_FIRST_0 || octet === CONSOLE_NEXT_0) this.#line = [];
        if (this.#line.length < 4 * CONSOLE_LINE_MAX) this.#line.push(octet);
        continue;
      }
      const line = Uint8Array.from(this.#line);
      this.#line = [];
      const packet = this.#heard(line, onText);
      if (packet !== undefined) packets.push(packet);
    }
    return packets;
  }

  #heard(line: Uint8Array, onText?: (line: string) => void): Uint8Array | undefined {
    const first = line[0] === CONSOLE_FIRST_0 && line[1] === CONSOLE_FIRST_1;
    const next = line[0] === CONSOLE_NEXT_0 && line[1] === CONSOLE_NEXT_1;
    const text = new TextDecoder().decode(line.subarray(first || next ? 2 : 0)).replace(/\r$/, "");
    if (!first && !next) {
      if (text !== "") onText?.(text);
      return undefined;
    }
    const before = first ? new Uint8Array(0) : this.#packet;
    this.#packet = undefined;
    const octets = before && decoded(text);
    if (octets === undefined || line.length >= CONSOLE_LINE_MAX) return undefined;
    const all = concat(before!, octets);
    if (all.length < LENGTH_SIZE) return undefined;
    const length = (all[0]! << 8) | all[1]!;
    if (length <= CRC_SIZE || length > PACKET_MAX + CRC_SIZE || all.length > LENGTH_SIZE + length) return undefined;
    if (all.length < LENGTH_SIZE + length) {
      this.#packet = all;
      return undefined;
    }
    const packet = all.slice(LENGTH_SIZE, -CRC_SIZE);
    return crc16(packet) === ((all.at(-2)! << 8) | all.at(-1)!) ? packet : undefined;
  }
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}
