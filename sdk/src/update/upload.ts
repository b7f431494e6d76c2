// An image in chunks to a loader: as large as it takes, as many under way as it has room for, on from where it stands.

import { encodeSmp, SmpGroup, SmpImage, type SmpMap, SmpOperation, type SmpValue } from "@enabling-card/wire";
import { sha256 } from "@noble/hashes/sha2.js";
import { type CardError, sdkError, throwIfAborted } from "../errors.js";
import type { SmpClient } from "./smp-client.js";

export interface UploadProgress {
  /** Octets that the card has taken, and of all. */
  readonly sent: number;
  readonly total: number;
  /** Octets that it had from an upload that broke off, at the beginning. */
  readonly resumed: number;
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

export interface UploadRoom {
  /** Octets of a packet, and packets under way. */
  readonly packetMax: number;
  readonly packets: number;
}

/** Times in a row that the card may want the same octets again. */
const STALLS_MAX = 8;

export async function uploadImage(
  smp: SmpClient,
  image: Uint8Array,
  room: UploadRoom,
  { signal, onProgress }: UploadOptions,
): Promise<void> {
  const whole: readonly [string, SmpValue][] = [
    ["len", image.length],
    ["sha", sha256(image)],
  ];
  const packet = smp.carrier.fill(room.packetMax);
  const packets = smp.carrier.window(packet, room.packets);
  const chunkAt = (at: number): SmpMap => {
    const fields: [string, SmpValue][] = [["off", at], ...(at === 0 ? whole : [])];
    return new Map([...fields, ["data", image.subarray(at, at + chunkRoom(packet, fields))]]);
  };
  const send = async (body: SmpMap): Promise<number> => {
    const request = { operation: SmpOperation.Write, group: SmpGroup.Image, command: SmpImage.Upload, body } as const;
    const off = (await smp.call(request, { signal })).get("off");
    if (typeof off !== "number" || !Number.isInteger(off) || off < 0 || off > image.length)
      throw sdkError("LOADER_ANSWER_MALFORMED", "where the upload stands");
    return off;
  };
  const first = chunkAt(0);
  let taken = await send(first);
  const resumed = Math.max(0, taken - sizeOf(first));
  const tell = () => onProgress?.({ sent: taken, total: image.length, resumed });
  tell();
  for (let stalls = 0; taken < image.length; ) {
    const before = taken;
    const under: { readonly answer: Promise<number>; readonly end: number }[] = [];
    let next = taken;
    let failed: CardError | undefined;
    // As long as the card takes what comes in order, the next chunk leaves with each answer; where one got lost, all begins anew behind it.
    let inOrder = true;
    while (under.length > 0 || (inOrder && next < image.length)) {
      throwIfAborted(signal);
      while (inOrder && under.length < packets && next < image.length) {
        const body = chunkAt(next);
        next += sizeOf(body);
        const sent = send(body);
        sent.catch(() => undefined);
        under.push({ answer: sent, end: next });
      }
      const oldest = under.shift();
      if (oldest === undefined) break;
      try {
        const stands = await oldest.answer;
        if (stands < oldest.end) inOrder = false;
        taken = Math.max(taken, stands);
        tell();
      } catch (error) {
        inOrder = false;
        failed ??= error as CardError;
      }
    }
    if (failed !== undefined) throw failed;
    stalls = taken > before ? 0 : stalls + 1;
    if (stalls === STALLS_MAX) throw sdkError("LINK_TIMEOUT", "the card takes no more octets");
  }
}

function sizeOf(body: SmpMap): number {
  return (body.get("data") as Uint8Array).length;
}

/** Octets of data that fit beside `fields` in a packet. */
function chunkRoom(packet: number, fields: readonly [string, SmpValue][]): number {
  // An offset may take five octets, and the length of the data three.
  const body = new Map<string, SmpValue>([...fields, ["off", 0x10000], ["data", new Uint8Array(0)]]);
  const head = encodeSmp({ operation: SmpOperation.Write, group: 0, sequence: 0, command: 0, body });
  const room = packet - head.length - 2;
  if (room <= 0) throw sdkError("LOADER_ANSWER_MALFORMED", "its packets have no room");
  return room;
}
