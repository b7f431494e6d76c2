// SMP packets (Zephyr's "SMP Protocol Specification"): an header of 8 octets, then one CBOR map with text keys. What the card's loader speaks, and
// any other SMP server: answers are taken in whatever form of CBOR, requests are written deterministically. The card's twin: firmware/loader/request.ts.

import { cdeEncodeOptions, decode, encode } from "cbor2";
import { concat } from "./bytes.js";
import { WireError } from "./errors.js";
import { SMP_HEADER_SIZE, type SmpOperation } from "./smp-numbers.js";

export type SmpValue = number | bigint | string | boolean | null | Uint8Array | readonly SmpValue[] | SmpMap;
export type SmpMap = ReadonlyMap<string, SmpValue>;

export interface SmpPacket {
  readonly operation: SmpOperation;
  /** u16 */
  readonly group: number;
  /** u8, the same in an answer as in its request. */
  readonly sequence: number;
  /** u8 */
  readonly command: number;
  readonly body: SmpMap;
}

/** A list of images is a map, its list, an image's map: with room for what a newer server adds. cbor2 counts each level twice. */
const MAX_DEPTH = 2 * 6;
/** Longest body of an answer that is looked at, octets. */
const BODY_MAX = 4096;

export function encodeSmp({ operation, group, sequence, command, body }: SmpPacket): Uint8Array {
  const octets = Uint8Array.from(encode(new Map(body), cdeEncodeOptions));
  const header = new Uint8Array(SMP_HEADER_SIZE);
  const view = new DataView(header.buffer);
  view.setUint8(0, operation);
  view.setUint16(2, octets.length);
  view.setUint16(4, group);
  view.setUint8(6, sequence);
  view.setUint8(7, command);
  return concat(header, octets);
}

/** Takes a packet apart. @throws {WireError} `SMP_MALFORMED` */
export function decodeSmp(bytes: Uint8Array): SmpPacket {
  if (bytes.length < SMP_HEADER_SIZE || bytes.length > SMP_HEADER_SIZE + BODY_MAX) throw malformed("its length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(2) !== bytes.length - SMP_HEADER_SIZE) throw malformed("the length in its header");
  let body: unknown;
  try {
    body = decode(Uint8Array.from(bytes.subarray(SMP_HEADER_SIZE)), {
      preferMap: true,
      rejectDuplicateKeys: true,
      maxDepth: MAX_DEPTH,
    });
  } catch (cause) {
    throw malformed("its CBOR", cause);
  }
  if (!(body instanceof Map) || [...body.keys()].some((key) => typeof key !== "string")) throw malformed("its map");
  return {
    operation: (view.getUint8(0) & 7) as SmpOperation,
    group: view.getUint16(4),
    sequence: view.getUint8(6),
    command: view.getUint8(7),
    body: body as SmpMap,
  };
}

function malformed(what: string, cause?: unknown): WireError {
  return new WireError("SMP_MALFORMED", `This is no SMP packet: ${what}`, { cause });
}
