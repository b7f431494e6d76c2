// Tracks 1 and 2 (ISO/IEC 7811-2, 7813) from a grant's templates: sentinels, discretionary data, parity and LRC are made
// here, and nowhere else. The text lives only while a pass is composed.
import { equal, modulo, putDecimal, putHex, wipe } from "../common/bytes";
import { read } from "../ports/vault";
import { f2fAdd, f2fClearFrame } from "./f2f";
import * as grant from "./grant";
import { GrantKind } from "../../wire/labels";
import { CRYPTOGRAM_SIZE, IIN_SIZE, IINS_MAX, NAME_MAX } from "../../wire/limits";
import { VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

const PAN_SIZE: i32 = 16;
/** YYMM and service code. */
const TAIL_SIZE: i32 = 7;
const TRACK2_SIZE: i32 = PAN_SIZE + 1 + TAIL_SIZE;
const TRACK1_TEXT_MAX: i32 = 78; // 79 with the LRC

const text: usize = memory.data(80);
const iins: usize = memory.data(IINS_MAX * IIN_SIZE);
let length: i32 = 0;

/** Are the kept grant's templates well formed, of one PAN, and of a number range this card may speak for? */
export function tracksCheck(): Status {
  const t2 = grant.track2;
  if (grant.track2Length() != TRACK2_SIZE || !digits(t2, PAN_SIZE) || load<u8>(t2 + PAN_SIZE) != 0x3d) return Status.GrantMalformed;
  if (!digits(t2 + PAN_SIZE + 1, TAIL_SIZE) || !luhn(t2)) return Status.GrantMalformed;
  // The seventh digit is 9 for transaction codes, 0 to 8 for tokens.
  if ((grant.kind == <u64>GrantKind.Code) != (load<u8>(t2 + IIN_SIZE) == 0x39)) return Status.GrantMalformed;
  const status = iinCheck(t2);
  if (status != Status.Ok) return status;
  return grant.track1Length() == 0 || track1Agrees() ? Status.Ok : Status.GrantMalformed;
}

/** Puts track 1's frame together: 6 bits and parity a character. */
export function track1Frame(): bool {
  begin(0x25); // %
  add(grant.track1, grant.track1Length());
  addDiscretionary();
  putHex(text + length, grant.cryptogram, CRYPTOGRAM_SIZE);
  length += 2 * CRYPTOGRAM_SIZE;
  return encode(0x20, 6);
}

/** Puts track 2's frame together: 4 bits and parity a character. */
export function track2Frame(): bool {
  begin(0x3b); // ;
  add(grant.track2, grant.track2Length());
  addDiscretionary();
  return encode(0x30, 4);
}

function begin(sentinel: u8): void {
  store<u8>(text, sentinel);
  length = 1;
}

function add(from: usize, count: i32): void {
  memory.copy(text + length, from, count);
  length += count;
}

/** Profile 1: `1`, ATC mod 10^4, cryptogram mod 10^8. */
function addDiscretionary(): void {
  store<u8>(text + length, 0x31);
  putDecimal(text + length + 1, grant.atc(), 4);
  putDecimal(text + length + 5, modulo(grant.cryptogram, CRYPTOGRAM_SIZE, 100_000_000), 8);
  length += 13;
}

/** End sentinel, then each character with odd parity, then the LRC: XOR of the data bits, with a parity bit of its own. */
function encode(offset: u32, width: i32): bool {
  store<u8>(text + length, 0x3f); // ?
  length++;
  f2fClearFrame();
  let lrc: u32 = 0;
  let fits = true;
  for (let i = 0; i < length; i++) {
    const symbol = load<u8>(text + i) - offset;
    lrc ^= symbol;
    fits = fits && f2fAdd(withParity(symbol, width), width + 1);
  }
  fits = fits && f2fAdd(withParity(lrc, width), width + 1);
  wipe(text, 80);
  length = 0;
  return fits;
}

function withParity(symbol: u32, width: i32): u32 {
  return symbol | ((1 ^ (popcnt(symbol) & 1)) << width);
}

/** `B` PAN `^` name `^` YYMM service code: the same PAN, expiry and service code as track 2. */
function track1Agrees(): bool {
  const t1 = grant.track1;
  const nameLength = grant.track1Length() - 1 - PAN_SIZE - 2 - TAIL_SIZE;
  if (nameLength < 2 || nameLength > NAME_MAX) return false;
  if (1 + grant.track1Length() + 13 + 2 * CRYPTOGRAM_SIZE + 1 > TRACK1_TEXT_MAX) return false;
  const name = t1 + 1 + PAN_SIZE + 1;
  for (let i = 0; i < nameLength; i++) {
    const char = load<u8>(name + i);
    // ISO/IEC 7811-2 table 1 without control characters: no sentinel, no separator
    if (char < 0x20 || char > 0x5f || char == 0x25 || char == 0x3f || char == 0x5e) return false;
  }
  return (
    load<u8>(t1) == 0x42 &&
    equal(t1 + 1, grant.track2, PAN_SIZE) &&
    load<u8>(name - 1) == 0x5e &&
    load<u8>(name + nameLength) == 0x5e &&
    equal(name + nameLength + 1, grant.track2 + PAN_SIZE + 1, TAIL_SIZE)
  );
}

function iinCheck(pan: usize): Status {
  const size = read(VaultItem.Iins, iins, IINS_MAX * IIN_SIZE);
  if (size < IIN_SIZE) return Status.VaultFailed;
  for (let i = 0; i + IIN_SIZE <= size; i += IIN_SIZE) if (equal(iins + i, pan, IIN_SIZE)) return Status.Ok;
  return Status.TokenOutsideIin;
}

function digits(at: usize, count: i32): bool {
  for (let i = 0; i < count; i++) if (load<u8>(at + i) - 0x30 > 9) return false;
  return true;
}

/** ISO/IEC 7812-1 annex B */
function luhn(pan: usize): bool {
  let sum: u32 = 0;
  for (let i = 0; i < PAN_SIZE; i++) {
    let digit: u32 = load<u8>(pan + i) - 0x30;
    if ((PAN_SIZE - i) % 2 == 0) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
  }
  return sum % 10 == 0;
}
