// Messages between wallet and phone: put together from link's pieces, read in place, answered from one reply buffer.
// Link is not trusted: its pieces are checked as a stranger's would be.
import * as cbor from "../common/cbor";
import { wipe } from "../common/bytes";
import { postMessage } from "../common/mailbox";
import { sessionSeal } from "./session";
import { MessageType } from "../../wire/labels";
import { MESSAGE_MAX, PROTOCOL_VERSION, TAG_SIZE } from "../../wire/limits";
import { ModuleId, PIECE_FIRST, PIECE_LAST } from "../../wire/machine";
import { Status } from "../../wire/status";

export const ENVELOPE: i32 = 2;
const REPLY_MAX: i32 = 576;
export const message: usize = memory.data(MESSAGE_MAX);
export const reply: usize = memory.data(REPLY_MAX);
let total: i32 = 0;
let had: i32 = 0;
let open: bool = false;

/**
 * Takes a piece: flags at `slot` + 1, then [total u16 if first], data. Returns the message's length once it is whole, 0
 * while it is not, and -1 where a first piece announces more than `limit`. What does not fit its announcement is dropped.
 */
export function takePiece(slot: usize, length: i32, limit: i32): i32 {
  if (length < 2) return 0;
  const flags = load<u8>(slot + 1);
  let from = slot + 2;
  let size = length - 2;
  if (flags & PIECE_FIRST) {
    open = false;
    if (size < 2) return 0;
    total = load<u16>(from);
    if (total > limit) return -1;
    had = 0;
    open = true;
    from += 2;
    size -= 2;
  }
  if (!open || had + size > total) {
    open = false;
    return 0;
  }
  memory.copy(message + had, from, size);
  had += size;
  if (!(flags & PIECE_LAST)) return 0;
  open = false;
  return had == total ? total : 0;
}

/** Forgets a message that was read, or half arrived. */
export function messageWipe(): void {
  wipe(message, MESSAGE_MAX);
  open = false;
}

/** Sends `length` octets at reply + ENVELOPE in clear, as a handshake message. */
export function replyClear(type: MessageType, length: i32): void {
  post(type, length);
}

/** A fault: one status, in clear. */
export function replyFault(status: Status): void {
  store<u8>(reply + ENVELOPE, <u8>status);
  post(MessageType.Fault, 1);
}

/** Begins an answer, or an event where `id` is 0: the caller puts one body behind it and calls `answerEnd`. */
export function answerBegin(id: u32, code: i32): void {
  cbor.writeTo(reply + ENVELOPE, REPLY_MAX - ENVELOPE - TAG_SIZE);
  cbor.putArray(3);
  cbor.putUint(id);
  cbor.putUint(code);
}

export function answerEnd(): void {
  const length = cbor.written();
  if (length > 0 && sessionSeal(reply + ENVELOPE, length) == Status.Ok) post(MessageType.Sealed, length + TAG_SIZE);
  wipe(reply, REPLY_MAX);
}

/** A refusal: a status without a body. */
export function answerStatus(id: u32, status: Status): void {
  answerBegin(id, status);
  cbor.putNull();
  answerEnd();
}

function post(type: MessageType, length: i32): void {
  store<u8>(reply, PROTOCOL_VERSION);
  store<u8>(reply + 1, <u8>type);
  postMessage(ModuleId.Link, reply, ENVELOPE + length);
  wipe(reply, REPLY_MAX);
}
