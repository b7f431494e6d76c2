// Framing: chunks of the phone to pieces for the wallet, and back. Twin: wire/chunk.ts. Incoming messages are passed on as they
// come and never held; outgoing ones wait in a ring until its carrier takes them.
// Chunk = header (first 0x80, last 0x40, counter mod 64), total length u16 LE in a first one, data.
import { draft, post } from "../common/mailbox";
import { Carrier, carrierMax, carrierWrite, carrying } from "./carrier";
import {
  ATT_HEADER, CHUNK_COUNTER_MASK, CHUNK_FIRST, CHUNK_LAST, MESSAGE_MAX, MTU_MAX, MTU_MIN,
} from "../../wire/limits";
import { Mail, MAIL_SIZE, ModuleId, PIECE_FIRST, PIECE_LAST } from "../../wire/machine";
import { Status } from "../../wire/status";

const CHUNK_MAX: i32 = MTU_MAX - ATT_HEADER;
const chunkIn: usize = memory.data(CHUNK_MAX + GUARD);
const chunkOut: usize = memory.data(CHUNK_MAX + GUARD);
export const CHUNK_IN_END: usize = chunkIn + CHUNK_MAX;
export const CHUNK_OUT_END: usize = chunkOut + CHUNK_MAX;

// Incoming
let expected: i32 = 0;
let total: i32 = 0;
let had: i32 = 0;
let inside: bool = false;

// Outgoing: messages one behind the other, each as u16 length and octets
const RING_SIZE: i32 = 2048;
const ring: usize = memory.data(RING_SIZE + GUARD);
export const RING_END: usize = ring + RING_SIZE;
let head: i32 = 0;
let used: i32 = 0;
/** Where the message that is being put in began, and what is still to come of it. */
let filling: i32 = 0;
let toFill: i32 = 0;
let sentChunks: i32 = 0;
let leftInMessage: i32 = 0;

export function framingSlot(): usize {
  return chunkIn;
}

/** The line went down or came up: whatever was half way is forgotten. */
export function framingReset(): void {
  inside = false;
  head = 0;
  used = 0;
  toFill = 0;
  sentChunks = 0;
  leftInMessage = 0;
  memory.fill(chunkIn, 0, CHUNK_MAX);
  memory.fill(chunkOut, 0, CHUNK_MAX);
  memory.fill(ring, 0, RING_SIZE);
}

/** Checks a chunk and passes it on. `FrameOutOfOrder` drops the message; the next first chunk begins anew. */
export function framingIn(chunk: usize, length: i32): Status {
  if (length < 1 || length > CHUNK_MAX) return drop(Status.FrameOutOfOrder);
  const header: i32 = load<u8>(chunk);
  const first = (header & CHUNK_FIRST) != 0;
  const last = (header & CHUNK_LAST) != 0;
  const overhead = first ? 3 : 1;
  if (length <= overhead) return drop(Status.FrameOutOfOrder);
  if (first) {
    total = load<u16>(chunk + 1);
    had = 0;
    expected = 0;
    inside = true;
    if (total > MESSAGE_MAX) return drop(Status.MessageTooLong);
  }
  const size = length - overhead;
  if (!inside || (header & CHUNK_COUNTER_MASK) != (expected & CHUNK_COUNTER_MASK)) return drop(Status.FrameOutOfOrder);
  if (had + size > total || last != (had + size == total)) return drop(Status.FrameOutOfOrder);
  expected++;
  had += size;
  if (last) inside = false;
  return pass(chunk + overhead, size, first, last);
}

/** Takes a piece of an outgoing message: flags at `slot` + 1, [total u16 if first], data. False where the ring has no room for it. */
export function framingOut(slot: usize, length: i32): bool {
  if (length < 2) return true;
  const flags = load<u8>(slot + 1);
  let from = slot + 2;
  let size = length - 2;
  if (flags & PIECE_FIRST) {
    if (size < 2) return true;
    if (toFill > 0) used = filling; // the message before never got its end
    const announced: i32 = load<u16>(from);
    from += 2;
    size -= 2;
    filling = used;
    if (used + 2 + announced > RING_SIZE) {
      toFill = 0;
      return false;
    }
    toFill = announced;
    if (toFill > 0) {
      putRing(announced & 0xff);
      putRing(announced >> 8);
    }
  }
  if (size > toFill) return true;
  for (let i = 0; i < size; i++) putRing(load<u8>(from + i));
  toFill -= size;
  if (toFill == 0) framingPump();
  return true;
}

/** Sends as many chunks as the line takes now. */
export function framingPump(): void {
  const room = carrierMax();
  if (room < MTU_MIN - ATT_HEADER) return;
  const whole = toFill > 0 ? filling : used;
  // SMP's header says how long a packet is, and nothing stands before it.
  const bare = carrying() == Carrier.Smp;
  let ready = whole;
  while (ready > 0) {
    const first = leftInMessage == 0;
    const message = first ? peek(0) | (peek(1) << 8) : leftInMessage;
    const overhead = bare ? 0 : first ? 3 : 1;
    const size = min(min(room, CHUNK_MAX) - overhead, message);
    const last = size == message;
    const counter = first ? 0 : sentChunks & CHUNK_COUNTER_MASK;
    if (!bare) {
      store<u8>(chunkOut, <u8>((first ? CHUNK_FIRST : 0) | (last ? CHUNK_LAST : 0) | counter));
      if (first) store<u16>(chunkOut + 1, <u16>message);
    }
    const skip = first ? 2 : 0;
    for (let i = 0; i < size; i++) store<u8>(chunkOut + overhead + i, <u8>peek(skip + i));
    if (carrierWrite(chunkOut, overhead + size) != 0) return;
    head = (head + skip + size) % RING_SIZE;
    used -= skip + size;
    filling -= skip + size;
    ready -= skip + size;
    leftInMessage = message - size;
    sentChunks = first ? 1 : sentChunks + 1;
  }
}

function pass(from: usize, size: i32, first: bool, last: bool): Status {
  let at = 0;
  while (at < size) {
    const opening = first && at == 0;
    const overhead = opening ? 4 : 2;
    const part = min(size - at, MAIL_SIZE - overhead);
    const closing = last && at + part == size;
    const slot = draft();
    store<u8>(slot, <u8>Mail.Piece);
    store<u8>(slot + 1, <u8>((opening ? PIECE_FIRST : 0) | (closing ? PIECE_LAST : 0)));
    if (opening) store<u16>(slot + 2, <u16>total);
    memory.copy(slot + overhead, from + at, part);
    if (post(ModuleId.Wallet, overhead + part) != 0) return drop(Status.Busy);
    at += part;
  }
  return Status.Ok;
}

function drop(status: Status): Status {
  inside = false;
  return status;
}

function putRing(octet: i32): void {
  store<u8>(ring + ((head + used) % RING_SIZE), <u8>octet);
  used++;
}

function peek(at: i32): i32 {
  return load<u8>(ring + ((head + at) % RING_SIZE));
}
