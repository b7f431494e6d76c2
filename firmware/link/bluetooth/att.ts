// ATT server (Core 6.0, Vol 3 Part F): one client, one request at a time, MTU 23 to 247. Every PDU that a client may send is answered, refused or,
// where the book wants silence, passed over. Writes of chunks go to the phone's framing; queued writes are refused: the phone cuts its messages.
import { phoneCame, phoneChunk, phoneSmp, phoneWent } from "../phone";
import { Carrier, carrying } from "../carrier";
import { aclBusy, aclSubmit, CONFIRMATION, PAYLOAD, RESPONSE } from "./acl";
import { ATT_CHANNEL, AttError, refuse, respond, response } from "./answer";
import { clientAgree, clientConfiguration, clientConfigure, clientForget, clientMay, clientMtu, Kind, notifies } from "./client";
import { discover, FIND_BY_TYPE_VALUE, FIND_INFORMATION, READ_BY_GROUP_TYPE, READ_BY_TYPE } from "./discovery";
import { gattHas, gattKind, gattReadable, gattStage, staged } from "./gatt";
import { stayIsLeft } from "./stay";
import { LE_MTU_MAX } from "../../../wire/bluetooth";

const EXCHANGE_MTU: i32 = 0x02;
const READ: i32 = 0x0a;
const READ_BLOB: i32 = 0x0c;
const WRITE: i32 = 0x12;
const INDICATION: i32 = 0x1d;
const CONFIRMATION_CODE: i32 = 0x1e;
const WRITE_COMMAND: i32 = 0x52;
/** Bits of the requests that look for something, and of all that name a handle first. */
const DISCOVERIES: i32 = (1 << FIND_INFORMATION) | (1 << FIND_BY_TYPE_VALUE) | (1 << READ_BY_TYPE) | (1 << READ_BY_GROUP_TYPE);
const OF_A_HANDLE: i32 = DISCOVERIES | (1 << READ) | (1 << READ_BLOB) | (1 << WRITE);
/** Bit of commands, which are never answered (3.3.1). */
const COMMAND: i32 = 0x40;
/** Multiple Handle Value Notification, the highest of the PDUs that a server sends. */
const LAST_OF_SERVER: i32 = 0x23;

/** The connection is gone, or there was none. */
export function attReset(): void {
  if (notifies()) phoneWent(carrying());
  clientForget();
}

/** Takes one PDU of the client. */
export function attTake(pdu: usize, length: i32): void {
  if (length == 0) return;
  const code: i32 = load<u8>(pdu);
  if (code & COMMAND) {
    // A command that is not known, too long or not permitted is passed over (3.3, 3.4.5.3); so is a signed one, as nobody has a key for it.
    if (code == WRITE_COMMAND && length >= 3 && length <= clientMtu()) write(load<u16>(pdu, 1), pdu + 3, length - 3, true);
    return;
  }
  if (code == INDICATION) confirm();
  // What else only a server sends answers a question that was never asked.
  if (code == CONFIRMATION_CODE || ((code & 1) != 0 && code <= LAST_OF_SERVER)) return;
  // A second request before the answer to the first has left: the client broke the sequence (3.3.2), and gets one answer.
  if (aclBusy(RESPONSE)) return;
  if (length > clientMtu() || !isWellFormed(code, length)) refuse(code, handleIn(code, pdu, length), AttError.InvalidPdu);
  else answer(code, pdu, length);
}

function answer(code: i32, pdu: usize, length: i32): void {
  if (code == EXCHANGE_MTU) exchangeMtu(load<u16>(pdu, 1));
  else if (isAmong(code, DISCOVERIES)) discover(code, pdu, length);
  else if (code == READ) read(code, load<u16>(pdu, 1), 0);
  else if (code == READ_BLOB) read(code, load<u16>(pdu, 1), load<u16>(pdu, 3));
  else if (code == WRITE) writeRequest(load<u16>(pdu, 1), pdu + 3, length - 3);
  else refuse(code, 0, AttError.RequestNotSupported);
}

/** Is a request among those whose bits are set? */
function isAmong(code: i32, requests: i32): bool {
  return code < 32 && ((requests >> code) & 1) != 0;
}

/** Has a request that is answered the length that it must have? */
function isWellFormed(code: i32, length: i32): bool {
  if (code == EXCHANGE_MTU || code == READ) return length == 3;
  if (code == FIND_INFORMATION || code == READ_BLOB) return length == 5;
  if (code == FIND_BY_TYPE_VALUE) return length >= 7;
  if (code == READ_BY_TYPE || code == READ_BY_GROUP_TYPE) return length == 7 || length == 21;
  return code != WRITE || length >= 3;
}

/** The handle that an Error Response to a malformed request names: its first, where it has one. */
function handleIn(code: i32, pdu: usize, length: i32): i32 {
  return isAmong(code, OF_A_HANDLE) && length >= 3 ? <i32>load<u16>(pdu, 1) : 0;
}

function exchangeMtu(theirs: i32): void {
  store<u16>(response + 1, LE_MTU_MAX);
  respond(EXCHANGE_MTU, 3);
  clientAgree(theirs); // after the response, which goes by the old one (3.4.2.2)
}

function read(code: i32, handle: i32, offset: i32): void {
  let error = AttError.InvalidHandle;
  let length = 0;
  if (gattHas(handle)) {
    error = AttError.ReadNotPermitted;
    if (gattReadable(handle)) {
      length = gattStage(handle);
      error = offset > length ? AttError.InvalidOffset : AttError.None;
    }
  }
  if (error != AttError.None) {
    refuse(code, handle, error);
    return;
  }
  const size = length - offset; // no value is longer than the least MTU takes (gatt.ts, VALUE_MAX)
  memory.copy(response + 1, staged + offset, size);
  respond(code, 1 + size);
}

function writeRequest(handle: i32, value: usize, length: i32): void {
  const error = write(handle, value, length, false);
  if (error != AttError.None) {
    refuse(WRITE, handle, error);
    return;
  }
  respond(WRITE, 1);
}

/** A peer's server indicates something: it waits for its confirmation, whatever else is under way (3.3.2, 3.4.7.3). One that waits already is the same. */
function confirm(): void {
  store<u8>(CONFIRMATION + PAYLOAD, <u8>CONFIRMATION_CODE);
  aclSubmit(CONFIRMATION, ATT_CHANNEL, 1);
}

function write(handle: i32, value: usize, length: i32, command: bool): AttError {
  if (!gattHas(handle)) return AttError.InvalidHandle;
  const kind = gattKind(handle);
  if (kind == Kind.Rx) return writeChunk(value, length);
  if (kind == Kind.Smp && command) return writeSmp(value, length);
  if (command || kind > Kind.ChangedClient) return AttError.WriteNotPermitted;
  return configure(kind, value, length);
}

/** A chunk: of whom the card can answer, that is of whoever hears its notifications. What is wrong with it, framing says. */
function writeChunk(value: usize, length: i32): AttError {
  if (carrying() != Carrier.Radio) return AttError.NotConfigured;
  phoneChunk(value, length);
  return AttError.None;
}

function writeSmp(value: usize, length: i32): AttError {
  if (carrying() == Carrier.Smp) phoneSmp(value, length);
  return AttError.None;
}

/** Client Characteristic Configuration (Vol 3 Part G 3.3.3.3). With Tx's notifications the phone is there, and without them it is gone. */
function configure(kind: Kind, value: usize, length: i32): AttError {
  if (length != 2) return AttError.InvalidValueLength;
  const wanted: i32 = load<u16>(value);
  if (wanted != 0 && wanted != clientMay(kind)) return AttError.ValueNotAllowed;
  if (wanted == clientConfiguration(kind)) return AttError.None;
  const isPhone = kind != Kind.ChangedClient;
  if (isPhone && wanted != 0 && carrying() != Carrier.None) return AttError.NotConfigured; // somebody has the session
  clientConfigure(kind, wanted);
  if (!isPhone) return AttError.None;
  const carrier = kind == Kind.TxClient ? Carrier.Radio : Carrier.Smp;
  if (wanted != 0) phoneCame(carrier);
  else {
    phoneWent(carrier);
    stayIsLeft();
  }
  return AttError.None;
}
