// MCUboot images (docs/design.md of mcu-tools/mcuboot, "Image Format"): header, body, protected TLVs, plain TLVs. Layout alone: digest and
// signature are the caller's, this room holds no hash and no curve. Stricter than MCUboot: what a card does not know, it refuses.

import { concat, utf8 } from "./bytes.js";
import { ImageError } from "./image-errors.js";
import {
  BOARD_NAME_MAX,
  COUNTER_SIZE,
  DIGEST_SIZE,
  IMAGE_FIELDS_SIZE,
  IMAGE_HEADER_SIZE,
  IMAGE_MAGIC,
  ImageField,
  ImageTlv,
  TLV_AREA_HEAD_SIZE,
  TLV_HEAD_SIZE,
  TLV_PLAIN_MAGIC,
  TLV_PROTECTED_MAGIC,
} from "./image-numbers.js";
import { checkImageVersion, type ImageVersion } from "./image-version.js";
import { SIGNATURE_SIZE } from "./limits.js";

/** What an image is made of. */
export interface ImageParts {
  /** Where the body's first octet is to lie, u32. MCUboot heeds it only with flags that we do not set. */
  readonly loadAddress: number;
  readonly version: ImageVersion;
  /** Security counter, u32. */
  readonly counter: number;
  /** The board's name: 1 to 16 small letters and digits. */
  readonly board: string;
  /** The program, flat; at least an octet. */
  readonly body: Uint8Array;
}

export interface ImageSeal {
  /** SHA-256 of `covered`. */
  readonly digest: Uint8Array;
  readonly signature?: { readonly keyHash: Uint8Array; readonly octets: Uint8Array };
}

export interface TlvEntry {
  readonly area: "protected" | "plain";
  readonly type: number;
  /** Of its head, from the image's first octet. */
  readonly at: number;
  readonly value: Uint8Array;
}

/** An image taken apart. Octets are views of what was given. */
export interface FirmwareImage extends ImageParts, ImageSeal {
  readonly tlvs: readonly TlvEntry[];
  /** Header, body and protected TLVs: what the digest is of. */
  readonly covered: Uint8Array;
}

/** What a board has room for, and where. */
export interface ImageBoard {
  readonly name: string;
  readonly loadAddress: number;
  /** Octets of header, body and TLVs together. */
  readonly slotSize: number;
}

/** Lengths that the value of each known TLV may have: least and most. */
const KNOWN: Readonly<Record<TlvEntry["area"], ReadonlyMap<number, readonly [number, number]>>> = {
  protected: new Map<number, readonly [number, number]>([
    [ImageTlv.Counter, [COUNTER_SIZE, COUNTER_SIZE]],
    [ImageTlv.Board, [1, BOARD_NAME_MAX]],
  ]),
  plain: new Map<number, readonly [number, number]>([
    [ImageTlv.KeyHash, [DIGEST_SIZE, DIGEST_SIZE]],
    [ImageTlv.Digest, [DIGEST_SIZE, DIGEST_SIZE]],
    [ImageTlv.Ed25519, [SIGNATURE_SIZE, SIGNATURE_SIZE]],
  ]),
};
const BOARD_NAME = /^[a-z0-9]{1,16}$/;
const U32_MAX = 0xffff_ffff;

/**
 * Header, body and protected TLVs, of which the digest is to be made.
 *
 * @throws {ImageError} `IMAGE_BODY_EMPTY`, `IMAGE_VERSION_INVALID`, `IMAGE_ARGUMENT_INVALID`
 */
export function encodeCovered({ loadAddress, version, counter, board, body }: ImageParts): Uint8Array {
  if (body.length === 0) throw new ImageError("IMAGE_BODY_EMPTY");
  checkImageVersion(version);
  if (!isU32(loadAddress)) throw new ImageError("IMAGE_ARGUMENT_INVALID", "the load address");
  if (!isU32(counter)) throw new ImageError("IMAGE_ARGUMENT_INVALID", "the security counter");
  if (!BOARD_NAME.test(board)) throw new ImageError("IMAGE_ARGUMENT_INVALID", "the board's name");
  const counted = new Uint8Array(COUNTER_SIZE);
  new DataView(counted.buffer).setUint32(0, counter, true);
  const tlvs = encodeArea(TLV_PROTECTED_MAGIC, [ImageTlv.Counter, counted], [ImageTlv.Board, utf8(board)]);
  const header = new Uint8Array(IMAGE_HEADER_SIZE);
  const view = new DataView(header.buffer);
  view.setUint32(ImageField.Magic, IMAGE_MAGIC, true);
  view.setUint32(ImageField.LoadAddress, loadAddress, true);
  view.setUint16(ImageField.HeaderSize, IMAGE_HEADER_SIZE, true);
  view.setUint16(ImageField.ProtectedSize, tlvs.length, true);
  view.setUint32(ImageField.BodySize, body.length, true);
  view.setUint8(ImageField.Major, version.major);
  view.setUint8(ImageField.Minor, version.minor);
  view.setUint16(ImageField.Revision, version.revision, true);
  view.setUint32(ImageField.Build, version.build, true);
  return concat(header, body, tlvs);
}

/** The whole image: what `encodeCovered` made, with its digest and, where it is signed, by whom and how. */
export function encodeImage(covered: Uint8Array, { digest, signature }: ImageSeal): Uint8Array {
  const signed: readonly TlvPair[] = signature
    ? [
        [ImageTlv.KeyHash, signature.keyHash],
        [ImageTlv.Ed25519, signature.octets],
      ]
    : [];
  return concat(covered, encodeArea(TLV_PLAIN_MAGIC, [ImageTlv.Digest, digest], ...signed));
}

/**
 * Takes an image apart. Nothing is believed yet: its digest and signature are to be checked.
 *
 * @throws {ImageError} `IMAGE_EMPTY`, `IMAGE_CUT`, `IMAGE_MAGIC`, `IMAGE_HEADER_SIZE`, `IMAGE_HEADER_PAD`, `IMAGE_FLAGS`,
 * `IMAGE_BODY_EMPTY`, `IMAGE_TRAILING`, `IMAGE_TLV_MAGIC`, `IMAGE_TLV_AREA_SIZE`, `IMAGE_TLV_OVERRUN`, `IMAGE_TLV_UNKNOWN`,
 * `IMAGE_TLV_DUPLICATE`, `IMAGE_TLV_LENGTH`, `IMAGE_TLV_VALUE`, `IMAGE_TLV_MISSING`
 */
export function decodeImage(bytes: Uint8Array): FirmwareImage {
  const { bodySize, protectedSize, ...header } = decodeHeader(bytes);
  const bodyEnd = IMAGE_HEADER_SIZE + bodySize;
  // Without a protected area there is no counter: an old image could come back.
  if (protectedSize === 0) throw new ImageError("IMAGE_TLV_MISSING", "the security counter");
  const shielded = decodeArea(bytes, bodyEnd, "protected", protectedSize);
  const coveredEnd = shielded.end;
  const plain = decodeArea(bytes, coveredEnd, "plain");
  if (plain.end !== bytes.length) throw new ImageError("IMAGE_TRAILING");
  const counter = needed(shielded.tlvs, ImageTlv.Counter, "the security counter");
  const signature = signatureOf(plain.tlvs);
  return {
    ...header,
    body: bytes.subarray(IMAGE_HEADER_SIZE, bodyEnd),
    counter: viewOf(counter).getUint32(0, true),
    board: nameOf(needed(shielded.tlvs, ImageTlv.Board, "the board")),
    digest: needed(plain.tlvs, ImageTlv.Digest, "the digest"),
    ...(signature && { signature }),
    tlvs: [...shielded.tlvs, ...plain.tlvs],
    covered: bytes.subarray(0, coveredEnd),
  };
}

function decodeHeader(bytes: Uint8Array) {
  if (bytes.length === 0) throw new ImageError("IMAGE_EMPTY");
  if (bytes.length < IMAGE_HEADER_SIZE) throw new ImageError("IMAGE_CUT");
  const view = viewOf(bytes);
  if (view.getUint32(ImageField.Magic, true) !== IMAGE_MAGIC) throw new ImageError("IMAGE_MAGIC");
  if (view.getUint16(ImageField.HeaderSize, true) !== IMAGE_HEADER_SIZE) throw new ImageError("IMAGE_HEADER_SIZE");
  if (view.getUint32(ImageField.Flags, true) !== 0) throw new ImageError("IMAGE_FLAGS");
  if (view.getUint32(ImageField.Pad, true) !== 0) throw new ImageError("IMAGE_HEADER_PAD");
  if (bytes.subarray(IMAGE_FIELDS_SIZE, IMAGE_HEADER_SIZE).some((octet) => octet !== 0))
    throw new ImageError("IMAGE_HEADER_PAD");
  const bodySize = view.getUint32(ImageField.BodySize, true);
  if (bodySize === 0) throw new ImageError("IMAGE_BODY_EMPTY");
  return {
    loadAddress: view.getUint32(ImageField.LoadAddress, true),
    protectedSize: view.getUint16(ImageField.ProtectedSize, true),
    bodySize,
    version: {
      major: view.getUint8(ImageField.Major),
      minor: view.getUint8(ImageField.Minor),
      revision: view.getUint16(ImageField.Revision, true),
      build: view.getUint32(ImageField.Build, true),
    },
  };
}

/** The TLVs of the area that begins at `at`, each known, whole and there once, and where the area ends; `wanted` is its size, where that is known. */
function decodeArea(bytes: Uint8Array, at: number, area: TlvEntry["area"], wanted?: number) {
  const view = viewOf(bytes);
  if (at + TLV_AREA_HEAD_SIZE > bytes.length) throw new ImageError("IMAGE_CUT");
  const magic = area === "protected" ? TLV_PROTECTED_MAGIC : TLV_PLAIN_MAGIC;
  if (view.getUint16(at, true) !== magic) throw new ImageError("IMAGE_TLV_MAGIC");
  const size = view.getUint16(at + 2, true);
  if (size < TLV_AREA_HEAD_SIZE || size !== (wanted ?? size)) throw new ImageError("IMAGE_TLV_AREA_SIZE");
  const end = at + size;
  if (end > bytes.length) throw new ImageError("IMAGE_CUT");
  const tlvs: TlvEntry[] = [];
  for (let next = at + TLV_AREA_HEAD_SIZE; next < end; ) {
    const valueAt = next + TLV_HEAD_SIZE;
    if (valueAt > end) throw new ImageError("IMAGE_TLV_OVERRUN");
    // design.md: a u8 and an octet of padding; image.h has made one u16 of them.
    const type = view.getUint16(next, true);
    const length = view.getUint16(next + 2, true);
    if (valueAt + length > end) throw new ImageError("IMAGE_TLV_OVERRUN");
    const lengths = KNOWN[area].get(type);
    if (lengths === undefined) throw new ImageError("IMAGE_TLV_UNKNOWN", `${area}, type 0x${type.toString(16)}`);
    if (length < lengths[0] || length > lengths[1]) throw new ImageError("IMAGE_TLV_LENGTH");
    if (tlvs.some((other) => other.type === type)) throw new ImageError("IMAGE_TLV_DUPLICATE");
    tlvs.push({ area, type, at: next, value: bytes.subarray(valueAt, valueAt + length) });
    next = valueAt + length;
  }
  return { tlvs, end };
}

function signatureOf(tlvs: readonly TlvEntry[]): ImageSeal["signature"] {
  const keyHash = valueIn(tlvs, ImageTlv.KeyHash);
  const octets = valueIn(tlvs, ImageTlv.Ed25519);
  if (keyHash === undefined && octets === undefined) return undefined;
  if (keyHash === undefined) throw new ImageError("IMAGE_TLV_MISSING", "the key's hash");
  if (octets === undefined) throw new ImageError("IMAGE_TLV_MISSING", "the signature");
  return { keyHash, octets };
}

function valueIn(tlvs: readonly TlvEntry[], type: ImageTlv): Uint8Array | undefined {
  return tlvs.find((tlv) => tlv.type === type)?.value;
}

function needed(tlvs: readonly TlvEntry[], type: ImageTlv, what: string): Uint8Array {
  const value = valueIn(tlvs, type);
  if (value === undefined) throw new ImageError("IMAGE_TLV_MISSING", what);
  return value;
}

function nameOf(value: Uint8Array): string {
  const name = String.fromCharCode(...value);
  if (!BOARD_NAME.test(name)) throw new ImageError("IMAGE_TLV_VALUE", "the board's name");
  return name;
}

type TlvPair = readonly [type: ImageTlv, value: Uint8Array];

function encodeArea(magic: number, ...tlvs: readonly TlvPair[]): Uint8Array {
  const values = tlvs.map(([type, value]) => concat(pairOf16(type, value.length), value));
  const size = values.reduce((sum, value) => sum + value.length, TLV_AREA_HEAD_SIZE);
  return concat(pairOf16(magic, size), ...values);
}

function pairOf16(first: number, second: number): Uint8Array {
  const out = new Uint8Array(4);
  const view = new DataView(out.buffer);
  view.setUint16(0, first, true);
  view.setUint16(2, second, true);
  return out;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= U32_MAX;
}
