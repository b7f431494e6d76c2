// What the controller says (Core 6.0, Vol 4 Part E 5.4, 7.7), and what becomes due: packets checked against their own lengths, the one connection
// followed from its beginning to its end. What is malformed, or of another connection, is passed over.
import { Carrier, carrying } from "../carrier";
import { framingPump } from "../framing";
import { aclClose, aclCompleted, aclHandle, aclOpen, aclPump } from "./acl";
import {
  allowAir, commandAnswered, commandsForget, commandsHush, commandsStart, CONTROLLER_MS, endStray, hangUpNow, isHangingUp, pumpCommands, refuseKey, renewAir,
  Stale, strayAgain, strayGone, takeOffAir,
} from "./commands";
import { Deadline, setDeadline, takeDue } from "./deadlines";
import { askParameters, l2capReset, l2capTake } from "./l2cap";
import { stayAnswered, stayBegins, stayEnds, staysOn } from "./stay";
import { INTERVAL_MAX, RADIO_PACKET_MAX } from "../../../wire/bluetooth";

const ACL_DATA: i32 = 2;
const EVENT: i32 = 4;
const HANDLE_MASK: i32 = 0xfff;

const packet: usize = memory.data(RADIO_PACKET_MAX + GUARD, 2);
export const PACKET_END: usize = packet + RADIO_PACKET_MAX;

/** Connection interval, in 1.25 ms. */
let interval: i32 = 0;
/** May a controller that fails be reset at once? Not right behind such a reset, or one that fails each time would be reset without a pause; it is then due. */
const enum Reset {
  AtOnce = 0,
  TooSoon = 1,
  Due = 2,
}
let reset: Reset = Reset.AtOnce;

export function radioSlot(): usize {
  return packet;
}

/** Brings the radio up, as after a reset. False where the machine has none. */
export function radioStart(): bool {
  forget();
  return commandsStart();
}

/** The controller has failed, or is not to be believed: it is reset, and left alone until then. */
function failed(): void {
  if (reset == Reset.AtOnce) {
    reset = Reset.TooSoon;
    setDeadline(Deadline.Calm, CONTROLLER_MS);
    radioStart();
  } else {
    reset = Reset.Due;
    forget();
    commandsHush();
  }
}

/** The last of those resets is over for long enough. */
function calm(): void {
  const isDue = reset == Reset.Due;
  reset = Reset.AtOnce;
  if (isDue) failed();
}

export function radioTake(length: i32): void {
  const type: i32 = load<u8>(packet);
  if (type == EVENT && length == 3 + <i32>load<u8>(packet + 2)) event(load<u8>(packet + 1), packet + 3, length - 3);
  else if (type == ACL_DATA && length >= 5 && length == 5 + <i32>load<u16>(packet + 3)) data(packet + 1, length - 5);
}

/** The way to the controller is free again. */
export function radioReady(): void {
  aclPump();
  pumpCommands();
  framingPump();
}

/** The wallet answers the phone: its handshake goes on, or its session speaks. Each gives it its time once. */
export function radioAnswered(type: i32): void {
  if (!isHangingUp()) stayAnswered(type);
}

/** The line has the session, or has it no more: nobody else is to be heard meanwhile. */
export function radioYield(toLine: bool): void {
  if (toLine) hangUpNow();
  allowAir(!toLine);
}

export function radioAlarm(): void {
  for (let due = takeDue(); due >= 0; due = takeDue()) {
    if (due <= Deadline.Buffers) radioStart(); // it owes an answer, or refused, or keeps its buffers: from the start
    else if (due == Deadline.Connection) connectionDue();
    else if (due == Deadline.Address) renewAir(Stale.Old);
    else if (due == Deadline.Check) renewAir(Stale.Unsure);
    else if (due == Deadline.Stray) {
      if (strayAgain()) failed();
    } else calm();
  }
}

/** Five seconds after the beginning, or a second after a hang-up, or after its end was due: only a reset ends it then. Before that no peripheral asks for parameters (Vol 3 Part C 9.3.12). */
function connectionDue(): void {
  if (!staysOn() || isHangingUp()) {
    if (!hangUpNow()) radioStart();
  } else if (interval > INTERVAL_MAX) askParameters();
}

function data(header: usize, length: i32): void {
  if (!isOurs(header)) {
    unheardOf();
    return;
  }
  const boundary = (load<u8>(header + 1) >> 4) & 3; // 1 continues a frame, 0 and 2 begin one (5.4.2)
  if (boundary != 3) l2capTake(header + 4, length, boundary != 1);
}

function event(code: i32, at: usize, length: i32): void {
  if (code == 0x0e && length >= 3) {
    // Command Complete; a NOP has no status
    commandAnswered(load<u16>(at + 1), load<u8>(at), length > 3 ? load<u8>(at + 3) : 0, at + 4, length - 4);
  } else if (code == 0x0f && length >= 4) commandAnswered(load<u16>(at + 2), load<u8>(at + 1), load<u8>(at), 0, 0); // Command Status
  else if (code == 0x13) completed(at, length);
  else if (code == 0x05 && length >= 4 && load<u8>(at) == 0) {
    if (isOurs(at + 1)) ended();
    else unheardOf();
  } else if (code == 0x10) failed(); // Hardware Error
  else if (code == 0x3e) leEvent(load<u8>(at), at + 1, length - 1);
}

/** Number Of Completed Packets (7.7.19). */
function completed(at: usize, length: i32): void {
  const handles: i32 = load<u8>(at);
  if (length < 1 + 4 * handles) return;
  for (let i = 0; i < handles; i++) {
    const entry = at + 1 + 4 * i;
    if (isOurs(entry)) aclCompleted(load<u16>(entry + 2));
  }
  pumpCommands(); // a hang-up waits for the last of them
  framingPump();
}

function leEvent(code: i32, at: usize, length: i32): void {
  if (code == 0x01 && length >= 18) connected(at);
  else if (code == 0x03 && length >= 9 && load<u8>(at) == 0 && isOurs(at + 1)) interval = load<u16>(at + 3);
  else if (code == 0x05 && length >= 12 && isOurs(at)) refuseKey();
}

/** LE Connection Complete (7.7.65.1): status, handle, role, peer, interval. */
function connected(at: usize): void {
  const handle: i32 = load<u16>(at + 1) & HANDLE_MASK;
  if (load<u8>(at) != 0) {
    // Advertising ended without a connection.
    if (takeOffAir()) pumpCommands();
    return;
  }
  const isPeripheral = load<u8>(at + 3) == 1;
  // A handle that is in use already: its end was missed, and with it the session's.
  if (handle == aclHandle()) ended();
  // While one is connected the card is not on the air (commands.ts): another one then is as unwanted as one that comes by itself.
  if (!isPeripheral || !takeOffAir() || carrying() == Carrier.Line) {
    if (!endStray(handle)) failed();
    return;
  }
  strayGone(handle);
  aclOpen(handle);
  interval = load<u16>(at + 11);
  stayBegins();
}

/** Disconnection Complete. */
function ended(): void {
  forget();
  pumpCommands();
}

/** Nothing of the connection is left. */
function forget(): void {
  aclClose();
  l2capReset();
  commandsForget();
  stayEnds();
}

/** Something of another connection. Where there is none, and the card is on the air, its beginning was lost: nobody else is let in while it lasts. */
function unheardOf(): void {
  if (takeOffAir()) failed();
}

/** Is the handle at `at` the connection's? No handle is that of none, which is negative. */
function isOurs(at: usize): bool {
  return (load<u16>(at) & HANDLE_MASK) == aclHandle();
}
