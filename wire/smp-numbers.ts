// Numbers of SMP, the protocol of mcumgr: Zephyr's documentation, "SMP Protocol Specification", "SMP Transport Specification" (console) and
// "SMP Groups". Headers and frames are big-endian. Read by asc and by tsc, so constants only.

/** Header: version and operation, flags, length of the body u16, group u16, sequence number, command. */
export const SMP_HEADER_SIZE = 8;
/** Longest packet that a card takes, header and CBOR, octets; it says so by itself (os group, parameters). */
export const SMP_PACKET_MAX = 1024;
/** Packets that may be under way to a card on its serial line. */
export const SMP_PACKETS = 2;
/**
 * And over Bluetooth, where the air itself holds back what the card has not taken: as many as their longest answers have room in link
 * (firmware/link/framing.ts), as a phone that does not read them loses its connection.
 */
export const SMP_PACKETS_RAW = 5;

export const enum SmpOperation {
  Read = 0,
  ReadAnswer = 1,
  Write = 2,
  WriteAnswer = 3,
}

export const enum SmpGroup {
  Os = 0,
  Image = 1,
  /** Groups from 64 on are an application's: what this loader is for. */
  Loader = 64,
}

export const enum SmpOs {
  Echo = 0,
  Reset = 5,
  Parameters = 6,
}

export const enum SmpImage {
  State = 0,
  Upload = 1,
  Erase = 5,
}

export const enum SmpLoader {
  /** Board, load address, octets of a slot, lowest counter taken, hash of the pinned root. */
  Facts = 0,
}

/** The `rc` of an answer (mcumgr's enum mcumgr_err_t). */
export const enum SmpStatus {
  Ok = 0,
  Unknown = 1,
  Invalid = 3,
  Absent = 5,
  BadState = 6,
  TooLong = 7,
  Unsupported = 8,
  Corrupt = 9,
  /** Not now, and not from here. */
  Denied = 11,
  /** From here on the application's own: this, and an `ImageFault`. */
  Image = 256,
}

// Console: a packet between its length and its CRC, in lines of base64 (RFC 4648 4).
/** Octets of a line, marker and line feed included, and of what a full one carries. */
export const CONSOLE_LINE_MAX = 127;
export const CONSOLE_LINE_OCTETS = 93;
/** A packet's first line, and each further one, begin with two octets. */
export const CONSOLE_FIRST_0 = 0x06;
export const CONSOLE_FIRST_1 = 0x09;
export const CONSOLE_NEXT_0 = 0x04;
export const CONSOLE_NEXT_1 = 0x14;
/** Polynomial of CRC-16/XMODEM: from 0, highest bit first. */
export const CRC16_POLYNOMIAL = 0x1021;
