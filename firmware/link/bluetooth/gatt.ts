// The card's attributes (Core 6.0, Vol 3 Part G 3): one table, its rows in the order of their handles, 1 the first. Values that never change lie
// here too; the others are read where they live.
import { percent } from "../../ports/battery";
import { clientConfiguration, Kind } from "./client";
import {
  CARD_RX, CARD_SERVICE, CARD_TX, INTERVAL_MAX, INTERVAL_MIN, SMP_CHARACTERISTIC, SMP_SERVICE, SUPERVISION_TIMEOUT, UUID_WORD_0, UUID_WORD_1, UUID_WORD_2, UUID_WORD_3,
  UUID_WORD_4, UUID_WORD_5, UUID_WORD_7,
} from "../../../wire/bluetooth";

const PRIMARY_SERVICE: i32 = 0x2800;
const CHARACTERISTIC: i32 = 0x2803;

// A row: a kind, with LONG where the UUID is the number of a long one; or FIXED and the place of a fixed value. Then the UUID; of a characteristic's
// declaration, whose UUID is its value's, its properties.
const LONG: i32 = 0x80;
const FIXED: u8 = <u8>Kind.Fixed;
const READ: u8 = 0x02;
const WRITES: u8 = 0x0c; // Write, and Write Without Response
const WRITES_NOTIFIES: u8 = 0x14; // Write Without Response, and Notify
const NOTIFY: u8 = 0x10;
const INDICATE: u8 = 0x20;

/** Values that never change, one behind the other: octets, then the value. Numbers are little-endian. */
const values: usize = memory.data<u8>([
  5, 0x65, 0x63, 0x61, 0x72, 0x64, // ecard
  2, 0, 0, // unknown
  8, <u8>INTERVAL_MIN, 0, <u8>INTERVAL_MAX, 0, 0, 0, <u8>(SUPERVISION_TIMEOUT & 255), <u8>(SUPERVISION_TIMEOUT >> 8),
  16, 0x6b, 0x2b, 0xc2, 0x5c, 0x87, 0x26, 0x64, 0x90, 0xe0, 0xa2, 0x81, 0xc9, 0x24, 0x0f, 0x8e, 0x95, // AES-CMAC over the table (Vol 3 Part G 7.3.1): test/bluetooth/gatt.test.ts makes it
  13, 0x65, 0x6e, 0x61, 0x62, 0x6c, 0x69, 0x6e, 0x67, 0x2d, 0x63, 0x61, 0x72, 0x64, // enabling-card
  1, 0x31, // 1
  5, 0x30, 0x2e, 0x31, 0x2e, 0x30, // FIRMWARE_VERSION: 0.1.0
]);
// Places of the above
const NAME: u8 = FIXED + 0;
const APPEARANCE: u8 = FIXED + 6;
const PREFERRED: u8 = FIXED + 9;
const HASH: u8 = FIXED + 18;
const MANUFACTURER: u8 = FIXED + 35;
const MODEL: u8 = FIXED + 49;
const REVISION: u8 = FIXED + 51;

const ROWS: i32 = 33;
const ROW_SIZE: i32 = 3;
const rows: usize = memory.data<u8>([
  /*  1 Generic Access */ <u8>Kind.Service, 0x00, 0x18,
  /*  2 */ <u8>Kind.Characteristic, READ, 0,
  /*  3 Device Name */ NAME, 0x00, 0x2a,
  /*  4 */ <u8>Kind.Characteristic, READ, 0,
  /*  5 Appearance */ APPEARANCE, 0x01, 0x2a,
  /*  6 */ <u8>Kind.Characteristic, READ, 0,
  /*  7 Peripheral Preferred Connection Parameters */ PREFERRED, 0x04, 0x2a,
  /*  8 Generic Attribute */ <u8>Kind.Service, 0x01, 0x18,
  /*  9 */ <u8>Kind.Characteristic, INDICATE, 0,
  /* 10 Service Changed */ <u8>Kind.Changed, 0x05, 0x2a,
  /* 11 */ <u8>Kind.ChangedClient, 0x02, 0x29,
  /* 12 */ <u8>Kind.Characteristic, READ, 0,
  /* 13 Database Hash */ HASH, 0x2a, 0x2b,
  /* 14 Device Information */ <u8>Kind.Service, 0x0a, 0x18,
  /* 15 */ <u8>Kind.Characteristic, READ, 0,
  /* 16 Manufacturer Name */ MANUFACTURER, 0x29, 0x2a,
  /* 17 */ <u8>Kind.Characteristic, READ, 0,
  /* 18 Model Number */ MODEL, 0x24, 0x2a,
  /* 19 */ <u8>Kind.Characteristic, READ, 0,
  /* 20 Firmware Revision */ REVISION, 0x26, 0x2a,
  /* 21 Battery */ <u8>Kind.Service, 0x0f, 0x18,
  /* 22 */ <u8>Kind.Characteristic, READ, 0,
  /* 23 Battery Level */ <u8>Kind.Battery, 0x19, 0x2a,
  /* 24 the card */ <u8>(Kind.Service | LONG), <u8>(CARD_SERVICE & 255), <u8>(CARD_SERVICE >> 8),
  /* 25 */ <u8>Kind.Characteristic, WRITES, 0,
  /* 26 */ <u8>(Kind.Rx | LONG), <u8>(CARD_RX & 255), <u8>(CARD_RX >> 8),
  /* 27 */ <u8>Kind.Characteristic, NOTIFY, 0,
  /* 28 */ <u8>(Kind.Tx | LONG), <u8>(CARD_TX & 255), <u8>(CARD_TX >> 8),
  /* 29 */ <u8>Kind.TxClient, 0x02, 0x29,
  /* 30 SMP */ <u8>(Kind.Service | LONG), <u8>(SMP_SERVICE & 255), <u8>(SMP_SERVICE >> 8),
  /* 31 */ <u8>Kind.Characteristic, WRITES_NOTIFIES, 0,
  /* 32 */ <u8>(Kind.Smp | LONG), <u8>(SMP_CHARACTERISTIC & 255), <u8>(SMP_CHARACTERISTIC >> 8),
  /* 33 */ <u8>Kind.SmpClient, 0x02, 0x29,
]);
export const TX_HANDLE: i32 = 28;
export const SMP_HANDLE: i32 = 32;

const UUID_LONG: i32 = 16;
/** Where a long UUID has its number. */
export const UUID_NUMBER: i32 = 12;
/** Long UUIDs on the air, lowest octet first, each with the number's place empty: the Bluetooth Base UUID (Vol 3 Part B 2.5.1), SMP's two, ours. */
const uuids: usize = memory.data<u16>([
  0x34fb, 0x5f9b, 0x0080, 0x8000, 0x1000, 0, 0, 0,
  0xaa84, 0x7460, 0x8a52, 0x868b, 0x4cd3, 0x1db7, 0, 0x8d53,
  0x7c48, 0x7499, 0x2611, 0xae9e, 0x4e01, 0xfbce, 0, 0xda2e,
  <u16>UUID_WORD_0, <u16>UUID_WORD_1, <u16>UUID_WORD_2, <u16>UUID_WORD_3, <u16>UUID_WORD_4, <u16>UUID_WORD_5, 0, <u16>UUID_WORD_7,
]);
const OURS: i32 = 48;

const VALUE_MAX: i32 = 19;
/** The value that `gattStage` made ready. */
export const staged: usize = memory.data(VALUE_MAX + GUARD, 2);
export const STAGED_END: usize = staged + VALUE_MAX;

export function gattHas(handle: i32): bool {
  return handle >= 1 && handle <= ROWS;
}

export function gattLast(): i32 {
  return ROWS;
}

export function gattKind(handle: i32): Kind {
  return <Kind>(load<u8>(row(handle)) & ~LONG);
}

export function gattReadable(handle: i32): bool {
  const kind = gattKind(handle);
  return kind < Kind.Rx || kind > Kind.Smp;
}

/** Last handle of a service's group, or of a characteristic's (Vol 3 Part G 2.5.3, 3.1, 3.3); of anything else, its own. */
export function gattGroupEnd(handle: i32): i32 {
  const depth = depthOf(handle);
  if (depth <= 1) while (handle < ROWS && depthOf(handle + 1) > depth) handle++;
  return handle;
}

/** 0 of a service's declaration, 1 of a characteristic's, of anything else more. */
function depthOf(handle: i32): u32 {
  return <u32>(gattKind(handle) - Kind.Service);
}

/** Octets of the attribute's type: 2 or 16. */
export function gattTypeSize(handle: i32): i32 {
  return typeOf(handle) < 0 ? UUID_LONG : 2;
}

/** Writes the attribute's type, lowest octet first. */
export function gattPutType(at: usize, handle: i32): void {
  const type = typeOf(handle);
  if (type < 0) putLong(at, numberOf(handle));
  else store<u16>(at, <u16>type);
}

/** Is the attribute of the type whose 2 or 16 octets lie at `uuid`? A long form of a short UUID is that UUID. */
export function gattIsOf(handle: i32, uuid: usize, size: i32): bool {
  const type = typeOf(handle);
  if (size == 2) return type == load<u16>(uuid);
  if (type < 0) putLong(staged, numberOf(handle));
  else putUuidOf(staged, 0, type);
  return load<u64>(uuid) == load<u64>(staged) && load<u64>(uuid, 8) == load<u64>(staged + 8);
}

/** Puts an attribute's value to `staged`; its length. */
export function gattStage(handle: i32): i32 {
  const kind = gattKind(handle);
  if (kind == Kind.Service) return putUuid(staged, handle);
  if (kind == Kind.Characteristic) {
    store<u8>(staged, <u8>numberOf(handle));
    store<u16>(staged + 1, <u16>(handle + 1));
    return 3 + putUuid(staged + 3, handle + 1);
  }
  if (kind == Kind.Battery) {
    store<u8>(staged, <u8>percent());
    return 1;
  }
  if (kind <= Kind.ChangedClient) {
    store<u16>(staged, <u16>clientConfiguration(kind));
    return 2;
  }
  if (kind < Kind.Fixed) return 0;
  const value = values + (kind - Kind.Fixed);
  const length: i32 = load<u8>(value);
  memory.copy(staged, value + 1, length);
  return length;
}

/** Writes the long UUID of a number, lowest octet first. */
export function putLong(at: usize, number: i32): void {
  putUuidOf(at, number == SMP_SERVICE ? 16 : number == SMP_CHARACTERISTIC ? 32 : OURS, number);
}

function putUuidOf(at: usize, base: i32, number: i32): void {
  memory.copy(at, uuids + base, UUID_LONG);
  store<u16>(at, <u16>number, UUID_NUMBER);
}

/** The UUID in a declaration; its length. */
function putUuid(at: usize, handle: i32): i32 {
  const number = numberOf(handle);
  if (isLong(handle)) {
    putLong(at, number);
    return UUID_LONG;
  }
  store<u16>(at, <u16>number);
  return 2;
}

/** The attribute's type as a 16-bit UUID, or -1 for a long one. */
function typeOf(handle: i32): i32 {
  const kind = gattKind(handle);
  if (kind == Kind.Service) return PRIMARY_SERVICE;
  if (kind == Kind.Characteristic) return CHARACTERISTIC;
  return isLong(handle) ? -1 : numberOf(handle);
}

function isLong(handle: i32): bool {
  return (load<u8>(row(handle)) & LONG) != 0;
}

/** The UUID, or the number of a long one; of a declaration, its properties. */
function numberOf(handle: i32): i32 {
  return load<u16>(row(handle), 1);
}

function row(handle: i32): usize {
  return rows - ROW_SIZE + handle * ROW_SIZE;
}
