// Samples of a WAV file or pipe, block by block, as numbers from -1 to 1: hours take no more memory than seconds.
import { PosError } from "../errors.js";
import { ByteSource } from "./byte-source.js";
import { SampleBlocks } from "./sample-blocks.js";
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
    const totalFrames =
      dataBytes === undefined ? undefined : Math.floor((dataBytes * 8) / (format.channels * format.bitsPerSample));
    const blocks = new SampleBlocks(source, format, BLOCK_FRAMES, dataBytes);
    for (;;) {
      const channels = await blocks.next();
      if (channels === undefined) break;
      yield { format, totalFrames, channels };
    }
    if (blocks.taken === 0) throw new PosError("WAV_EMPTY", "The file has no samples");
    if (dataBytes !== undefined && blocks.missing > 0) {
      const missing = `${blocks.missing} of ${dataBytes} bytes of samples are missing`;
      throw new PosError("WAV_CUT", `The file is cut, or its header claims too much: ${missing}`);
    }
  } finally {
    await source.close();
  }
}
