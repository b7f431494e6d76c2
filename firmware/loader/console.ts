// SMP over a serial console (Zephyr's "SMP Transport Specification"): octets of the line to packets, packets to lines. Twin: wire/smp-console.ts.
// A packet's first line begins with 06 09, each further one with 04 14; base64 of: length u16, packet, CRC-16 of the packet u16; a line feed.
// What is not of this is a console's chatter, and passes unheard.
import { write } from "../ports/line";
import {
  CONSOLE_FIRST_0, CONSOLE_FIRST_1, CONSOLE_LINE_MAX, CONSOLE_LINE_OCTETS, CONSOLE_NEXT_0, CONSOLE_NEXT_1, SMP_PACKET_MAX, SmpStatus,
} from "../../wire/smp-numbers";
import { crc16 } from "./crc16";

const LENGTH: i32 = 2;
const CRC: i32 = 2;
const LINE_FEED: i32 = 0x0a;
const CARRIAGE_RETURN: i32 = 0x0d;

const buffer: usize = memory.data(SMP_PACKET_MAX + CRC);
const line: usize = memory.data(CONSOLE_LINE_MAX);

/** First octet of a marker whose second has not come; 0. */
let marker: i32 = 0;
let inLine: bool = false;
/** A packet has begun, and waits for more. */
let open: bool = false;
let expected: i32 = 0;
/** Octets of length, packet and CRC that have come. */
let have: i32 = 0;
/** Of the line: base64 characters, the bits of those that are no whole octet yet, and how many of them were padding. */
let chars: i32 = 0;
let bits: u32 = 0;
let padding: i32 = 0;

/** Answers go as the requests came: without a console's framing. */
let raw: bool = false;

export function answerRaw(on: bool): void {
  raw = on;
}

export function isRaw(): bool {
  return raw;
}

/** What an octet has brought: nothing yet, a packet that is whole, or a fault, a `SmpStatus`, that ends it. */
export const enum Heard {
  Nothing = -1,
  Packet = 0,
}

export function packet(): usize {
  return buffer;
}

/** Octets of the packet that came: those that did before a fault, too. */
export function packetLength(): i32 {
  return min(max(have - LENGTH, 0), min(max(expected - CRC, 0), SMP_PACKET_MAX));
}

export function consoleReset(): void {
  marker = 0;
  inLine = false;
  open = false;
}

export function hear(octet: i32): i32 {
  if (octet == CONSOLE_FIRST_0 || octet == CONSOLE_NEXT_0) {
    marker = octet;
    inLine = false;
    return Heard.Nothing;
  }
  if (marker != 0) {
    begin(octet);
    return Heard.Nothing;
  }
  if (!inLine || octet == CARRIAGE_RETURN) return Heard.Nothing;
  if (octet == LINE_FEED) return lineEnds();
  const value = octet == 0x3d ? 0 : sextet(octet);
  if (value < 0 || (padding > 0 && octet != 0x3d)) return fails(SmpStatus.Corrupt);
  if (octet == 0x3d && ++padding > 2) return fails(SmpStatus.Corrupt);
  bits = (bits << 6) | <u32>value;
  if (++chars > CONSOLE_LINE_MAX - 3) return fails(SmpStatus.TooLong);
  return (chars & 3) == 0 ? quantum() : Heard.Nothing;
}

function begin(octet: i32): void {
  const first = marker == CONSOLE_FIRST_0;
  marker = 0;
  if (octet != (first ? CONSOLE_FIRST_1 : CONSOLE_NEXT_1)) return;
  if (first) {
    open = true;
    have = 0;
    expected = 0;
  }
  inLine = open;
  chars = 0;
  padding = 0;
  bits = 0;
}

/** Four characters are three octets, less one for each of padding. */
function quantum(): i32 {
  for (let shift = 16; shift >= padding << 3; shift -= 8) {
    const octet = <u8>(bits >> shift);
    if (have < LENGTH) expected = (expected << 8) | octet;
    else if (have - LENGTH >= expected) return fails(SmpStatus.TooLong);
    else store<u8>(buffer + have - LENGTH, octet);
    if (++have == LENGTH && (expected <= CRC || expected > SMP_PACKET_MAX + CRC)) return fails(SmpStatus.TooLong);
  }
  return Heard.Nothing;
}

function lineEnds(): i32 {
  inLine = false;
  if ((chars & 3) != 0) return fails(SmpStatus.Corrupt);
  if (have < LENGTH + expected || have < LENGTH) return Heard.Nothing;
  open = false;
  const length = expected - CRC;
  const sum = (<u32>load<u8>(buffer + length) << 8) | load<u8>(buffer + length + 1);
  return sum == crc16(buffer, length) ? Heard.Packet : SmpStatus.Corrupt;
}

function fails(status: SmpStatus): i32 {
  inLine = false;
  open = false;
  return status;
}

/** Says a packet, whose CRC is put behind it: `at` has two octets of room there. */
export function say(at: usize, length: i32): void {
  if (raw) {
    write(at, length);
    return;
  }
  const sum = crc16(at, length);
  store<u8>(at + length, <u8>(sum >> 8));
  store<u8>(at + length + 1, <u8>sum);
  const total = LENGTH + length + CRC;
  for (let from = 0; from < total; from += CONSOLE_LINE_OCTETS) {
    store<u8>(line, <u8>(from == 0 ? CONSOLE_FIRST_0 : CONSOLE_NEXT_0));
    store<u8>(line + 1, <u8>(from == 0 ? CONSOLE_FIRST_1 : CONSOLE_NEXT_1));
    let out = line + 2;
    const end = min(from + CONSOLE_LINE_OCTETS, total);
    for (let i = from; i < end; i += 3) {
      const left = end - i;
      const three = (octetOf(at, length, i) << 16) | (left > 1 ? octetOf(at, length, i + 1) << 8 : 0) | (left > 2 ? octetOf(at, length, i + 2) : 0);
      for (let n = 0; n < 4; n++) store<u8>(out + n, n <= left ? letter((three >> (18 - 6 * n)) & 63) : 0x3d);
      out += 4;
    }
    store<u8>(out, <u8>LINE_FEED);
    write(line, <i32>(out + 1 - line));
  }
}

/** Of length, packet and CRC, the `i`th octet. */
function octetOf(at: usize, length: i32, i: i32): u32 {
  if (i < LENGTH) return <u32>(i == 0 ? (length + CRC) >> 8 : (length + CRC) & 0xff);
  return load<u8>(at + i - LENGTH);
}

// RFC 4648 4.
function sextet(char: i32): i32 {
  if (char >= 0x41 && char <= 0x5a) return char - 0x41;
  if (char >= 0x61 && char <= 0x7a) return char - 0x61 + 26;
  if (char >= 0x30 && char <= 0x39) return char - 0x30 + 52;
  return char == 0x2b ? 62 : char == 0x2f ? 63 : -1;
}

function letter(value: u32): u8 {
  if (value < 26) return <u8>(0x41 + value);
  if (value < 52) return <u8>(0x61 + value - 26);
  return <u8>(value < 62 ? 0x30 + value - 52 : value == 62 ? 0x2b : 0x2f);
}
