// What of a track may be shown. Rule 3 of the platform: a PAN outside the test ranges leaves the reader masked (first six,
// last four digits), its discretionary data removed. Cards of this platform carry numbers of the test range alone.
import { maskPan } from "@enabling-card/iso8583";
import type { TrackNumber } from "../track-format.js";

/** Issuer identification numbers that are shown in full: the test space, which no scheme issues. */
export const TEST_IINS: readonly string[] = ["999999"];

/** Digits from which on a number may be a PAN (ISO/IEC 7812-1: 8 to 19). */
const SHORTEST_PAN = 8;

/**
 * The PAN of a track: digits behind the start sentinel, on track 1 behind the format code too, on track 3 behind its two
 * digits of format code. Undefined where there is no number long enough to be one.
 */
export function panOf(track: TrackNumber, data: string): string | undefined {
  const pattern = track === 1 ? /^%[A-Z]?([0-9 ]+)/ : track === 2 ? /^;([0-9]+)/ : /^;[0-9]{2}([0-9]+)/;
  const pan = pattern.exec(data)?.[1]?.replaceAll(" ", "");
  return pan !== undefined && pan.length >= SHORTEST_PAN ? pan : undefined;
}

/** True where `data` may be shown as it is: its PAN lies in a test range, or it holds no digits that could be one. */
export function isShown(track: TrackNumber, data: string, testIins: readonly string[] = TEST_IINS): boolean {
  const pan = panOf(track, data);
  if (pan !== undefined) return testIins.some((iin) => pan.startsWith(iin));
  return !/[0-9]{8}/.test(data.replaceAll(/[ =^]/g, ""));
}

/**
 * What of a read may leave the reader. Read as the layout that was asked for and as the one that its length says, it must be shown
 * by both; else it is masked, and where masking by its length hides nothing, every digit is.
 */
export function shownAs(
  track: TrackNumber,
  data: string,
  testIins: readonly string[] = TEST_IINS,
): { readonly data: string; readonly masked: boolean } {
  const natural = maskTracks(data, testIins);
  const asAsked = isShown(track, data, testIins);
  if (asAsked && natural === data) return { data, masked: false };
  return { data: natural === data ? data.replaceAll(/[0-9]/g, "*") : natural, masked: true };
}

/**
 * A track as a receipt would show it. Test ranges unchanged; of others the masked PAN, the name, expiry and service code;
 * of data without a PAN at its place, every digit masked.
 *
 * @param data - From start to end sentinel; tells track 1 from 2 and 3 by its sentinel, 3 from 2 by its length.
 */
export function maskTracks(data: string, testIins: readonly string[] = TEST_IINS): string {
  const track: TrackNumber = data.startsWith("%") ? 1 : data.length > 39 ? 3 : 2;
  if (isShown(track, data, testIins)) return data;
  if (track === 1) {
    const found = /^%([A-Z])([0-9 ]{8,23})\^([^^]*)\^([0-9]{4}|\^)([0-9]{3}|\^)/.exec(data);
    if (found !== null) return `%${found[1]}${maskDigits(found[2]!)}^${found[3]}^${found[4]}${found[5]}?`;
  } else if (track === 2) {
    const found = /^;([0-9]{8,19})=([0-9]{4}|=)([0-9]{3}|=)/.exec(data);
    if (found !== null) return `;${maskPan(found[1]!)}=${found[2]}${found[3]}?`;
  } else {
    const found = /^;([0-9]{2})([0-9]{8,19})=/.exec(data);
    if (found !== null) return `;${found[1]}${maskPan(found[2]!)}=?`;
  }
  return data.replaceAll(/[0-9]/g, "*");
}

const maskDigits = (spaced: string): string => maskPan(spaced.replaceAll(" ", ""));
