// What a terminal says was on the stripe: DE 35 and DE 45 without sentinels (ISO/IEC 7813), and the tracks that a card with a given
// grant would have sent. Reading finds the token; comparing whole tracks decides.

import { timingSafeEqual } from "node:crypto";
import type { Fields } from "@enabling-card/iso8583";
import { discretionaryData, toHex } from "@enabling-card/wire";

/** International, no chip, normal authorisation, no restrictions (ISO/IEC 7813 table 4): a chip reader may take the swipe. */
export const SERVICE_CODE = "101";

/** PAN, expiry, service code, then profile 1: ATC mod 10^4, cryptogram mod 10^8. */
const TRACK2 = /^(\d{16})[=D](\d{4})(\d{3})1(\d{4})\d{8}$/;
/** The same, with a name before and the whole cryptogram behind. */
const TRACK1 = /^B(\d{16})\^[^^]{2,26}\^(\d{4})(\d{3})1(\d{4})\d{8}[0-9A-F]{16}$/;

export interface Swipe {
  readonly pan: string;
  readonly expiry: string;
  readonly serviceCode: string;
  /** ATC mod 10^4. */
  readonly atcDigits: number;
  readonly track1: string | undefined;
  readonly track2: string | undefined;
}

/** The swipe in a request: by track 2, or by track 1 where that is all there is. Undefined where neither can be read. */
export function readSwipe(fields: Fields): Swipe | undefined {
  const [track1, track2] = [fields[45], fields[35]?.replace("D", "=")];
  const parts = track2 === undefined ? TRACK1.exec(track1 ?? "") : TRACK2.exec(track2);
  if (parts === null) return undefined;
  const [, pan, expiry, serviceCode, atc] = parts as unknown as readonly [string, string, string, string, string];
  // DE 2 and DE 14 may be there as well; a terminal that contradicts itself is not believed.
  if ((fields[2] ?? pan) !== pan || (fields[14] ?? expiry) !== expiry) return undefined;
  return { pan, expiry, serviceCode, atcDigits: Number(atc), track1, track2 };
}

/** The same of track 2, where that is there; a track 1 beside it says what it says. */
export function readStripe(fields: Fields): (Swipe & { readonly track2: string }) | undefined {
  const swipe = readSwipe(fields);
  if (swipe?.track2 === undefined) return undefined;
  const { track1, track2, ...said } = swipe;
  const other = track1 === undefined ? swipe : readSwipe({ 45: track1 });
  const isOne =
    other !== undefined && (Object.keys(said) as (keyof typeof said)[]).every((of) => other[of] === said[of]);
  return isOne ? { ...said, track1, track2 } : undefined;
}

/** Whether the month of `expiry` is over at `now`, seconds since 1970; one that is no month always is. YYMM, good to the end of that month (ISO/IEC 7813), in UTC here. */
export function isPast(expiry: string, now: number): boolean {
  const [year, month] = [2000 + Number(expiry.slice(0, 2)), Number(expiry.slice(2))];
  return month < 1 || month > 12 || now >= Date.UTC(year, month, 1) / 1000;
}

export interface Emission {
  readonly pan: string;
  readonly holder: string;
  readonly expiry: string;
  readonly serviceCode: string;
  readonly atc: number;
  readonly cryptogram: Uint8Array;
}

/** The tracks as the wallet composes them from a grant, without sentinels. */
export function expectedTracks({ pan, holder, expiry, serviceCode, atc, cryptogram }: Emission): {
  readonly track1: string;
  readonly track2: string;
} {
  const tail = `${expiry}${serviceCode}${discretionaryData(atc, cryptogram)}`;
  return { track1: `B${pan}^${holder}^${tail}${toHex(cryptogram).toUpperCase()}`, track2: `${pan}=${tail}` };
}

/** In a time that depends on the lengths alone. */
export function equalText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
