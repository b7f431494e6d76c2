// L2CAP over the one connection (Core 6.0, Vol 3 Part A): fragments of ACL data to whole basic frames (3.1, 7.2.2), frames to their fixed
// channel. Signalling (4) beyond connection parameters is rejected, pairing is not supported (Vol 3 Part H 3.5.5): security lives above.
import { aclBusy, aclSubmit, PAIRING, PAYLOAD, SIGNAL } from "./acl";
import { ATT_CHANNEL } from "./answer";
import { attReset, attTake } from "./att";
import { INTERVAL_MAX, INTERVAL_MIN, LE_MTU_MAX, SUPERVISION_TIMEOUT } from "../../../wire/bluetooth";

const SIGNALLING_CHANNEL: i32 = 5;
const SECURITY_CHANNEL: i32 = 6;
const HEADER: i32 = 4;
/** Longest signalling packet that is understood, and all that LE asks for (4). */
const SIGNALLING_MTU: i32 = 23;

// Signalling packets (4, table 4.2)
const REJECT: u8 = 0x01;
const COMMAND_HEADER: i32 = 4;

/** Connection Parameter Update Request; one a connection, so of one identifier. */
const parameterUpdate: usize = memory.data<u8>([
  0x12, 1, 8, 0, <u8>INTERVAL_MIN, 0, <u8>INTERVAL_MAX, 0, 0, 0, <u8>(SUPERVISION_TIMEOUT & 255), <u8>(SUPERVISION_TIMEOUT >> 8),
]);

const FRAME_MAX: i32 = HEADER + LE_MTU_MAX;
const frame: usize = memory.data(FRAME_MAX + GUARD, 2);
export const REASSEMBLY_END: usize = frame + FRAME_MAX;
let have: i32 = 0;
/** Nothing of this frame is wanted: the next start is waited for. */
let skipping: bool = true;

/** The connection is gone, or there was none. */
export function l2capReset(): void {
  attReset();
  skipping = true;
  have = 0;
}

/** Takes one fragment. A frame that is cut short, longer than it said or longer than we take is dropped whole (7.2.2). */
export function l2capTake(data: usize, length: i32, start: bool): void {
  if (start) {
    have = 0;
    skipping = false;
  }
  if (have + length > FRAME_MAX) skipping = true;
  if (skipping) return;
  // The usual case, a frame in one packet, is read where it lies.
  if (start && length >= HEADER && length == HEADER + <i32>load<u16>(data)) {
    skipping = true;
    dispatch(data, length - HEADER);
    return;
  }
  memory.copy(frame + have, data, length);
  have += length;
  const total = HEADER + <i32>load<u16>(frame);
  if (have < total) return; // also where the length has not come yet; and one that is longer than the buffer never gets so far
  skipping = true;
  if (have == total) dispatch(frame, total - HEADER);
}

/** Asks the central for our connection parameters (4.20): it answers, and does as it likes. */
export function askParameters(): void {
  if (aclBusy(SIGNAL)) return;
  memory.copy(SIGNAL + PAYLOAD, parameterUpdate, 12);
  aclSubmit(SIGNAL, SIGNALLING_CHANNEL, 12);
}

/** A whole frame, `length` at most LE_MTU_MAX. Channels that are not there are passed over. */
function dispatch(at: usize, length: i32): void {
  const channel: i32 = load<u16>(at, 2);
  const payload = at + HEADER;
  if (channel == ATT_CHANNEL) attTake(payload, length);
  else if (channel == SIGNALLING_CHANNEL) signalled(payload, length);
  else if (channel == SECURITY_CHANNEL) securityAsked(payload, length);
}

/** One packet a frame (4). A peer that asks again before its answer has left hears one answer. It goes in the place of what we would ask ourselves. */
function signalled(at: usize, length: i32): void {
  const out = SIGNAL + PAYLOAD;
  if (length < COMMAND_HEADER || load<u8>(at, 1) == 0 || isAnswer(load<u8>(at)) || (aclBusy(SIGNAL) && load<u8>(out) == REJECT)) return;
  const tooLong = length > SIGNALLING_MTU;
  if (!tooLong && length != COMMAND_HEADER + <i32>load<u16>(at, 2)) return;
  store<u8>(out, REJECT);
  store<u8>(out, load<u8>(at, 1), 1);
  store<u32>(out, tooLong ? 4 | (1 << 16) : 2, 2); // length and reason (4.1): signalling MTU exceeded, and which it is; command not understood
  store<u16>(out, <u16>SIGNALLING_MTU, 6);
  aclSubmit(SIGNAL, SIGNALLING_CHANNEL, tooLong ? 8 : 6);
}

/** Responses, rejects and credits are never rejected (4.1): odd codes up to 0x15, even ones from 0x16 to 0x1a. */
function isAnswer(code: i32): bool {
  return code <= 0x1a && (code & 1) != (code < 0x16 ? 0 : 1);
}

/** Security Manager: a Pairing Request is answered by Pairing Failed, Pairing Not Supported; nothing else opens a procedure (Vol 3 Part H 2.4.6). */
function securityAsked(at: usize, length: i32): void {
  if (length == 0 || load<u8>(at) != 0x01) return;
  store<u16>(PAIRING + PAYLOAD, 0x0505);
  aclSubmit(PAIRING, SECURITY_CHANNEL, 2);
}
