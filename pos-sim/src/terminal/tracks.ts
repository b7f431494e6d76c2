// What a terminal takes from a track: ISO/IEC 7813 for tracks 1 and 2, of ISO/IEC 4909 (track 3) the beginning.
// A track that does not follow its standard is data: a code, where, and a sentence.

export interface Track1 {
  readonly ok: true;
  readonly track: 1;
  readonly pan: string;
  /** As on the card: surname, `/`, given names. */
  readonly name: string;
  /** YYMM, or undefined where the card has a separator in its place. */
  readonly expiry: string | undefined;
  readonly serviceCode: string | undefined;
  readonly discretionary: string;
}

export interface Track2 {
  readonly ok: true;
  readonly track: 2;
  readonly pan: string;
  readonly expiry: string | undefined;
  readonly serviceCode: string | undefined;
  readonly discretionary: string;
}

export interface Track3 {
  readonly ok: true;
  readonly track: 3;
  readonly formatCode: string;
  readonly pan: string;
  /** What follows the first separator, not interpreted. */
  readonly rest: string;
}

export type TrackFaultCode =
  | "NO_SENTINELS"
  | "TOO_LONG"
  | "BAD_FORMAT_CODE"
  | "BAD_PAN"
  | "BAD_NAME"
  | "BAD_EXPIRY"
  | "BAD_SERVICE_CODE"
  | "BAD_DISCRETIONARY_DATA";

export interface TrackFault {
  readonly ok: false;
  readonly code: TrackFaultCode;
  readonly sentence: string;
  /** Index in the data, the start sentinel being 0. */
  readonly at: number;
}

/** Most characters between the sentinels: 79, 40 and 107 less sentinels and LRC. */
const LONGEST = { 1: 76, 2: 37, 3: 104 } as const;
const MAX_PAN = 19;

/** `%B` PAN `^` name `^` YYMM or `^`, service code or `^`, discretionary data `?` (ISO/IEC 7813, 6). */
export function parseTrack1(data: string): Track1 | TrackFault {
  const refused = frameFault(1, data, /^%[^?]*\?$/);
  if (refused !== undefined) return refused;
  if (data[1] !== "B") return fault("BAD_FORMAT_CODE", 1, 'Format code of track 1 is not "B"');
  const second = data.indexOf("^");
  if (second < 0) return fault("BAD_PAN", 2, "Track 1 has no separator after its PAN");
  const pan = data.slice(2, second);
  if (!isPan(pan)) return fault("BAD_PAN", 2, "PAN of track 1 is not 1 to 19 digits");
  const third = data.indexOf("^", second + 1);
  const name = data.slice(second + 1, third < 0 ? undefined : third);
  if (third < 0 || !/^[ -$&->@-\]_]{2,26}$/.test(name)) {
    return fault("BAD_NAME", second + 1, "Name on track 1 is not 2 to 26 of its characters");
  }
  const tail = parseTail(data, third + 1, "^", /^[ -$&->@-_]*$/);
  return "code" in tail ? tail : { ok: true, track: 1, pan, name: name.trimEnd(), ...tail };
}

/** `;` PAN `=` YYMM or `=`, service code or `=`, discretionary data `?` (ISO/IEC 7813, 7). */
export function parseTrack2(data: string): Track2 | TrackFault {
  const refused = frameFault(2, data, /^;[^;?]*\?$/);
  if (refused !== undefined) return refused;
  const separator = data.indexOf("=");
  const pan = data.slice(1, separator < 0 ? undefined : separator);
  if (separator < 0 || !isPan(pan)) return fault("BAD_PAN", 1, "PAN of track 2 is not 1 to 19 digits and a separator");
  const tail = parseTail(data, separator + 1, "=", /^[0-9:<=>]*$/);
  return "code" in tail ? tail : { ok: true, track: 2, pan, ...tail };
}

/** `;` format code, PAN `=` and the rest, which no terminal here uses (ISO/IEC 4909). */
export function parseTrack3(data: string): Track3 | TrackFault {
  const refused = frameFault(3, data, /^;[^;?]*\?$/);
  if (refused !== undefined) return refused;
  const formatCode = data.slice(1, 3);
  if (!/^[0-9]{2}$/.test(formatCode)) return fault("BAD_FORMAT_CODE", 1, "Format code of track 3 is not two digits");
  const separator = data.indexOf("=");
  const pan = data.slice(3, separator < 0 ? undefined : separator);
  if (separator < 0 || !isPan(pan)) return fault("BAD_PAN", 3, "PAN of track 3 is not 1 to 19 digits and a separator");
  return { ok: true, track: 3, formatCode, pan, rest: data.slice(separator + 1, -1) };
}

/** Check digit of ISO/IEC 7812-1, annex B. */
export function hasLuhn(pan: string): boolean {
  let sum = 0;
  for (let i = 0; i < pan.length; i++) {
    const digit = Number(pan[pan.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return pan.length > 1 && sum % 10 === 0;
}

interface Tail {
  readonly expiry: string | undefined;
  readonly serviceCode: string | undefined;
  readonly discretionary: string;
}

function parseTail(data: string, from: number, separator: string, discretionary: RegExp): Tail | TrackFault {
  let at = from;
  const field = (pattern: RegExp, length: number): string | undefined | null => {
    if (data[at] === separator) {
      at++;
      return undefined;
    }
    const value = data.slice(at, at + length);
    if (!pattern.test(value)) return null;
    at += length;
    return value;
  };
  const expiry = field(/^[0-9]{2}(0[1-9]|1[0-2])$/, 4);
  if (expiry === null) return fault("BAD_EXPIRY", at, "Expiry is neither YYMM nor a separator");
  const serviceCode = field(/^[0-9]{3}$/, 3);
  if (serviceCode === null)
    return fault("BAD_SERVICE_CODE", at, "Service code is neither three digits nor a separator");
  const rest = data.slice(at, -1);
  if (!discretionary.test(rest)) {
    return fault("BAD_DISCRETIONARY_DATA", at, "Discretionary data has a character that its track does not allow");
  }
  return { expiry, serviceCode, discretionary: rest };
}

function frameFault(track: 1 | 2 | 3, data: string, frame: RegExp): TrackFault | undefined {
  if (!frame.test(data))
    return fault("NO_SENTINELS", 0, `Track ${track} does not run from its start to its end sentinel`);
  if (data.length - 2 > LONGEST[track])
    return fault("TOO_LONG", LONGEST[track] + 1, `Track ${track} is longer than its standard allows`);
  return undefined;
}

const isPan = (pan: string): boolean => /^[0-9]+$/.test(pan) && pan.length <= MAX_PAN;

const fault = (code: TrackFaultCode, at: number, sentence: string): TrackFault => ({ ok: false, code, at, sentence });
