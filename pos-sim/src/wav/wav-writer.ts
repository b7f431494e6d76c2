// Samples to a WAV file: 16-bit PCM, or 32-bit float with the fact chunk that it must have.
import { PosError } from "../errors.js";

/**
 * The bytes of a file.
 *
 * @param channels - One array a channel, all of one length, full scale -1 to 1; 16-bit clips beyond.
 * @throws {@link PosError} `BAD_ARGUMENT` for no channels, unequal lengths, or more than 4 GiB.
 */
export function encodeWav(
  channels: readonly Float32Array[],
  sampleRateHz: number,
  sample: "int16" | "float32" = "int16",
): Uint8Array {
  const frames = channels[0]?.length;
  if (frames === undefined || channels.some(({ length }) => length !== frames)) {
    throw new PosError("BAD_ARGUMENT", "A WAV file needs channels of one length");
  }
  const float = sample === "float32";
  const width = float ? 4 : 2;
  const dataBytes = frames * channels.length * width;
  const headBytes = float ? 58 : 44;
  if (headBytes + dataBytes > 0xffff_fff0) throw new PosError("BAD_ARGUMENT", "More than 4 GiB do not fit a WAV file");

  const bytes = new Uint8Array(headBytes + dataBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const text = (id: string): void => {
    for (const character of id) bytes[at++] = character.charCodeAt(0);
  };
  const u16 = (value: number): void => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  text("RIFF");
  u32(bytes.length - 8);
  text("WAVEfmt ");
  u32(float ? 18 : 16);
  u16(float ? 3 : 1);
  u16(channels.length);
  u32(sampleRateHz);
  u32(sampleRateHz * channels.length * width);
  u16(channels.length * width);
  u16(8 * width);
  if (float) {
    u16(0); // no extension
    text("fact");
    u32(4);
    u32(frames);
  }
  text("data");
  u32(dataBytes);
  for (let i = 0; i < frames; i++) {
    for (const channel of channels) {
      const value = channel[i]!;
      if (float) view.setFloat32(at, value, true);
      else view.setInt16(at, Math.max(-0x8000, Math.min(0x7fff, Math.round(value * 0x8000))), true);
      at += width;
    }
  }
  return bytes;
}
