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

// A row: UUID << 16 | properties, or the place of a fixed value, << 8 | kind, and whether the UUID is the number of a long one
const LONG: u32 = 0x80;
const READ: u32 = 0x02 << 8;
const WRITES: u32 = 0x0c << 8; // Write, and Write Without Response
const WRITES_NOTIFIES: u32 = 0x14 << 8; // Write Without Response, and Notify
const NOTIFY: u32 = 0x10 << 8;
const INDICATE: u32 = 0x20 << 8;

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
const NAME: u32 = 0 << 8;
const APPEARANCE: u32 = 6 << 8;
const PREFERRED: u32 = 9 << 8;
const HASH: u32 = 18 << 8;
const MANUFACTURER: u32 = 35 << 8;
const MODEL: u32 = 49 << 8;
const REVISION: u32 = 51 << 8;

const ROWS: i32 = 33;
const rows: usize = memory.data<u32>([
  /*  1 Generic Access */ <u32>Kind.Service | 0x1800 << 16,
  /*  2 */ <u32>Kind.Characteristic | READ,
  /*  3 Device Name */ <u32>Kind.Fixed | NAME | 0x2a00 << 16,
  /*  4 */ <u32>Kind.Characteristic | READ,
  /*  5 Appearance */ <u32>Kind.Fixed | APPEARANCE | 0x2a01 << 16,
  /*  6 */ <u32>Kind.Characteristic | READ,
  /*  7 Peripheral Preferred Connection Parameters */ <u32>Kind.Fixed | PREFERRED | 0x2a04 << 16,
  /*  8 Generic Attribute */ <u32>Kind.Service | 0x1801 << 16,
  /*  9 */ <u32>Kind.Characteristic | INDICATE,
  /* 10 Service Changed */ <u32>Kind.Changed | 0x2a05 << 16,
  /* 11 */ <u32>Kind.ChangedClient | 0x2902 << 16,
  /* 12 */ <u32>Kind.Characteristic | READ,
  /* 13 Database Hash */ <u32>Kind.Fixed | HASH | 0x2b2a << 16,
  /* 14 Device Information */ <u32>Kind.Service | 0x180a << 16,
  /* 15 */ <u32>Kind.Characteristic | READ,
  /* 16 Manufacturer Name */ <u32>Kind.Fixed | MANUFACTURER | 0x2a29 << 16,
  /* 17 */ <u32>Kind.Characteristic | READ,
  /* 18 Model Number */ <u32>Kind.Fixed | MODEL | 0x2a24 << 16,
  /* 19 */ <u32>Kind.Characteristic | READ,
  /* 20 Firmware Revision */ <u32>Kind.Fixed | REVISION | 0x2a26 << 16,
  /* 21 Battery */ <u32>Kind.Service | 0x180f << 16,
  /* 22 */ <u32>Kind.Characteristic | READ,
  /* 23 Battery Level */ <u32>Kind.Battery | 0x2a19 << 16,
  /* 24 the card */ <u32>Kind.Service | LONG | CARD_SERVICE << 16,
  /* 25 */ <u32>Kind.Characteristic | WRITES,
  /* 26 */ <u32>Kind.Rx | LONG | CARD_RX << 16,
  /* 27 */ <u32>Kind.Characteristic | NOTIFY,
  /* 28 */ <u32>Kind.Tx | LONG | CARD_TX << 16,
  /* 29 */ <u32>Kind.TxClient | 0x2902 << 16,
  /* 30 SMP */ <u32>Kind.Service | LONG | SMP_SERVICE << 16,
  /* 31 */ <u32>Kind.Characteristic | WRITES_NOTIFIES,
  /* 32 */ <u32>Kind.Smp | LONG | SMP_CHARACTERISTIC << 16,
  /* 33 */ <u32>Kind.SmpClient | 0x2902 << 16,
]);
export const TX_HANDLE: i32 = 28;
export const SMP_HANDLE: i32 = 32;

const UUID_LONG: i32 = 16;
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
  return <Kind>(word(handle) & 15);
}

export function gattReadable(handle: i32): bool {
  const kind = gattKind(handle);
  return kind < Kind.Rx || kind > Kind.Smp;
}

/** Last handle of a service's group; of anything else, its own. */
export function gattGroupEnd(handle: i32): i32 {
  if (gattKind(handle) != Kind.Service) return handle;
  while (handle < ROWS && gattKind(handle + 1) != Kind.Service) handle++;
  return handle;
}

/** Octets of the attribute's type: 2 or 16. */
export function gattTypeSize(handle: i32): i32 {
  return typeOf(handle) < 0 ? UUID_LONG : 2;
}

/** Writes the attribute's type, lowest octet first. */
export function gattPutType(at: usize, handle: i32): void {
  const type = typeOf(handle);
  if (type < 0) putLong(at, word(handle) >> 16);
  else store<u16>(at, <u16>type);
}

/** Is the attribute of the type whose 2 or 16 octets lie at `uuid`? A long form of a short UUID is that UUID. */
export function gattIsOf(handle: i32, uuid: usize, size: i32): bool {
  const type = typeOf(handle);
  if (size == 2) return type == load<u16>(uuid);
  if (type < 0) putLong(staged, word(handle) >> 16);
  else putUuidOf(staged, 0, type);
  return load<u64>(uuid) == load<u64>(staged) && load<u64>(uuid, 8) == load<u64>(staged + 8);
}

/** Puts an attribute's value to `staged`; its length. */
export function gattStage(handle: i32): i32 {
  const kind = gattKind(handle);
  if (kind == Kind.Service) return putUuid(staged, handle);
  if (kind == Kind.Characteristic) {
    store<u8>(staged, <u8>(word(handle) >> 8));
    store<u16>(staged + 1, <u16>(handle + 1));
    return 3 + putUuid(staged + 3, handle + 1);
  }
  if (kind == Kind.Battery) {
    store<u8>(staged, <u8>percent());
    return 1;
  }
  if (kind >= Kind.TxClient) {
    store<u16>(staged, <u16>clientConfiguration(kind));
    return 2;
  }
  if (kind != Kind.Fixed) return 0;
  const value = values + ((word(handle) >> 8) & 0xff);
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
  store<u16>(at, <u16>number, 12);
}

/** The UUID in a declaration; its length. */
function putUuid(at: usize, handle: i32): i32 {
  const first = word(handle);
  if (first & LONG) {
    putLong(at, first >> 16);
    return UUID_LONG;
  }
  store<u16>(at, <u16>(first >> 16));
  return 2;
}

/** The attribute's type as a 16-bit UUID, or -1 for a long one. */
function typeOf(handle: i32): i32 {
  const kind = gattKind(handle);
  if (kind == Kind.Service) return PRIMARY_SERVICE;
  if (kind == Kind.Characteristic) return CHARACTERISTIC;
  const first = word(handle);
  return first & LONG ? -1 : <i32>(first >> 16);
}

function word(handle: i32): u32 {
  return load<u32>(rows + ((handle - 1) << 2));
}
