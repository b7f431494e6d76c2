// The head of a WAV file: RIFF (Microsoft Multimedia Programming Interface 1.0), WAVE_FORMAT_EXTENSIBLE, and RF64
// (EBU Tech 3306) for more than 4 GiB. Chunks that are not needed are passed over, in any order.
import { PosError } from "../errors.js";
import type { ByteSource } from "./byte-source.js";
import type { SampleFormat } from "./sample-blocks.js";

export interface WavFormat extends SampleFormat {
  readonly sampleRateHz: number;
}

export interface WavHead {
  readonly format: WavFormat;
  /** Bytes of samples; undefined where the writer did not know: then they run to the end. */
  readonly dataBytes: number | undefined;
}

const UNKNOWN = 0xffff_ffff;
/** Longest chunk of formats that is looked at; the rest of a longer one is passed over. */
const MAX_FORMAT = 64;
/** Other rates are a damaged header's: too slow for two samples a cell, faster than converters are. */
export const WAV_RATE_MIN_HZ = 300;
export const WAV_RATE_MAX_HZ = 200_000_000;
export const MAX_CHANNELS = 8;

/** Of KSDATAFORMAT_SUBTYPE_*: xxxx0000-0000-1000-8000-00aa00389b71 behind the tag. */
const GUID_END = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71] as const;

/** mmreg.h's WAVE_FORMAT_*. */
const ENCODINGS: Readonly<Record<number, string>> = {
  2: "ADPCM",
  6: "A-law",
  7: "u-law",
  17: "IMA ADPCM",
  49: "GSM 6.10",
  80: "MPEG",
  85: "MP3",
  255: "AAC",
};
const OTHER = "Convert another format, sox IN OUT.wav; samples without a header are for ecard pos listen.";
/** What sox has no decoder for in a WAV file. */
const FFMPEG: ReadonlySet<number> = new Set([80, 85, 255]);

const SOX = "sox IN.wav -e signed -b 16 OUT.wav";
const AGAIN = "record it again, or write it anew with the program that made it";

/** A file that is whole, and not read as it is: what it has, and what to do. */
const unsupported = (what: string, next: string): PosError => new PosError("WAV_UNSUPPORTED", `${what}: ${next}`);

/**
 * Reads up to the first sample.
 *
 * @throws {@link PosError} `WAV_EMPTY`, `WAV_NOT_WAV`, `WAV_CUT`, `WAV_UNSUPPORTED`.
 */
export async function readHead(source: ByteSource): Promise<WavHead> {
  const riff = await source.take(12);
  if (riff.length === 0) throw new PosError("WAV_EMPTY", "The file is empty");
  const kind = ascii(riff, 0);
  if (kind === "RIFX") throw unsupported("Big-endian WAV (RIFX) is not read", "convert it, sox IN.wav -L OUT.wav");
  if (kind !== "RIFF" && kind !== "RF64")
    throw new PosError("WAV_NOT_WAV", `Not a WAV file: it does not begin with RIFF. ${OTHER}`);
  if (riff.length < 12) throw cut("inside its first header");
  if (ascii(riff, 8) !== "WAVE")
    throw new PosError("WAV_NOT_WAV", `Not a WAV file: RIFF of type "${printable(ascii(riff, 8))}". ${OTHER}`);
  const riffEnd = view(riff).getUint32(4, true) + 8;

  let format: WavFormat | undefined;
  let longBytes: number | undefined;
  for (;;) {
    const header = await source.take(8);
    if (header.length === 0) {
      throw format === undefined ? cut("before a format chunk") : new PosError("WAV_EMPTY", "The file has no samples");
    }
    if (header.length < 8) throw cut("inside a chunk header");
    const id = ascii(header, 0);
    const size = view(header).getUint32(4, true);
    if (id === "data") {
      if (format === undefined) throw unsupported("Samples stand before their format", AGAIN);
      if (size === UNKNOWN) return { format, dataBytes: longBytes };
      // Zero from a writer that could not go back means "to the end"; other chunks behind it mean that it is meant.
      if (size === 0 && (riffEnd - 8 === UNKNOWN || !(await chunkFollows(source, riffEnd))))
        return { format, dataBytes: undefined };
      return { format, dataBytes: size };
    }
    const kept = id === "fmt " || id === "ds64" ? await source.take(Math.min(size, MAX_FORMAT)) : new Uint8Array(0);
    // Chunks are padded to even lengths.
    const whole = kept.length === size || (await source.skip(size - kept.length));
    if (!whole || !(await source.skip(size % 2))) throw cut(`inside the chunk "${printable(id)}"`);
    if (id === "fmt ") format = parseFormat(kept);
    if (id === "ds64" && kept.length >= 16) longBytes = Number(view(kept).getBigUint64(8, true));
  }
}

/** Is what comes next the header of a chunk, within the file that the RIFF header speaks of? Looks, and takes nothing. */
async function chunkFollows(source: ByteSource, riffEnd: number): Promise<boolean> {
  const start = source.position;
  const header = await source.take(8);
  source.giveBack(header);
  if (header.length < 8) return false;
  return /^[ -~]{4}$/.test(ascii(header, 0)) && start + 8 + view(header).getUint32(4, true) <= riffEnd;
}

function parseFormat(chunk: Uint8Array): WavFormat {
  if (chunk.length < 16) throw unsupported(`A format chunk of ${chunk.length} bytes, where 16 are the least`, AGAIN);
  const head = view(chunk);
  let tag = head.getUint16(0, true);
  const channels = head.getUint16(2, true);
  const sampleRateHz = head.getUint32(4, true);
  const frameBytes = head.getUint16(12, true);
  const bitsPerSample = head.getUint16(14, true);
  if (tag === 0xfffe) {
    if (chunk.length < 40) throw unsupported("An extensible format without its whole extension", AGAIN);
    // The sub-format's GUID is a tag of old with a fixed end, or somebody's own.
    tag = head.getUint16(24, true);
    if (!GUID_END.every((octet, i) => chunk[26 + i] === octet)) {
      const guid = [...chunk.subarray(24, 40)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
      throw unsupported(`The sub-format ${guid} is not known, PCM and float are`, `convert it, ${SOX}`);
    }
  }
  if (tag !== 1 && tag !== 3) {
    const convert = FFMPEG.has(tag) ? "ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav" : SOX;
    throw unsupported(`Encoding ${ENCODINGS[tag] ?? tag} is not read, PCM and float are`, `convert it, ${convert}`);
  }
  const encoding = tag === 1 ? "pcm" : "float";
  const sizes = tag === 1 ? [8, 16, 24, 32] : [32, 64];
  if (!sizes.includes(bitsPerSample)) {
    const kind = tag === 1 ? "whole" : "float";
    throw unsupported(
      `${bitsPerSample} bits a sample are not read of ${kind} numbers, ${sizes.join(", ")} are`,
      `convert it, ${SOX}`,
    );
  }
  if (channels < 1 || channels > MAX_CHANNELS) {
    const next = channels < 1 ? AGAIN : "keep the head's, as the first with sox IN.wav OUT.wav remix 1";
    throw unsupported(`${channels} channels, where 1 to ${MAX_CHANNELS} are read`, next);
  }
  if (frameBytes !== (channels * bitsPerSample) / 8) {
    throw unsupported(`Frames of ${frameBytes} bytes do not fit ${channels} x ${bitsPerSample} bits`, AGAIN);
  }
  if (sampleRateHz < WAV_RATE_MIN_HZ || sampleRateHz > WAV_RATE_MAX_HZ) {
    throw unsupported(
      `A sample rate of ${sampleRateHz} Hz is no recording of a swipe, ${WAV_RATE_MIN_HZ} to ${WAV_RATE_MAX_HZ} Hz are read`,
      AGAIN,
    );
  }
  return { encoding, bitsPerSample: bitsPerSample as WavFormat["bitsPerSample"], channels, sampleRateHz };
}

const cut = (where: string): PosError => new PosError("WAV_CUT", `The file is cut: it ends ${where}`);
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const ascii = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
const printable = (text: string): string => text.replaceAll(/[^ -~]/g, "?");
