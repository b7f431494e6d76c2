// Frames of the image's two serial lines: length u16 LE, kind, octets (firmware/mcu/ports/line.c, runtime/bench.c).

const HEAD = 3;

export interface SerialFrame {
  readonly kind: number;
  readonly octets: Uint8Array;
}

export function encodeSerialFrame(kind: number, octets: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(HEAD + octets.length);
  frame[0] = octets.length & 0xff;
  frame[1] = octets.length >> 8;
  frame[2] = kind;
  frame.set(octets, HEAD);
  return frame;
}

/** Puts frames together again from a stream's pieces. Keeps one frame at most: 64 KiB and its head. */
export class SerialFrames {
  #rest = new Uint8Array(0);

  push(bytes: Uint8Array): SerialFrame[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const frames: SerialFrame[] = [];
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
