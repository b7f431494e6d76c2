// The map of a request: text keys in any order, numbers of up to 32 bits in any width, the whole of definite or indefinite length, as mcumgr's clients write it
// (RFC 8949). A key that nobody knows is passed over; one twice, a container inside, or anything behind the map refuses the whole.
import { isName } from "./names";

export const enum Field {
  Image = 0,
  Length = 1,
  Offset = 2,
  Sha = 3,
  Data = 4,
  Hash = 5,
  Confirm = 6,
  Text = 7,
  Slot = 8,
}
const FIELDS: i32 = 9;
/** Keys that nobody knows, at most; where each lies, and how long it is. */
const UNKNOWN_MAX: i32 = 8;
const unknowns: usize = memory.data(UNKNOWN_MAX << 3);

const UINT: i32 = 0;
const BYTES: i32 = 2;
const TEXT: i32 = 3;
const MAP: i32 = 5;
const SIMPLE: i32 = 7;
const FALSE: u32 = 20;
const NIL: u32 = 22;
const BREAK: i32 = 0xff;

/** Of each field its number, or where its octets are, and how many. */
const values: usize = memory.data(FIELDS << 2);
const lengths: usize = memory.data(FIELDS << 2);
let seen: u32 = 0;

let at: usize = 0;
let end: usize = 0;
let major: i32 = 0;
let argument: u32 = 0;
/** Of the last head: no length was given. */
let indefinite: bool = false;

export function has(field: Field): bool {
  return (seen & (1 << field)) != 0;
}

/** A field's number, or its octets' place; 0 where it was not given. */
export function valueOf(field: Field): u32 {
  return has(field) ? load<u32>(values + (field << 2)) : 0;
}

export function lengthOf(field: Field): i32 {
  return has(field) ? load<i32>(lengths + (field << 2)) : 0;
}

/** Reads the map that `length` octets hold; none at all are an empty one. False where they are anything else. */
export function readRequest(from: usize, length: i32): bool {
  seen = 0;
  at = from;
  end = from + length;
  if (length == 0) return true;
  if (!head() || major != MAP) return false;
  const endless = indefinite;
  let left = argument;
  let unknown = 0;
  while (true) {
    if (endless) {
      if (at >= end) return false;
      if (<i32>load<u8>(at) == BREAK) {
        at++;
        break;
      }
    } else if (left-- == 0) break;
    const field = key();
    if (field < 0) return false;
    if (field == FIELDS && (unknown == UNKNOWN_MAX || !isNew(unknown++))) return false;
    if (!head() || indefinite || !value()) return false;
    if (field == FIELDS) continue;
    // A hash may be null: no image is named.
    const isNil = major == SIMPLE && argument == NIL;
    if (has(field) || (isNil ? field != Field.Hash : major != kindOf(field))) return false;
    seen |= 1 << field;
    store<u32>(values + (field << 2), major == BYTES || major == TEXT ? <u32>(at - argument) : major == SIMPLE ? argument - FALSE : argument);
    store<u32>(lengths + (field << 2), isNil ? 0 : argument);
  }
  return at == end;
}

/** The field of the next key; `FIELDS` where nobody knows it, -1 where it is no key. */
function key(): i32 {
  if (!head() || major != TEXT || indefinite || !value()) return -1;
  const name = at - argument;
  const length = <i32>argument;
  if (isName(name, length, "image")) return Field.Image;
  if (isName(name, length, "len")) return Field.Length;
  if (isName(name, length, "off")) return Field.Offset;
  if (isName(name, length, "sha")) return Field.Sha;
  if (isName(name, length, "data")) return Field.Data;
  if (isName(name, length, "hash")) return Field.Hash;
  if (isName(name, length, "confirm")) return Field.Confirm;
  if (isName(name, length, "d")) return Field.Text;
  return isName(name, length, "slot") ? Field.Slot : FIELDS;
}

/** True where the key that was just read is none of the `known` ones that nobody knows; it is the next of them. */
function isNew(known: i32): bool {
  const name = at - argument;
  for (let i = 0; i < known; i++) {
    const other = unknowns + (i << 3);
    if (load<u32>(other + 4) == argument && memory.compare(load<u32>(other), name, argument) == 0) return false;
  }
  const own = unknowns + (known << 3);
  store<u32>(own, <u32>name);
  store<u32>(own + 4, argument);
  return true;
}

function kindOf(field: i32): i32 {
  if (field == Field.Sha || field == Field.Data || field == Field.Hash) return BYTES;
  if (field == Field.Text) return TEXT;
  return field == Field.Confirm ? SIMPLE : UINT;
}

/** What follows the head: a string's octets, which must be there; a number, true, false or null, which is all. */
function value(): bool {
  if (major == UINT) return true;
  if (major == SIMPLE) return argument >= FALSE && argument <= NIL;
  if ((major != BYTES && major != TEXT) || argument > <u32>(end - at)) return false;
  at += argument;
  return true;
}

/** Major type and argument of the next item; an argument has at most 32 bits. */
function head(): bool {
  if (at >= end) return false;
  const initial: i32 = load<u8>(at++);
  major = initial >> 5;
  const info = initial & 31;
  indefinite = info == 31;
  argument = <u32>info;
  if (info < 24) return true;
  if (indefinite) return major == MAP;
  if (info > 26 || major == SIMPLE) return false;
  const octets: u32 = 1 << (info - 24);
  if (<u32>(end - at) < octets) return false;
  argument = 0;
  for (let i: u32 = 0; i < octets; i++) argument = (argument << 8) | load<u8>(at++);
  return true;
}
