// What of a track may be shown. Rule 3 of the platform: a PAN outside the test ranges leaves the reader masked (first six,
// last four digits), its discretionary data removed. Cards of this platform carry numbers of the test range alone.
import { maskPan } from "@enabling-card/iso8583";
import type { TrackNumber } from "../track-format.js";

/** Issuer identification numbers that are shown in full: the test space, which no scheme issues. */
export const TEST_IINS: readonly string[] = ["999999"];

/** Digits of a number that may be a PAN (ISO/IEC 7812-1). */
const SHORTEST_PAN = 8;
const LONGEST_PAN = 19;
/** Of a shorter one, as a separator that was misread makes it, what follows may be its digits: neither is shown. */
const SHORTEST_SHOWN = 13;
/** Longest track 2 with its sentinels; a longer one is a track 3, or breaks its standard. */
const LONGEST_TRACK_2 = 39;
/** Characters behind the PAN from which on long data is a track 3 and no track 2 that is longer than it may be. */
const TRACK_3_REST = 36;

/**
 * The PAN at a track's place for it: behind the start sentinel and the format code, if any, up to the separator. Undefined where no
 * number there is one by its length.
 */
export function panOf(track: TrackNumber, data: string): string | undefined {
  const pattern = track === 1 ? /^%[A-Z]?([0-9 ]+)[?^]/ : track === 2 ? /^;([0-9]+)[?=]/ : /^;[0-9]{2}([0-9]+)[?=]/;
  const pan = pattern.exec(data)?.[1]?.replaceAll(" ", "");
  return pan !== undefined && pan.length >= SHORTEST_PAN && pan.length <= LONGEST_PAN ? pan : undefined;
}

/**
 * True where `data` may be shown as it is: its PAN lies in a test range and no other number stands in its name, or it is too short for
 * a PAN, whatever its characters are: noise makes others of digits.
 */
export function isShown(track: TrackNumber, data: string, testIins: readonly string[] = TEST_IINS): boolean {
  const pan = panOf(track, data);
  if (pan === undefined) return data.length - 2 < SHORTEST_PAN;
  const name = track === 1 ? (data.split("^")[1] ?? "") : "";
  return testIins.some((iin) => pan.startsWith(iin)) && digitsIn(name) < SHORTEST_PAN;
}

/**
 * What of a read may leave the reader. Whatever layout the data may have, that one must allow it: shown as it is where all of them
 * show it, else masked, and then only what the masking of each would show.
 *
 * @param track - The one that was asked for.
 */
export function shownAs(
  track: TrackNumber,
  data: string,
  testIins: readonly string[] = TEST_IINS,
): { readonly data: string; readonly masked: boolean } {
  if (layoutsOf(track, data).every((layout) => isShown(layout, data, testIins))) return { data, masked: false };
  return { data: data.startsWith("%") ? maskedTrack1(data) : maskedTrack23(track, data), masked: true };
}

/**
 * A track as a receipt would show it. Test ranges unchanged; of others the masked PAN, expiry and service code, never the name; of
 * data without a PAN at its place, every digit masked.
 *
 * @param data - From start to end sentinel; tells track 1 from 2 and 3 by its sentinel, 3 from 2 by its length.
 */
export function maskTracks(data: string, testIins: readonly string[] = TEST_IINS): string {
  const track: TrackNumber = data.startsWith("%") ? 1 : data.length > LONGEST_TRACK_2 ? 3 : 2;
  return shownAs(track, data, testIins).data;
}

function layoutsOf(track: TrackNumber, data: string): readonly TrackNumber[] {
  if (data.startsWith("%")) return [1];
  if (data.length <= LONGEST_TRACK_2) return track === 3 ? [2, 3] : [2];
  const rest = data.length - (data.indexOf("=") + 1) - 1;
  return rest >= TRACK_3_REST || panOf(2, data) === undefined ? [3] : [2, 3];
}

function maskedTrack1(data: string): string {
  const found = /^%([A-Z])([0-9 ]{8,})\^[^^]*\^([0-9]{4}|\^)([0-9]{3}|\^)/.exec(data);
  const pan = panOf(1, data);
  if (found !== null && pan !== undefined && pan.length >= SHORTEST_SHOWN)
    return `%${found[1]}${maskPan(pan)}^...^${found[3]}${found[4]}?`;
  // The name may stand anywhere.
  return `%${data.slice(1, 2).replace(/[0-9]/, "*")}${data.slice(2).replaceAll(/[0-9A-Z]/g, "*")}`;
}

/** Tracks 2 and 3 share their characters: a track 3 shows its format code, and of its PAN what a track 2 of these digits would. */
function maskedTrack23(track: TrackNumber, data: string): string {
  const found = /^;([0-9]+)=([0-9]{4}|=)?([0-9]{3}|=)?/.exec(data);
  const as2 = panOf(2, data);
  const as3 = panOf(3, data);
  if (found !== null && data.length <= LONGEST_TRACK_2 && track !== 3) {
    if (as2 !== undefined && as2.length >= SHORTEST_SHOWN && found[2] !== undefined && found[3] !== undefined)
      return `;${maskPan(as2)}=${found[2]}${found[3]}?`;
  } else if (found !== null && as3 !== undefined) {
    const views = [found[1]!.slice(0, 2) + maskPan(as3), ...(as2 === undefined ? [] : [maskPan(as2)])];
    return `;${views.reduce(inBoth)}=?`;
  }
  return data.replaceAll(/[0-9]/g, "*");
}

const inBoth = (a: string, b: string): string =>
  Array.from(a, (character, i) => (character === b[i] ? character : "*")).join("");

const digitsIn = (text: string): number => text.replaceAll(/[^0-9]/g, "").length;
