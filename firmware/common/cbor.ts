// Deterministic CBOR (RFC 8949 4.2), reading and writing in place. TypeScript's twin is wire/cbor.ts.
// One reader and one writer at a time. A fault sticks: every later read gives zero, and `done` says no; so callers read
// a whole object and ask once. Nothing recurses, nothing is read past the end that `open` was given.

export const MAJOR_UINT: u32 = 0;
export const MAJOR_NEGATIVE: u32 = 1;
export const MAJOR_BYTES: u32 = 2;
export const MAJOR_TEXT: u32 = 3;
export const MAJOR_ARRAY: u32 = 4;
export const MAJOR_MAP: u32 = 5;
export const MAJOR_TAG: u32 = 6;
const NULL: u8 = 0xf6;
const FALSE: u8 = 0xf4;

let at: usize = 0;
let end: usize = 0;
let bad: bool = true;
/** Length of the last string that `bytes` or `text` read. */
let size: i32 = 0;

export function open(from: usize, length: i32): void {
  at = from;
  end = from + length;
  bad = length < 0;
}

/** True where everything so far was as asked for. */
export function fine(): bool {
  return !bad;
}

/** True where everything was as asked for and nothing is left. */
export function done(): bool {
  return !bad && at == end;
}

export function where(): usize {
  return at;
}

/** Length of the last string read. */
export function length(): i32 {
  return size;
}

export function fail(): void {
  bad = true;
}

/** The argument of the next item, which must be of `major`. Long forms are faults (RFC 8949 4.2.1). */
export function head(major: u32): u64 {
  if (bad || at >= end) return fault();
  const initial: u32 = load<u8>(at);
  if (initial >> 5 != major) return fault();
  const info = initial & 31;
  if (info < 24) {
    at++;
    return info;
  }
  if (info > 27) return fault();
  const octets: u32 = 1 << (info - 24);
  if (end - at < 1 + octets) return fault();
  let value: u64 = 0;
  for (let i: u32 = 1; i <= octets; i++) value = (value << 8) | load<u8>(at + i);
  const least: u64 = info == 24 ? 24 : (<u64>1) << (octets << 2);
  if (value < least) return fault();
  at += 1 + octets;
  return value;
}

/** An unsigned integer of at most `max`. */
export function uint(max: u64): u64 {
  const value = head(MAJOR_UINT);
  return value > max ? fault() : value;
}

/** A byte string of `min` to `max` octets: its place; `length` tells how long it is. */
export function bytes(min: i32, max: i32): usize {
  return run(MAJOR_BYTES, min, max);
}

/** A text string of `min` to `max` octets of printable ASCII: what a track, a receipt or a display can show. */
export function ascii(min: i32, max: i32): usize {
  const from = run(MAJOR_TEXT, min, max);
  for (let i = 0; i < size; i++) {
    const char = load<u8>(from + i);
    if (char < 0x20 || char > 0x7e) return <usize>fault();
  }
  return from;
}

/** A text string that is not looked into. */
export function text(min: i32, max: i32): usize {
  return run(MAJOR_TEXT, min, max);
}

export function array(count: u32): void {
  if (head(MAJOR_ARRAY) != count) bad = true;
}

/** Entries of the next map, at most `max`. */
export function map(max: u32): i32 {
  const count = head(MAJOR_MAP);
  return <i32>(count > max ? fault() : count);
}

/** Takes the next item where it is the key `key` of a map; leaves it and says false where it is another. */
export function key(value: i32): bool {
  if (bad || at >= end) return false;
  const from = at;
  const major = value < 0 ? MAJOR_NEGATIVE : MAJOR_UINT;
  if (<u32>load<u8>(at) >> 5 != major) return false;
  const found = head(major);
  if (bad) return false;
  if (found == <u64>(value < 0 ? -1 - value : value)) return true;
  at = from;
  return false;
}

/** As `key`, but another one is a fault. */
export function need(value: i32): void {
  if (!key(value)) bad = true;
}

/** Takes a null; leaves anything else and says false. */
export function nil(): bool {
  if (bad || at >= end || load<u8>(at) != NULL) return false;
  at++;
  return true;
}

function run(major: u32, min: i32, max: i32): usize {
  const count = head(major);
  size = 0;
  if (bad || count < <u64>min || count > <u64>max || count > <u64>(end - at)) return <usize>fault();
  const from = at;
  size = <i32>count;
  at += <usize>count;
  return from;
}

function fault(): u64 {
  bad = true;
  size = 0;
  return 0;
}

// Writing

let out: usize = 0;
let start: usize = 0;
let limit: usize = 0;
let full: bool = true;

export function writeTo(to: usize, room: i32): void {
  out = to;
  start = to;
  limit = to + room;
  full = false;
}

/** Octets written; -1 where they did not fit. */
export function written(): i32 {
  return full ? -1 : <i32>(out - start);
}

export function putHead(major: u32, value: u64): void {
  const octets: u32 = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8;
  if (!room(1 + octets)) return;
  const info: u32 = octets == 0 ? <u32>value : octets == 1 ? 24 : octets == 2 ? 25 : octets == 4 ? 26 : 27;
  store<u8>(out++, <u8>((major << 5) | info));
  for (let i = octets; i > 0; i--) store<u8>(out++, <u8>(value >> ((i - 1) << 3)));
}

export function putUint(value: u64): void {
  putHead(MAJOR_UINT, value);
}

export function putBytes(from: usize, count: i32): void {
  putHead(MAJOR_BYTES, count);
  putRaw(from, count);
}

export function putText(from: usize, count: i32): void {
  putHead(MAJOR_TEXT, count);
  putRaw(from, count);
}

export function putArray(count: u32): void {
  putHead(MAJOR_ARRAY, count);
}

export function putNull(): void {
  if (room(1)) store<u8>(out++, NULL);
}

export function putBool(value: bool): void {
  if (room(1)) store<u8>(out++, FALSE + <u8>value);
}

/** Octets as they are: something already encoded. */
export function putRaw(from: usize, count: i32): void {
  if (!room(count)) return;
  memory.copy(out, from, count);
  out += count;
}

function room(count: u32): bool {
  if (full || limit - out < <usize>count) full = true;
  return !full;
}

/** Steps over octets that the caller has put in place. */
export function skip(count: i32): void {
  if (room(count)) out += count;
}
