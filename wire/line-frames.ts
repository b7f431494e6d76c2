// Frames of a card's serial line, both ways: length u16 LE, kind, octets (firmware/mcu/ports/line.c).

import { concat } from "./bytes.js";

export enum LineKind {
  /** Of either side: one chunk. The other side says when it has taken it. */
  Chunk = 0,
  Taken = 1,
  /** Of the phone's side: it is there, with its longest chunk u16 LE. Of either side: it is gone. */
  Up = 2,
  Down = 3,
  /** Of the card: what it advertises. */
  Advertised = 4,
  /** Start the loader, which listens to this line. */
  Loader = 5,
  /** Of whoever wants the log; of the card: its records, the oldest first. */
  Log = 6,
}

export interface LineFrame {
  readonly kind: number;
  readonly octets: Uint8Array;
}

const HEAD = 3;

/** @param kind - A `LineKind`, or an order of a development board's bench, which has the same frames. */
export function encodeLineFrame(kind: number, octets: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concat(Uint8Array.of(octets.length & 0xff, octets.length >> 8, kind), octets);
}

/** Puts frames together again from a stream's pieces. Keeps one frame at most: 64 KiB and its head. */
export class LineFrames {
  #rest: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): LineFrame[] {
    const all = concat(this.#rest, bytes);
    const frames: LineFrame[] = [];
    let at = 0;
    while (at + HEAD <= all.length) {
      const end = at + HEAD + (all[at]! | (all[at + 1]! << 8));
      if (end > all.length) break;
      frames.push({ kind: all[at + 2]!, octets: all.slice(at + HEAD, end) });
      at = end;
    }
    this.#rest = all.slice(at);
    return frames;
  }
}
