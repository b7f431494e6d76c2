// ACL data to the controller (Core 6.0, Vol 4 Part E 5.4.2): five slots of one L2CAP frame each, cut into fragments that the controller's
// buffers take, and as many at a time as it has buffers (Vol 4 Part E 4.1.1). Frames do not mix: one is sent to its end before the next.
import { send } from "../../ports/radio";
import { clearDeadline, Deadline, GONE_MS, setDeadline } from "./deadlines";
import { LE_MTU_MAX } from "../../../wire/bluetooth";

/** Least that a controller may offer for LE data, octets (Vol 4 Part E 7.8.2). */
const FRAGMENT_MIN: i32 = 27;
const DATA_PACKET: u8 = 2;
const PACKET_HEADER: i32 = 5;
const CONTINUING: i32 = 0x1000;
const L2CAP_HEADER: i32 = 4;

// A slot: u16 octets of the frame, 0 where it is free; u16 octets sent; room for a packet's header; the frame.
const FRAME: i32 = 4 + PACKET_HEADER;
/** In a free slot the payload is made ready from here on. */
export const PAYLOAD: i32 = FRAME + L2CAP_HEADER;
const SIGNAL_MAX: i32 = 12;
const SIGNAL_SIZE: i32 = PAYLOAD + SIGNAL_MAX;
const ATT_SIZE: i32 = PAYLOAD + LE_MTU_MAX;
const PAIRING_SIZE: i32 = PAYLOAD + 2;
const CONFIRMATION_SIZE: i32 = PAYLOAD + 1;
/**
 * Signalling; Security Manager; ATT confirmations, which wait for no response; ATT responses; ATT notifications. What the first three hold fits the smallest
 * buffer whole, so that it may be replaced as long as it waits.
 */
export const SIGNAL: usize = memory.data(SIGNAL_SIZE + GUARD, 2);
export const PAIRING: usize = memory.data(PAIRING_SIZE + GUARD, 2);
export const CONFIRMATION: usize = memory.data(CONFIRMATION_SIZE + GUARD, 2);
export const RESPONSE: usize = memory.data(ATT_SIZE + GUARD, 2);
export const NOTIFICATION: usize = memory.data(ATT_SIZE + GUARD, 2);
export const SIGNAL_END: usize = SIGNAL + SIGNAL_SIZE;
export const PAIRING_END: usize = PAIRING + PAIRING_SIZE;
export const CONFIRMATION_END: usize = CONFIRMATION + CONFIRMATION_SIZE;
export const RESPONSE_END: usize = RESPONSE + ATT_SIZE;
export const NOTIFICATION_END: usize = NOTIFICATION + ATT_SIZE;

const NONE: i32 = -1;
let handle: i32 = NONE;
let fragmentMax: i32 = 0;
let buffers: i32 = 0;
let credits: i32 = 0;
/** The slot whose frame is under way, or 0. */
let active: usize = 0;

/** The connection's handle, negative where there is none. */
export function aclHandle(): i32 {
  return handle;
}

/** Takes the controller's buffers: octets of each and their number. False where they cannot carry LE data. */
export function aclConfigure(size: i32, count: i32): bool {
  if (size < FRAGMENT_MIN || count == 0) return false;
  fragmentMax = size;
  buffers = count;
  credits = count;
  return true;
}

/** The controller is reset, and its connection gone. */
export function aclForget(): void {
  buffers = 0;
  credits = 0;
}

export function aclOpen(connection: i32): void {
  handle = connection;
}

/** The connection is gone, and with it what the controller held of it: every buffer is free again (Vol 4 Part E 4.3). */
export function aclClose(): void {
  handle = NONE;
  active = 0;
  credits = buffers;
  clearDeadline(Deadline.Buffers);
  store<u16>(SIGNAL, 0);
  store<u16>(PAIRING, 0);
  store<u16>(CONFIRMATION, 0);
  store<u16>(RESPONSE, 0);
  store<u16>(NOTIFICATION, 0);
}

/** Number Of Completed Packets: never more than were given. */
export function aclCompleted(count: i32): void {
  credits = min(credits + count, buffers);
  watch();
  aclPump();
}

/** Nothing waits, and the controller holds nothing. */
export function aclIdle(): bool {
  return credits == buffers && next() == 0;
}

export function aclBusy(slot: usize): bool {
  return load<u16>(slot) != 0;
}

/** Sends the first `length` octets of the slot's payload on a channel. The slot is taken until its last fragment has been given away. */
export function aclSubmit(slot: usize, channel: i32, length: i32): void {
  store<u16>(slot, <u16>length, FRAME);
  store<u16>(slot, <u16>channel, FRAME + 2);
  store<u16>(slot, 0, 2);
  store<u16>(slot, <u16>(L2CAP_HEADER + length));
  aclPump();
}

/** Gives away as many fragments as the controller and the way to it take now. */
export function aclPump(): void {
  while (credits > 0 && handle >= 0) {
    if (active == 0) active = next();
    if (active == 0) return;
    const total: i32 = load<u16>(active);
    const sent: i32 = load<u16>(active, 2);
    const size = min(total - sent, fragmentMax);
    // The header of a later fragment lies on octets that have left.
    const packet = active + (FRAME - PACKET_HEADER) + sent;
    store<u8>(packet, DATA_PACKET);
    store<u16>(packet, <u16>(sent == 0 ? handle : handle | CONTINUING), 1);
    store<u16>(packet, <u16>size, 3);
    if (send(packet, PACKET_HEADER + size) != 0) return; // onRadioReady comes back here
    if (credits-- == buffers) watch();
    if (sent + size < total) {
      store<u16>(active, <u16>(sent + size), 2);
    } else {
      store<u16>(active, 0);
      active = 0;
    }
  }
}

/** Something was given or came back: the controller's time begins anew. */
function watch(): void {
  if (credits == buffers) clearDeadline(Deadline.Buffers);
  else setDeadline(Deadline.Buffers, GONE_MS);
}

function next(): usize {
  if (aclBusy(SIGNAL)) return SIGNAL;
  if (aclBusy(PAIRING)) return PAIRING;
  if (aclBusy(CONFIRMATION)) return CONFIRMATION;
  if (aclBusy(RESPONSE)) return RESPONSE;
  return aclBusy(NOTIFICATION) ? NOTIFICATION : 0;
}
