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

const ENCODINGS: Readonly<Record<number, string>> = { 2: "ADPCM", 6: "A-law", 7: "u-law", 17: "IMA ADPCM", 85: "MP3" };

/**
 * Reads up to the first sample.
 *
 * @throws {@link PosError} `WAV_EMPTY`, `WAV_NOT_WAV`, `WAV_CUT`, `WAV_UNSUPPORTED`.
 */
export async function readHead(source: ByteSource): Promise<WavHead> {
  const riff = await source.take(12);
  if (riff.length === 0) throw new PosError("WAV_EMPTY", "The file is empty");
  const kind = ascii(riff, 0);
  if (kind === "RIFX") throw new PosError("WAV_UNSUPPORTED", "Big-endian WAV (RIFX) is not read; convert it with sox");
  if (kind !== "RIFF" && kind !== "RF64")
    throw new PosError("WAV_NOT_WAV", "Not a WAV file: it does not begin with RIFF");
  if (riff.length < 12) throw cut("inside its first header");
  if (ascii(riff, 8) !== "WAVE")
    throw new PosError("WAV_NOT_WAV", `Not a WAV file: RIFF of type "${printable(ascii(riff, 8))}"`);
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
      if (format === undefined) throw new PosError("WAV_UNSUPPORTED", "Samples stand before their format");
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
  if (chunk.length < 16)
    throw new PosError("WAV_UNSUPPORTED", `A format chunk of ${chunk.length} bytes; 16 are the least`);
  const head = view(chunk);
  let tag = head.getUint16(0, true);
  const channels = head.getUint16(2, true);
  const sampleRateHz = head.getUint32(4, true);
  const frameBytes = head.getUint16(12, true);
  const bitsPerSample = head.getUint16(14, true);
  if (tag === 0xfffe) {
    if (chunk.length < 40) throw new PosError("WAV_UNSUPPORTED", "An extensible format without its whole extension");
    // The sub-format's GUID is a tag of old with a fixed end, or somebody's own.
    tag = head.getUint16(24, true);
    if (!GUID_END.every((octet, i) => chunk[26 + i] === octet)) {
      const guid = [...chunk.subarray(24, 40)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
      throw new PosError("WAV_UNSUPPORTED", `The sub-format ${guid} is not known; PCM and float are`);
    }
  }
  if (tag !== 1 && tag !== 3) {
    throw new PosError("WAV_UNSUPPORTED", `Encoding ${ENCODINGS[tag] ?? tag} is not read; PCM and float are`);
  }
  const encoding = tag === 1 ? "pcm" : "float";
  const sizes = tag === 1 ? [8, 16, 24, 32] : [32, 64];
  if (!sizes.includes(bitsPerSample)) {
    throw new PosError("WAV_UNSUPPORTED", `${bitsPerSample} bits a sample are not read; ${sizes.join(", ")} are`);
  }
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw new PosError("WAV_UNSUPPORTED", `${channels} channels; 1 to ${MAX_CHANNELS} are read`);
  }
  if (frameBytes !== (channels * bitsPerSample) / 8) {
    throw new PosError(
      "WAV_UNSUPPORTED",
      `Frames of ${frameBytes} bytes do not fit ${channels} x ${bitsPerSample} bits`,
    );
  }
  if (sampleRateHz < WAV_RATE_MIN_HZ || sampleRateHz > WAV_RATE_MAX_HZ) {
    throw new PosError(
      "WAV_UNSUPPORTED",
      `A sample rate of ${sampleRateHz} Hz is no recording of a swipe; ${WAV_RATE_MIN_HZ} to ${WAV_RATE_MAX_HZ} Hz are read`,
    );
  }
  return { encoding, bitsPerSample: bitsPerSample as WavFormat["bitsPerSample"], channels, sampleRateHz };
}

const cut = (where: string): PosError => new PosError("WAV_CUT", `The file is cut: it ends ${where}`);
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const ascii = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
const printable = (text: string): string => text.replaceAll(/[^ -~]/g, "?");
