// WAV files for tests, by another program's hand, and as pipes bring them.
import wavefile from "wavefile";
import { PosError } from "../src/index.js";

const { WaveFile } = wavefile;
export const DEPTHS = ["8", "16", "24", "32", "32f", "64"] as const;

/** Bytes as a pipe brings them: in pieces of the given sizes, in turn. */
export async function* pieces(bytes: Uint8Array, sizes: readonly number[] = [1 << 16]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function codeOf(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PosError)) throw error ?? new Error("nothing was thrown");
  return error.code;
}

/** A file by wavefile from samples of -1 to 1. */
export function peerFile(channels: number[][], rate: number, depth: string): Uint8Array {
  const bits = Number.parseInt(depth, 10);
  const float = depth === "32f" || depth === "64";
  const scaled = channels.map((channel) =>
    Float64Array.from(channel, (x) =>
      float ? x : depth === "8" ? Math.round(x * 127) + 128 : Math.round(x * (2 ** (bits - 1) - 1)),
    ),
  );
  const wav = new WaveFile();
  wav.fromScratch(channels.length, rate, depth, channels.length === 1 ? scaled[0]! : scaled);
  return wav.toBuffer();
}
