// The MAC of a line between two services: AES-CMAC (RFC 4493), first eight octets, over the message as it is sent up to the MAC itself, which is its last
// field (ISO 8583:1987: DE 64, or DE 128 where there is a second bitmap). One key for what is asked, another for what is answered.

import { timingSafeEqual } from "node:crypto";
import { encode, type Message } from "@enabling-card/iso8583";
import { aesCmac, derivedKey, type Master, numbered } from "@enabling-card/vault";

const MAC_SIZE = 8;
const FIRST_OF_SECOND_BITMAP = 65;

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

/** The message as it is sent, its MAC in its last field. */
export function encodeWithMac({ mti, fields }: Message, key: Uint8Array): Uint8Array {
  const { fields: rest } = withoutMac({ mti, fields });
  const last = Object.keys(rest).some((de) => Number(de) >= FIRST_OF_SECOND_BITMAP) ? 128 : 64;
  const bytes = encode({ mti, fields: { ...rest, [last]: new Uint8Array(MAC_SIZE) } });
  bytes.set(aesCmac(key, bytes.subarray(0, -MAC_SIZE)).subarray(0, MAC_SIZE), bytes.length - MAC_SIZE);
  return bytes;
}

/** What goes on from here: the MAC is this line's alone. */
export function withoutMac({ mti, fields }: Message): Message {
  const { 64: _, 128: __, ...rest } = fields;
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
