// A message as lines for people and logs, masked as a receipt would be: of a PAN the first six and last four digits,
// of tracks nothing behind the service code, of private data and MACs only their length.
import { DATA_ELEMENTS, FIELDS, type Fields } from "./fields.js";
import type { Message } from "./message.js";

/** First six, last four; a number too short to hide anything between them is hidden whole. */
export function maskPan(pan: string): string {
  if (pan.length < 13) return "*".repeat(pan.length);
  return pan.slice(0, 6) + "*".repeat(pan.length - 10) + pan.slice(-4);
}

/** DE 35 without its discretionary data: masked PAN, separator, expiry, service code. */
export function maskTrack2(track: string): string {
  const found = /^([0-9]+)([=D])([0-9]{0,7})/.exec(track);
  return found === null ? hidden(track.length) : `${maskPan(found[1]!)}${found[2]}${found[3]}...`;
}

/** DE 45 likewise; the name goes too, as a terminal's log has no use for it. */
export function maskTrack1(track: string): string {
  const found = /^([A-Z])([0-9 ]+)\^[^^]*\^([0-9]{0,7})/.exec(track);
  return found === null ? hidden(track.length) : `${found[1]}${maskPan(found[2]!)}^...^${found[3]}...`;
}

const hidden = (length: number): string => `<${length} hidden>`;

/** One line a data element: number, name, masked value. Safe to log. */
export function printMessage(message: Message): string {
  const lines = [`MTI ${message.mti}`];
  for (const de of DATA_ELEMENTS) {
    const value = message.fields[de];
    if (value !== undefined) lines.push(`DE ${String(de).padStart(3)} ${FIELDS[de].name}: ${masked(de, value)}`);
  }
  return lines.join("\n");
}

function masked(de: keyof Fields, value: string | Uint8Array): string {
  if (typeof value !== "string") return hidden(value.length);
  if (de === 2) return maskPan(value);
  if (de === 35) return maskTrack2(value);
  if (de === 45) return maskTrack1(value);
  if (de === 48) return hidden(value.length); // cryptograms travel here
  return value;
}
