// An image in a slot: taken apart and judged as wire/image.ts and the SDK's checkImage do, with the same faults in the same order. MCUboot's
// docs/design.md, "Image Format". Nothing recurses, and nothing is believed before its signature.
import { equal } from "../common/bytes";
import { sha256, verify } from "../ports/crypto";
import { digest, read } from "../ports/slots";
import {
  BOARD_NAME_MAX, COUNTER_SIZE, DIGEST_SIZE, IMAGE_FIELDS_SIZE, IMAGE_HEADER_SIZE, IMAGE_MAGIC, ImageField, ImageTlv, TLV_AREA_HEAD_SIZE,
  TLV_HEAD_SIZE, TLV_PLAIN_MAGIC, TLV_PROTECTED_MAGIC,
} from "../../wire/image-numbers";
import { SIGNATURE_SIZE } from "../../wire/limits";
import { ImageFault } from "../../wire/loader";
import { board, boardLength, loadAddress, root, ROOT_SIZE, slotSize } from "./settings";

/** SubjectPublicKeyInfo of an Ed25519 key before the key's octets (RFC 8410 4), then room for it. */
const INFO: i32 = 12;
const keyInfo: usize = memory.data<u8>([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0,
]);

const fields: usize = memory.data(IMAGE_FIELDS_SIZE);
const head: usize = memory.data(TLV_HEAD_SIZE);
const hash: usize = memory.data(DIGEST_SIZE);
const signature: usize = memory.data(SIGNATURE_SIZE);
const scratch: usize = memory.data(DIGEST_SIZE);
const name: usize = memory.data(BOARD_NAME_MAX);
const count: usize = memory.data(COUNTER_SIZE);

let slot: i32 = 0;
/** The image must end before this octet; where it is `exact`, at it. */
let limit: u32 = 0;
let size: u32 = 0;
let nameLength: i32 = 0;
let seen: u32 = 0;

/** Octets of the image that `checkSlot` took, header and TLVs included. */
export function imageSize(): u32 {
  return size;
}

/** Its digest, which names it, 32 octets. */
export function imageHash(): usize {
  return hash;
}

export function imageCounter(): u32 {
  return load<u32>(count);
}

/** Its header's fields, for the version. */
export function imageFields(): usize {
  return fields;
}

/** Is the image in a slot to be trusted: whole, signed by the pinned root, for this board, and not below the counter `least`? `length` is 0 where nobody knows it. */
export function checkSlot(area: i32, length: u32, least: u32): ImageFault {
  if (length > slotSize()) return ImageFault.TooLarge;
  slot = area;
  limit = length == 0 ? slotSize() : length;
  size = 0;
  seen = 0;
  const fault = layout(length != 0);
  if (fault != ImageFault.None) return fault;
  return trust(least);
}

function layout(exact: bool): ImageFault {
  if (limit < <u32>IMAGE_HEADER_SIZE) return ImageFault.Cut;
  read(slot, 0, fields, IMAGE_FIELDS_SIZE);
  if (!exact && load<u64>(fields) == u64.MAX_VALUE) return ImageFault.Empty;
  if (load<u32>(fields + ImageField.Magic) != IMAGE_MAGIC) return ImageFault.Magic;
  if (load<u16>(fields + ImageField.HeaderSize) != IMAGE_HEADER_SIZE) return ImageFault.HeaderSize;
  if (load<u32>(fields + ImageField.Flags) != 0) return ImageFault.Flags;
  if (load<u32>(fields + ImageField.Pad) != 0) return ImageFault.HeaderPad;
  for (let at = IMAGE_FIELDS_SIZE; at < IMAGE_HEADER_SIZE; at += DIGEST_SIZE) {
    read(slot, at, scratch, DIGEST_SIZE);
    for (let i = 0; i < DIGEST_SIZE; i += 8) if (load<u64>(scratch + i) != 0) return ImageFault.HeaderPad;
  }
  const body = load<u32>(fields + ImageField.BodySize);
  if (body == 0) return ImageFault.BodyEmpty;
  const shielded: u32 = load<u16>(fields + ImageField.ProtectedSize);
  if (shielded == 0) return ImageFault.TlvMissing;
  if (body > limit - IMAGE_HEADER_SIZE) return ImageFault.Cut;
  size = IMAGE_HEADER_SIZE + body;
  let fault = area(true, shielded);
  if (fault != ImageFault.None) return fault;
  const covered = size;
  fault = area(false, 0);
  if (fault != ImageFault.None) return fault;
  if (exact && size != limit) return ImageFault.Trailing;
  if (!has(ImageTlv.Counter)) return ImageFault.TlvMissing;
  if (has(ImageTlv.KeyHash) != has(ImageTlv.Ed25519)) return ImageFault.TlvMissing;
  if (!has(ImageTlv.Board)) return ImageFault.TlvMissing;
  for (let i = 0; i < nameLength; i++) {
    const char: i32 = load<u8>(name + i);
    if (!((char >= 0x61 && char <= 0x7a) || (char >= 0x30 && char <= 0x39))) return ImageFault.TlvValue;
  }
  if (!has(ImageTlv.Digest)) return ImageFault.TlvMissing;
  digest(slot, covered, scratch);
  return equal(scratch, hash, DIGEST_SIZE) ? ImageFault.None : ImageFault.Digest;
}

function trust(least: u32): ImageFault {
  if (!has(ImageTlv.Ed25519)) return ImageFault.Unsigned;
  rootHash(scratch);
  if (!equal(scratch, keyHash, DIGEST_SIZE)) return ImageFault.KeyOther;
  if (verify(root(), hash, DIGEST_SIZE, signature) != 0) return ImageFault.Signature;
  if (nameLength != boardLength() || !equal(name, board(), nameLength)) return ImageFault.BoardOther;
  if (load<u32>(fields + ImageField.LoadAddress) != loadAddress()) return ImageFault.Address;
  return imageCounter() < least ? ImageFault.CounterLower : ImageFault.None;
}

const keyHash: usize = memory.data(DIGEST_SIZE);

/** By which name images call the pinned root: SHA-256 of its SubjectPublicKeyInfo, 32 octets to `out`. */
export function rootHash(out: usize): void {
  memory.copy(keyInfo + INFO, root(), ROOT_SIZE);
  sha256(keyInfo, INFO + ROOT_SIZE, out);
}

/** Reads the TLVs of the area that begins at `size`, and moves that behind it. `wanted` is its size, where that is known. */
function area(isProtected: bool, wanted: u32): ImageFault {
  if (limit - size < <u32>TLV_AREA_HEAD_SIZE) return ImageFault.Cut;
  read(slot, size, head, TLV_AREA_HEAD_SIZE);
  if (<u32>load<u16>(head) != <u32>(isProtected ? TLV_PROTECTED_MAGIC : TLV_PLAIN_MAGIC)) return ImageFault.TlvMagic;
  const length: u32 = load<u16>(head + 2);
  if (length < <u32>TLV_AREA_HEAD_SIZE || (isProtected && length != wanted)) return ImageFault.TlvAreaSize;
  if (length > limit - size) return ImageFault.Cut;
  const end = size + length;
  for (let at = size + TLV_AREA_HEAD_SIZE; at < end; ) {
    if (end - at < <u32>TLV_HEAD_SIZE) return ImageFault.TlvOverrun;
    read(slot, at, head, TLV_HEAD_SIZE);
    at += TLV_HEAD_SIZE;
    const value: u32 = load<u16>(head + 2);
    if (value > end - at) return ImageFault.TlvOverrun;
    const fault = entry(isProtected, load<u16>(head), value, at);
    if (fault != ImageFault.None) return fault;
    at += value;
  }
  size = end;
  return ImageFault.None;
}

/** One TLV: known, of its length, and there once. */
function entry(isProtected: bool, type: i32, length: u32, at: u32): ImageFault {
  let to: usize = 0;
  let least: u32 = DIGEST_SIZE;
  let most: u32 = DIGEST_SIZE;
  if (isProtected) {
    if (type == ImageTlv.Counter) {
      to = count;
      least = most = COUNTER_SIZE;
    } else if (type == ImageTlv.Board) {
      to = name;
      least = 1;
      most = BOARD_NAME_MAX;
    }
  } else if (type == ImageTlv.KeyHash) to = keyHash;
  else if (type == ImageTlv.Digest) to = hash;
  else if (type == ImageTlv.Ed25519) {
    to = signature;
    least = most = SIGNATURE_SIZE;
  }
  if (to == 0) return ImageFault.TlvUnknown;
  if (length < least || length > most) return ImageFault.TlvLength;
  if (has(type)) return ImageFault.TlvDuplicate;
  if (type == ImageTlv.Board) nameLength = <i32>length;
  seen |= bit(type);
  read(slot, at, to, <i32>length);
  return ImageFault.None;
}

/** Of each known type one bit. */
function bit(type: i32): u32 {
  if (type == ImageTlv.Counter) return 1;
  if (type == ImageTlv.Board) return 2;
  if (type == ImageTlv.KeyHash) return 4;
  return type == ImageTlv.Digest ? 8 : 16;
}

function has(type: i32): bool {
  return (seen & bit(type)) != 0;
}
