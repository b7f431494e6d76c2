// A head that is listened to as long as somebody likes: raw samples in, what is read out of them as it comes. Nothing is kept but what the
// readers need, so that days take no more memory than seconds.
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { PosError } from "../errors.js";
import { ByteSource } from "../wav/byte-source.js";
import { fileChunks } from "../wav/file-chunks.js";
import { readable, unreadable } from "../wav/readable.js";
import { SampleBlocks, type SampleFormat } from "../wav/sample-blocks.js";
import { MAX_CHANNELS, WAV_RATE_MAX_HZ, WAV_RATE_MIN_HZ } from "../wav/wav-format.js";
import type { Diagnosis } from "./diagnosis.js";
import { Heads, type Said } from "./heads.js";
import type { ReaderOptions } from "./read.js";

/** Samples without a header, little-endian, channels interleaved; `u8` is unsigned, floats are -1 to 1 at full scale. */
export type PcmFormat = "u8" | "s16le" | "s24le" | "s32le" | "f32le";

const FORMATS: Readonly<Record<PcmFormat, Omit<SampleFormat, "channels">>> = {
  u8: { encoding: "pcm", bitsPerSample: 8 },
  s16le: { encoding: "pcm", bitsPerSample: 16 },
  s24le: { encoding: "pcm", bitsPerSample: 24 },
  s32le: { encoding: "pcm", bitsPerSample: 32 },
  f32le: { encoding: "float", bitsPerSample: 32 },
};
export const PCM_FORMATS = Object.keys(FORMATS) as readonly PcmFormat[];

export interface ListenOptions extends Pick<ReaderOptions, "track" | "testIins"> {
  readonly format: PcmFormat;
  /** 300 Hz to 200 MHz. */
  readonly sampleRateHz: number;
  /** 1 (default) to 8, each a head of its own. */
  readonly channels?: number;
  /** Ends it as the end of the samples would, but for what takes longer to decide than somebody waits who has stopped it. */
  readonly signal?: AbortSignal;
}

/** The end: of the samples, or by the signal. */
export interface HeardAll {
  readonly kind: "end";
  readonly reads: number;
  readonly seconds: number;
  /** Why, when nothing was read. */
  readonly diagnosis: Diagnosis | null;
  /** Octets at the very end that made no whole frame. */
  readonly restOctets: number;
}

export type Heard = Said | HeardAll;

/** Samples are looked at in pieces of about this length, in multiples of `PIECE` frames, and of no more than `MOST` at any rate. */
const LATENCY_S = 0.04;
const PIECE = 64;
const MOST = 1 << 15;
/** How long samples are searched that waited when it was stopped, ms: whoever stops a command gives up two seconds later. */
const STOPPED_MS = 3000;

/**
 * What is heard, as it comes: each read once, candidates where nothing was certain, at last the end.
 *
 * @param source - A file's or named pipe's name, or the octets as they come: standard input.
 * @throws {@link PosError} `BAD_ARGUMENT`; `PCM_IS_WAV` where the samples have a header after all; `WAV_UNREADABLE`.
 */
export async function* listen(
  source: string | AsyncIterable<Uint8Array>,
  options: ListenOptions,
): AsyncGenerator<Heard> {
  const { format, sampleRateHz, channels = 1, signal, ...readerOptions } = options;
  check(format, sampleRateHz, channels);
  const heads = new Heads(sampleRateHz, channels, readerOptions);
  const octets = new ByteSource(readable(typeof source === "string" ? fileChunks(source, signal) : source, signal));
  const blockFrames = Math.min(MOST, PIECE * Math.max(1, Math.round((LATENCY_S * sampleRateHz) / PIECE)));
  const blocks = new SampleBlocks(octets, { ...FORMATS[format], channels }, blockFrames);
  let frames = 0;
  let reads = 0;
  let stopped = false;
  const counted = (said: Said): Said => {
    if (said.kind === "read") reads++;
    return said;
  };
  try {
    await refuseWav(octets);
    for (;;) {
      const block = await blocks.next();
      if (block === undefined) break;
      frames += block[0]!.length;
      for (const said of heads.push(block)) yield counted(said);
    }
  } catch (error) {
    if (!(error instanceof PosError) || error.code !== "ABORTED") throw error;
    stopped = true;
  } finally {
    await octets.close();
  }
  const until = stopped ? performance.now() + STOPPED_MS : Number.POSITIVE_INFINITY;
  for (const said of heads.finish(() => performance.now() > until)) yield counted(said);
  const restOctets = stopped ? 0 : blocks.rest;
  yield { kind: "end", reads, seconds: frames / sampleRateHz, diagnosis: heads.diagnosis, restOctets };
}

/**
 * Ends as `listen` would at the start of `path`, before anybody is told that it is listened to. A pipe is not opened, as its writer would
 * notice.
 *
 * @throws {@link PosError} `WAV_UNREADABLE`, `PCM_IS_WAV`
 */
export async function checkSource(path: string): Promise<void> {
  const found = await stat(path)
    .then(async (one) => {
      await access(path, constants.R_OK);
      return one;
    })
    .catch((cause) => Promise.reject(unreadable(cause)));
  if (!found.isFile() && !found.isDirectory()) return;
  const octets = new ByteSource(readable(fileChunks(path), undefined));
  await refuseWav(octets).finally(() => octets.close());
}

function check(format: PcmFormat, sampleRateHz: number, channels: number): void {
  if (!Object.hasOwn(FORMATS, format))
    throw new PosError("BAD_ARGUMENT", `No format of samples; ${PCM_FORMATS.join(", ")} are`);
  if (!(sampleRateHz >= WAV_RATE_MIN_HZ && sampleRateHz <= WAV_RATE_MAX_HZ)) {
    throw new PosError(
      "BAD_ARGUMENT",
      `A rate of ${sampleRateHz} Hz; ${WAV_RATE_MIN_HZ} to ${WAV_RATE_MAX_HZ} are taken`,
    );
  }
  if (!(Number.isInteger(channels) && channels >= 1 && channels <= MAX_CHANNELS)) {
    throw new PosError("BAD_ARGUMENT", `${channels} channels; 1 to ${MAX_CHANNELS} are taken`);
  }
}

/** A header taken for samples would be read all the same, at the wrong rate. */
async function refuseWav(octets: ByteSource): Promise<void> {
  const start = await octets.take(12);
  octets.giveBack(start);
  if (!/^(RIFF|RIFX|RF64)....WAVE$/s.test(String.fromCharCode(...start))) return;
  throw new PosError("PCM_IS_WAV", "This is a WAV file, not raw samples: read it with ecard pos read -");
}
