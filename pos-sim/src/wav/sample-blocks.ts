// Octets to blocks of samples from -1 to 1, one array a channel. Blocks are filled up before they are given, the last one apart: how the
// octets were cut into chunks on their way shows nowhere. Memory is one block.
import { endianness } from "node:os";
import type { ByteSource } from "./byte-source.js";

/** How a sample lies in its octets, little-endian; 8 bits are unsigned. */
export interface SampleFormat {
  readonly encoding: "pcm" | "float";
  readonly bitsPerSample: 8 | 16 | 24 | 32 | 64;
  readonly channels: number;
}

export class SampleBlocks {
  readonly #source: ByteSource;
  readonly #frameOctets: number;
  /** An aligned copy, so that typed arrays may lie over it wherever the chunks begin. */
  readonly #octets: Uint8Array;
  readonly #planes: readonly Float32Array[];
  readonly #convert: Convert;
  #held = 0;
  #missing: number;
  /** Octets of samples taken so far. */
  taken = 0;

  /** @param dataOctets - How many octets are samples; without, all up to the end. */
  constructor(source: ByteSource, format: SampleFormat, blockFrames: number, dataOctets = Number.POSITIVE_INFINITY) {
    this.#source = source;
    this.#frameOctets = (format.channels * format.bitsPerSample) / 8;
    this.#octets = new Uint8Array(blockFrames * this.#frameOctets);
    this.#planes = Array.from({ length: format.channels }, () => new Float32Array(blockFrames));
    this.#convert = converter(format, this.#octets);
    this.#missing = dataOctets;
  }

  /** Octets that were promised and have not come. */
  get missing(): number {
    return this.#missing;
  }

  /** Octets behind the last whole frame, once all was taken. */
  get rest(): number {
    return this.#held;
  }

  /** The next block, or undefined behind the last. Valid until the next call. */
  async next(): Promise<readonly Float32Array[] | undefined> {
    while (this.#held < this.#octets.length && this.#missing > 0) {
      const part = await this.#source.some(Math.min(this.#missing, this.#octets.length - this.#held));
      if (part === undefined) break;
      this.#octets.set(part, this.#held);
      this.#held += part.length;
      this.#missing -= part.length;
      this.taken += part.length;
    }
    const frames = Math.floor(this.#held / this.#frameOctets);
    if (frames === 0) return undefined;
    for (let c = 0; c < this.#planes.length; c++) this.#convert(this.#planes[c]!, c, frames);
    this.#octets.copyWithin(0, frames * this.#frameOctets, this.#held);
    this.#held -= frames * this.#frameOctets;
    return this.#planes.map((plane) => plane.subarray(0, frames));
  }
}

type Convert = (out: Float32Array, channel: number, frames: number) => void;

/** How samples of a format become numbers. `bytes` holds whole frames from its start. */
function converter(format: SampleFormat, bytes: Uint8Array): Convert {
  const { encoding, bitsPerSample, channels } = format;
  const key = `${encoding}${bitsPerSample}` as const;
  if (endianness() === "BE") return slowConverter(format, bytes);
  if (key === "pcm24") {
    return (out, channel, frames) => {
      for (let i = 0, at = channel * 3; i < frames; i++, at += channels * 3) {
        out[i] = ((bytes[at]! << 8) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 24)) / 0x8000_0000;
      }
    };
  }
  const [samples, scale, zero] = {
    pcm8: [bytes, 1 / 0x80, 0x80] as const,
    pcm16: [new Int16Array(bytes.buffer), 1 / 0x8000, 0] as const,
    pcm32: [new Int32Array(bytes.buffer), 1 / 0x8000_0000, 0] as const,
    float32: [new Float32Array(bytes.buffer), 1, 0] as const,
    float64: [new Float64Array(bytes.buffer), 1, 0] as const,
  }[key as "pcm8" | "pcm16" | "pcm32" | "float32" | "float64"];
  return strided(samples, scale, zero, channels);
}

/** A loop of its own for each type of array, so that each stays monomorphic. */
function strided(
  samples: Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array,
  scale: number,
  zero: number,
  channels: number,
): Convert {
  if (samples instanceof Int16Array) {
    return (out, channel, frames) => {
      for (let i = 0, at = channel; i < frames; i++, at += channels) out[i] = samples[at]! * scale;
    };
  }
  return (out, channel, frames) => {
    for (let i = 0, at = channel; i < frames; i++, at += channels) out[i] = (samples[at]! - zero) * scale;
  };
}

/** The same through a DataView, for machines that are not little-endian. */
function slowConverter(format: SampleFormat, bytes: Uint8Array): Convert {
  const { encoding, bitsPerSample, channels } = format;
  const view = new DataView(bytes.buffer);
  const width = bitsPerSample / 8;
  const one = (at: number): number => {
    if (encoding === "float") return width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
    if (width === 1) return (view.getUint8(at) - 0x80) / 0x80;
    if (width === 2) return view.getInt16(at, true) / 0x8000;
    if (width === 4) return view.getInt32(at, true) / 0x8000_0000;
    return ((view.getUint16(at, true) << 8) | (view.getUint8(at + 2) << 24)) / 0x8000_0000;
  };
  return (out, channel, frames) => {
    for (let i = 0; i < frames; i++) out[i] = one((i * channels + channel) * width);
  };
}
