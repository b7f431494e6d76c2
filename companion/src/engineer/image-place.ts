// Where an image is bent: the octet, where the fault is one octet's or a field's; the range, where only a digest over it says so. Offsets count from the file's first octet.

import {
  BOARD_NAME_MAX,
  COUNTER_SIZE,
  DIGEST_SIZE,
  IMAGE_FIELDS_SIZE,
  IMAGE_HEADER_SIZE,
  type ImageErrorCode,
  ImageField,
  ImageTlv,
  SIGNATURE_SIZE,
  TLV_AREA_HEAD_SIZE,
  TLV_HEAD_SIZE,
  TLV_PLAIN_MAGIC,
  TLV_PROTECTED_MAGIC,
} from "@enabling-card/wire";

const MAGIC_OCTETS = "3d b8 f3 96";
/** Of the value of each TLV that a card knows, octets: least and most. */
type Sizes = ReadonlyMap<number, readonly [number, number]>;
const PROTECTED: Sizes = new Map<number, readonly [number, number]>([
  [ImageTlv.Counter, [COUNTER_SIZE, COUNTER_SIZE]],
  [ImageTlv.Board, [1, BOARD_NAME_MAX]],
]);
const PLAIN: Sizes = new Map<number, readonly [number, number]>([
  [ImageTlv.KeyHash, [DIGEST_SIZE, DIGEST_SIZE]],
  [ImageTlv.Digest, [DIGEST_SIZE, DIGEST_SIZE]],
  [ImageTlv.Ed25519, [SIGNATURE_SIZE, SIGNATURE_SIZE]],
]);

/** In words; undefined where the fault has no place. @param code - What `decodeImage` or `checkImageDigest` said of `bytes` */
export function placeOf(bytes: Uint8Array, code: ImageErrorCode): string | undefined {
  if (bytes.length >= 4 && hex(bytes, 0) !== MAGIC_OCTETS && (code === "IMAGE_MAGIC" || code === "IMAGE_CUT"))
    return `Octet 0: here stands ${hex(bytes, 0)}, and an image begins with ${MAGIC_OCTETS}.`;
  const at = octetOf(bytes, code);
  if (at !== undefined) return `Octet ${at} (0x${at.toString(16)}) of ${bytes.length}.`;
  if (code !== "IMAGE_DIGEST") return undefined;
  const { plainAt, heads } = areasOf(bytes);
  const digest = heads.find(({ at: head, type }) => head >= plainAt && type === ImageTlv.Digest);
  const from = (digest?.at ?? plainAt) + TLV_HEAD_SIZE;
  return `Octets 0 to ${plainAt - 1} do not make the digest that stands at octet ${from}: at least one of all these is bent, and a digest does not say which.`;
}

function octetOf(bytes: Uint8Array, code: ImageErrorCode): number | undefined {
  switch (code) {
    case "IMAGE_CUT":
      return bytes.length;
    case "IMAGE_HEADER_SIZE":
      return ImageField.HeaderSize;
    case "IMAGE_FLAGS":
      return ImageField.Flags;
    case "IMAGE_BODY_EMPTY":
      return ImageField.BodySize;
    case "IMAGE_HEADER_PAD":
      return padAt(bytes);
    case "IMAGE_TRAILING":
      return areasOf(bytes).end;
    case "IMAGE_TLV_MAGIC":
    case "IMAGE_TLV_AREA_SIZE":
    case "IMAGE_TLV_OVERRUN":
    case "IMAGE_TLV_UNKNOWN":
    case "IMAGE_TLV_DUPLICATE":
    case "IMAGE_TLV_LENGTH":
      return areasOf(bytes).faultAt;
    default:
      return undefined;
  }
}

/** The first octet of the header's padding that holds something. */
function padAt(bytes: Uint8Array): number | undefined {
  const isFull = (at: number) => bytes[at] !== 0;
  const pad = Array.from({ length: 4 }, (_, i) => ImageField.Pad + i);
  const rest = Array.from({ length: IMAGE_HEADER_SIZE - IMAGE_FIELDS_SIZE }, (_, i) => IMAGE_FIELDS_SIZE + i);
  return [...pad, ...rest].find(isFull);
}

interface Head {
  readonly at: number;
  readonly type: number;
}

interface Areas {
  readonly heads: readonly Head[];
  /** Where the plain area begins, and what a digest is of ends. */
  readonly plainAt: number;
  /** Where it ends, as it says. */
  readonly end: number;
  /** The first octet that makes no sense there. */
  readonly faultAt: number | undefined;
}

/** Goes through both lists of TLVs as a card does, and stops where it would. */
function areasOf(bytes: Uint8Array): Areas {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const heads: Head[] = [];
  const bodyEnd = IMAGE_HEADER_SIZE + view.getUint32(ImageField.BodySize, true);
  const protectedSize = view.getUint16(ImageField.ProtectedSize, true);
  const plainAt = bodyEnd + protectedSize;
  let end = bodyEnd;
  const area = (at: number, magic: number, sizes: Sizes, wanted?: number): number | undefined => {
    if (at + TLV_AREA_HEAD_SIZE > bytes.length || view.getUint16(at, true) !== magic) return at;
    const size = view.getUint16(at + 2, true);
    if (size < TLV_AREA_HEAD_SIZE || size !== (wanted ?? size)) return at + 2;
    end = at + size;
    const seen = new Set<number>();
    for (let next = at + TLV_AREA_HEAD_SIZE; next < end; ) {
      if (next + TLV_HEAD_SIZE > Math.min(end, bytes.length)) return next;
      const [type, length] = [view.getUint16(next, true), view.getUint16(next + 2, true)];
      const [least, most] = sizes.get(type) ?? [1, 0];
      if (next + TLV_HEAD_SIZE + length > end) return next + 2;
      if (seen.has(type) || least > most) return next;
      if (length < least || length > most) return next + 2;
      seen.add(type);
      heads.push({ at: next, type });
      next += TLV_HEAD_SIZE + length;
    }
    return undefined;
  };
  const faultAt = area(bodyEnd, TLV_PROTECTED_MAGIC, PROTECTED, protectedSize) ?? area(plainAt, TLV_PLAIN_MAGIC, PLAIN);
  return { heads, plainAt, end, faultAt };
}

function hex(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 4), (octet) => octet.toString(16).padStart(2, "0")).join(" ");
}
