// Numbers of the MCUboot image format: docs/design.md of mcu-tools/mcuboot, "Image Format", and its boot/bootutil/include/bootutil/image.h.
// Everything in an image is little-endian. Read by asc and by tsc, so constants only.

export const IMAGE_MAGIC = 0x96f3b83d;
/** Octets of the header's fields. */
export const IMAGE_FIELDS_SIZE = 32;
/**
 * Octets of the header, zeros behind its fields, which is where the body begins: with its vector table, which must lie at a multiple of its own
 * size rounded up to a power of two (Armv8-M, VTOR). mps2-an505 has 140 vectors: 1024.
 */
export const IMAGE_HEADER_SIZE = 1024;
/** Magic of the area behind the body, which the digest covers, and of the one behind that, which it does not. */
export const TLV_PROTECTED_MAGIC = 0x6908;
export const TLV_PLAIN_MAGIC = 0x6907;
/** Octets of an area's head (magic, size with this head), and of a TLV's (type, length of its value). */
export const TLV_AREA_HEAD_SIZE = 4;
export const TLV_HEAD_SIZE = 4;

/** Where each field of the header lies. */
export const enum ImageField {
  Magic = 0,
  LoadAddress = 4,
  HeaderSize = 8,
  ProtectedSize = 10,
  BodySize = 12,
  Flags = 16,
  Major = 20,
  Minor = 21,
  Revision = 22,
  Build = 24,
  Pad = 28,
}

export const enum ImageTlv {
  /** SHA-256 of the signer's SubjectPublicKeyInfo (RFC 8410 4): which key signed. */
  KeyHash = 0x01,
  /** SHA-256 of header, body and protected TLVs. */
  Digest = 0x10,
  /** Ed25519 (RFC 8032) of those 32 octets. */
  Ed25519 = 0x24,
  /** u32; a card takes no image whose counter is lower than the highest it ran. */
  Counter = 0x50,
  /** The board's name in ASCII. Types a0 to ff are the vendor's to give. */
  Board = 0xa0,
}

export const DIGEST_SIZE = 32;
export const COUNTER_SIZE = 4;
export const BOARD_NAME_MAX = 16;
