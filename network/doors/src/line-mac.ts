// The MAC of a line between two services: AES-CMAC (RFC 4493), first eight octets, over the message as it is sent up to the MAC itself, which is its last
// field (ISO 8583:1987: DE 64, or DE 128 where there is a second bitmap). One key for what is asked, another for what is answered. DE 53 under it says when it
// was asked, so that what was recorded is worth nothing a minute later; an answer has that of its request.

import { timingSafeEqual } from "node:crypto";
import { encode, type Message } from "@enabling-card/iso8583";
import { aesCmac, derivedKey, type Master, numbered } from "@enabling-card/vault";

const MAC_SIZE = 8;
const FIRST_OF_SECOND_BITMAP = 65;
const SENT_DIGITS = 16;
/** How far two services' clocks may be apart: an issuer keeps its answers far longer, so a message that comes again within it is a repeat. */
const SKEW_S = 60;

interface LinePair {
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** Whoever asks does by the newest. Whoever answers takes either, and answers by the one it was asked by. */
export interface LineKeys extends LinePair {
  readonly before?: LinePair;
}

/** The keys of a line, of a secret of 32 octets that both ends have; where it was changed, those of the one before as well. */
export function lineKeys(secret: Master): LineKeys {
  const { master, before } = numbered(secret);
  const pair = (of: Uint8Array) => ({
    request: derivedKey(of, "ecard/1 line request", 16),
    answer: derivedKey(of, "ecard/1 line answer", 16),
  });
  return { ...pair(master), ...(before && { before: pair(before.master) }) };
}

/** The pair that a request was asked by, where it was by one of these. */
export function askedBy(bytes: Uint8Array, message: Message, keys: LineKeys): LinePair | undefined {
  if (hasMac(bytes, message, keys.request)) return keys;
  return keys.before && hasMac(bytes, message, keys.before.request) ? keys.before : undefined;
}

/** DE 53 of what is asked now. @param now - Seconds since 1970 */
export function sentAt(now: number): string {
  return String(now).padStart(SENT_DIGITS, "0");
}

/** Whether it was asked about now. @param sent - DE 53 */
export function isOfNow(sent: string | undefined, now: number): boolean {
  return sent !== undefined && Math.abs(Number(sent) - now) <= SKEW_S;
}

/** The message as it is sent, its MAC in its last field. @param sent - DE 53 */
export function encodeWithMac({ mti, fields }: Message, key: Uint8Array, sent: string): Uint8Array {
  const rest = { ...withoutMac({ mti, fields }).fields, 53: sent };
  const last = Object.keys(rest).some((de) => Number(de) >= FIRST_OF_SECOND_BITMAP) ? 128 : 64;
  const bytes = encode({ mti, fields: { ...rest, [last]: new Uint8Array(MAC_SIZE) } });
  bytes.set(aesCmac(key, bytes.subarray(0, -MAC_SIZE)).subarray(0, MAC_SIZE), bytes.length - MAC_SIZE);
  return bytes;
}

/** What goes on from here: the MAC and its time are this line's alone. */
export function withoutMac({ mti, fields }: Message): Message {
  const { 53: _, 64: __, 128: ___, ...rest } = fields;
  return { mti, fields: rest };
}

/** Whether `bytes`, which were decoded to `message`, end in their MAC. */
export function hasMac(bytes: Uint8Array, { fields }: Message, key: Uint8Array): boolean {
  const last =
    fields[128] ?? (Object.keys(fields).some((de) => Number(de) >= FIRST_OF_SECOND_BITMAP) ? undefined : fields[64]);
  if (last === undefined || (fields[128] !== undefined && fields[64] !== undefined)) return false;
  const mac = aesCmac(key, bytes.subarray(0, -MAC_SIZE)).subarray(0, MAC_SIZE);
  return timingSafeEqual(mac, last);
}
