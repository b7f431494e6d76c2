// Samples of a WAV file or pipe, block by block, as numbers from -1 to 1: hours take no more memory than seconds.
import { endianness } from "node:os";
import { PosError } from "../errors.js";
import { ByteSource } from "./byte-source.js";
import { readHead, type WavFormat } from "./wav-format.js";

export interface WavBlock {
  readonly format: WavFormat;
  /** Frames of the whole file; undefined where its writer did not know. */
  readonly totalFrames: number | undefined;
  /** One array a channel, all of one length. Valid until the next block is asked for. */
  readonly channels: readonly Float32Array[];
}

/** Frames of a block, at most. */
const BLOCK_FRAMES = 16_384;

/**
 * The blocks of a recording, at least one, though it may be without frames.
 *
 * @param chunks - The file, in pieces of any size.
 * @throws {@link PosError} `WAV_EMPTY`, `WAV_NOT_WAV`, `WAV_UNSUPPORTED` before the first block; `WAV_CUT` also after the last.
 */
export async function* wavBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WavBlock> {
  const source = new ByteSource(chunks);
  try {
    const { format, dataBytes } = await readHead(source);
    const frameBytes = (format.channels * format.bitsPerSample) / 8;
    const totalFrames = dataBytes === undefined ? undefined : Math.floor(dataBytes / frameBytes);
    // An aligned copy, so that typed arrays may lie over it wherever the chunks begin.
    const bytes = new Uint8Array(BLOCK_FRAMES * frameBytes);
    const planes = Array.from({ length: format.channels }, () => new Float32Array(BLOCK_FRAMES));
    const convert = converter(format, bytes);
    let held = 0;
    let left = dataBytes ?? Number.POSITIVE_INFINITY;
    let any = false;
    while (left > 0) {
      const part = await source.some(Math.min(left, bytes.length - held));
      if (part === undefined) break;
      bytes.set(part, held);
      held += part.length;
      left -= part.length;
      any = true;
      const frames = Math.floor(held / frameBytes);
      if (frames === 0) continue;
      for (let c = 0; c < planes.length; c++) convert(planes[c]!, c, frames);
      yield { format, totalFrames, channels: planes.map((plane) => plane.subarray(0, frames)) };
      bytes.copyWithin(0, frames * frameBytes, held);
      held -= frames * frameBytes;
    }
    if (!any) throw new PosError("WAV_EMPTY", "The file has no samples");
    if (left !== Number.POSITIVE_INFINITY && left > 0) {
      throw new PosError("WAV_CUT", `The file is cut: ${left} of ${dataBytes} bytes of samples are missing`);
    }
  } finally {
    await source.close();
  }
}

type Convert = (out: Float32Array, channel: number, frames: number) => void;

/** How samples of a format become numbers. `bytes` holds whole frames from its start. */
function converter(format: WavFormat, bytes: Uint8Array): Convert {
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
function slowConverter(format: WavFormat, bytes: Uint8Array): Convert {
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
