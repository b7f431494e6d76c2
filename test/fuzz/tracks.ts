// Texts of tracks, whole, broken and none: parsed to their fields or refused with a code, and never shown where they must not be.

import { hasLuhn, maskTracks, parseTrack1, parseTrack2, parseTrack3, type TrackFault } from "@enabling-card/pos-sim";
import fc from "fast-check";

const CODES: Readonly<Record<TrackFault["code"], true>> = {
  NO_SENTINELS: true,
  TOO_LONG: true,
  BAD_FORMAT_CODE: true,
  BAD_PAN: true,
  BAD_NAME: true,
  BAD_EXPIRY: true,
  BAD_SERVICE_CODE: true,
  BAD_DISCRETIONARY_DATA: true,
};

const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength });
const letters = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(..." ABCDEFGHIJKLMNOPQRSTUVWXYZ/0.-^?%;="), maxLength });
const pan = fc.tuple(fc.constantFrom("", "999999", "4000001"), digits(14)).map((parts) => parts.join(""));
const tail = fc.tuple(fc.constantFrom("2911", "2913", "^", "="), fc.constantFrom("101", "=", "^", "1"), digits(40));
const track1 = fc.tuple(pan, letters(28), tail).map(([p, name, rest]) => `%B${p}^${name}^${rest.join("")}?`);
const track2 = fc.tuple(pan, tail).map(([p, rest]) => `;${p}=${rest.join("")}?`);
const track3 = fc.tuple(digits(2), pan, tail, digits(60)).map(([f, p, t, rest]) => `;${f}${p}=${t.join("")}=${rest}?`);

const broken = fc
  .tuple(fc.oneof(track1, track2, track3), fc.array(fc.tuple(fc.nat(120), letters(2)), { maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce((changed, [at, by]) => changed.slice(0, at) + by + changed.slice(at + 1), text),
  );

const anything = fc.oneof(
  { arbitrary: broken, weight: 8 },
  { arbitrary: letters(120), weight: 2 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 120 }), weight: 1 },
);

export const tracks = fc.property(anything, (data) => {
  const one = parseTrack1(data);
  if (!one.ok) refused(one, data);
  else {
    const start = `%B${one.pan}^${one.name}`;
    const end = `${one.expiry ?? "^"}${one.serviceCode ?? "^"}${one.discretionary}?`;
    if (!data.startsWith(start) || !data.endsWith(end) || data.slice(start.length, -end.length).trim() !== "^")
      throw new Error("fields of track 1 are not its text");
    hidden(one.pan, data);
  }
  const two = parseTrack2(data);
  if (!two.ok) refused(two, data);
  else {
    if (data !== `;${two.pan}=${two.expiry ?? "="}${two.serviceCode ?? "="}${two.discretionary}?`)
      throw new Error("fields of track 2 are not its text");
    hidden(two.pan, data);
  }
  const three = parseTrack3(data);
  if (!three.ok) refused(three, data);
  else if (data !== `;${three.formatCode}${three.pan}=${three.rest}?`)
    throw new Error("fields of track 3 are not its text");
  hasLuhn(data);
  maskTracks(data);
});

function refused({ code, at, sentence }: TrackFault, data: string): void {
  if (!Object.hasOwn(CODES, code)) throw new Error(`a code that there is not: ${code}`);
  if (!(at >= 0 && at <= data.length)) throw new Error(`a fault at ${at} of ${data.length}`);
  if (sentence === "") throw new Error("a fault without words");
}

/** From eight digits on a number may be a PAN, and outside the test range none is shown. */
function hidden(number: string, data: string): void {
  if (number.length < 8 || number.startsWith("999999")) return;
  if (maskTracks(data).includes(number)) throw new Error("a number outside the test range is shown");
}
