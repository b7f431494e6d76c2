// What a request is called by, however its message is repeated (ISO 8583:1987 4.1.3: acquirer, STAN, date and time; and the terminal beside them), and how a
// reversal names it (DE 90).

import type { Fields } from "@enabling-card/iso8583";

/** All four must be there. In this order names are kept. */
export const NAMING = [32, 41, 11, 7] as const;

/** DE 90: MTI, STAN, date and time, acquirer and forwarder of the message that is reversed. */
const ORIGINAL = /^(\d{4})(\d{6})(\d{10})(\d{11})\d{11}$/;
const ACQUIRER_DIGITS = 11;

export function isNamed(fields: Fields): boolean {
  return NAMING.every((de) => fields[de] !== undefined);
}

/** Of an acquirer's number zeros before it say nothing: in DE 90 it has eleven digits, and in DE 32 as many as it likes. */
export function requestName(fields: Fields): string {
  return JSON.stringify(NAMING.map((de) => (de === 32 ? fields[32]?.replace(/^0+(?=\d)/, "") : fields[de])));
}

/** DE 90 of what reverses it. @param forwarder - DE 33 */
export function originalOf(mti: string, fields: Fields, forwarder: string): string {
  const [acquirer, through] = [fields[32]!, forwarder].map((of) => of.padStart(ACQUIRER_DIGITS, "0"));
  return `${mti}${fields[11]}${fields[7]}${acquirer}${through}`;
}

/** The request that a reversal is of; undefined where it names none of its own acquirer's. */
export function originalName(fields: Fields): string | undefined {
  const [, mti, stan, sent, acquirer] = ORIGINAL.exec(fields[90] ?? "") ?? [];
  const isOurs = (mti === "0100" || mti === "0101") && acquirer === fields[32]!.padStart(ACQUIRER_DIGITS, "0");
  return isOurs ? requestName({ ...fields, 7: sent!, 11: stan! }) : undefined;
}
