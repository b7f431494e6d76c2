// ATT requests over a range of handles (Core 6.0, Vol 3 Part F 3.4.3, 3.4.4.1, 3.4.4.9): what there is, by type, by value, by service. Each
// answers with as many entries of one length as the MTU takes, or says that there is none.
import { AttError, refuse, respond, response } from "./answer";
import { clientMtu } from "./client";
import {
  gattGroupEnd, gattIsOf, gattLast, gattPutType, gattReadable, gattStage, gattTypeSize, staged, UUID_NUMBER,
} from "./gatt";

export const FIND_INFORMATION: i32 = 0x04;
export const FIND_BY_TYPE_VALUE: i32 = 0x06;
export const READ_BY_TYPE: i32 = 0x08;
export const READ_BY_GROUP_TYPE: i32 = 0x10;

/** Answers one of the four, `length` octets at `pdu`, long enough for it. */
export function discover(request: i32, pdu: usize, length: i32): void {
  const start: i32 = load<u16>(pdu, 1);
  const end = min<i32>(load<u16>(pdu, 3), gattLast());
  if (start == 0 || start > <i32>load<u16>(pdu, 3)) refuse(request, start, AttError.InvalidHandle);
  else if (request == FIND_INFORMATION) findInformation(start, end);
  else if (request == FIND_BY_TYPE_VALUE) findByTypeValue(start, end, pdu, length);
  else readByType(request, start, end, pdu + 5, length - 5);
}

function findInformation(start: i32, end: i32): void {
  const size = start <= end ? gattTypeSize(start) : 0;
  let used = 2;
  for (let handle = start; handle <= end && gattTypeSize(handle) == size && used + 2 + size <= clientMtu(); handle++) {
    store<u16>(response + used, <u16>handle);
    gattPutType(response + used + 2, handle);
    used += 2 + size;
  }
  answer(FIND_INFORMATION, start, size == 2 ? 1 : 2, used);
}

function findByTypeValue(start: i32, end: i32, pdu: usize, length: i32): void {
  let used = 1;
  for (let handle = start; handle <= end && used + 4 <= clientMtu(); handle++) {
    if (!gattIsOf(handle, pdu + 5, 2) || !gattReadable(handle)) continue;
    if (gattStage(handle) != length - 7 || !same(staged, pdu + 7, length - 7)) continue;
    store<u16>(response + used, <u16>handle);
    store<u16>(response + used, <u16>gattGroupEnd(handle), 2);
    used += 4;
  }
  answer(FIND_BY_TYPE_VALUE, start, -1, used);
}

/** Values by their attributes' type; of services, with the end of each: the one kind of group that may be asked for (Vol 3 Part G 2.5.3). */
function readByType(request: i32, start: i32, end: i32, uuid: usize, uuidSize: i32): void {
  const isGrouped = request == READ_BY_GROUP_TYPE;
  if (isGrouped && !gattIsOf(1, uuid, uuidSize)) { // the first attribute is a service
    // Secondary services, 0x2801 beside 0x2800, may be asked for as well: there are none.
    const number = uuidSize > 2 ? uuid + UUID_NUMBER : uuid;
    store<u8>(number, load<u8>(number) ^ 1);
    refuse(request, start, gattIsOf(1, uuid, uuidSize) ? AttError.AttributeNotFound : AttError.UnsupportedGroupType);
    return;
  }
  const header = isGrouped ? 4 : 2;
  let used = 2;
  let size = 0;
  for (let handle = start; handle <= end; handle++) {
    if (!gattIsOf(handle, uuid, uuidSize)) continue;
    if (!gattReadable(handle)) {
      if (size > 0) break;
      refuse(request, handle, AttError.ReadNotPermitted);
      return;
    }
    const length = min(gattStage(handle), clientMtu() - 2 - header); // below 256 with it, as its length field wants (3.4.4.2)
    if (size == 0) size = header + length;
    if (header + length != size || used + size > clientMtu()) break;
    const entry = response + used;
    store<u16>(entry, <u16>handle);
    if (isGrouped) store<u16>(entry, <u16>gattGroupEnd(handle), 2);
    memory.copy(entry + header, staged, length);
    used += size;
  }
  answer(request, start, size, used);
}

/** Ends a response of whose octets `used` are, two of them or fewer where it has no entry; `format` goes before them unless negative. */
function answer(request: i32, start: i32, format: i32, used: i32): void {
  if (used <= 2) {
    refuse(request, start, AttError.AttributeNotFound);
    return;
  }
  if (format >= 0) store<u8>(response + 1, <u8>format);
  respond(request, used);
}

function same(a: usize, b: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}
