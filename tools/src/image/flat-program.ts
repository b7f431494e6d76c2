// A program as it lies in flash: the segments of an ELF file that are to be loaded, at their load addresses. ELF32 as in the System V
// gABI, chapters 4 and 5, for Arm (EM_ARM); what is no ELF file is taken as flat already.

import { IMAGE_MAGIC, type ImageBoard, ImageError } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";

const ELF_MAGIC = 0x7f454c46;
const HEADER_SIZE = 52;
const SEGMENT_HEAD_SIZE = 32;
/** A linker makes a handful. */
const SEGMENTS_MAX = 64;
const CLASS_32 = 1;
const LITTLE_ENDIAN = 1;
const EXECUTABLE = 2;
const ARM = 40;
const LOAD = 1;
/** Of flash that nobody has written, between segments. */
const ERASED = 0xff;

interface Segment {
  /** Load address (p_paddr), not where it runs. */
  readonly address: number;
  readonly octets: Uint8Array;
}

/**
 * The flat program of `file`, ELF or flat, from the board's load address on.
 *
 * @throws {CommandError} `ELF_INVALID`, `ELF_ADDRESS`, `IMAGE_BUILT` {ImageError} `IMAGE_BODY_EMPTY`, `IMAGE_TOO_LARGE`
 */
export function flatProgram(file: Uint8Array, board: ImageBoard): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length === 0) throw new ImageError("IMAGE_BODY_EMPTY");
  if (file.length < 4) return file;
  if (view.getUint32(0, true) === IMAGE_MAGIC)
    throw new CommandError("IMAGE_BUILT", "This is an image already: sign it with ecard image sign", EXIT.usage);
  return view.getUint32(0) === ELF_MAGIC ? flatten(loadable(view, file), board) : file;
}

/** Segments that have octets in the file, lowest first. */
function loadable(view: DataView, file: Uint8Array): readonly Segment[] {
  if (file.length < HEADER_SIZE) throw invalid("it ends inside its header");
  if (view.getUint8(4) !== CLASS_32 || view.getUint8(5) !== LITTLE_ENDIAN)
    throw invalid("it is not ELF32, little-endian");
  if (view.getUint16(16, true) !== EXECUTABLE) throw invalid("it is not linked");
  if (view.getUint16(18, true) !== ARM) throw invalid("it is not for Arm");
  const heads = view.getUint32(28, true);
  const count = view.getUint16(44, true);
  if (view.getUint16(42, true) !== SEGMENT_HEAD_SIZE || count > SEGMENTS_MAX)
    throw invalid("its segments are not listed");
  if (heads + count * SEGMENT_HEAD_SIZE > file.length) throw invalid("it ends inside its list of segments");
  const segments: Segment[] = [];
  for (let at = heads; at < heads + count * SEGMENT_HEAD_SIZE; at += SEGMENT_HEAD_SIZE) {
    const offset = view.getUint32(at + 4, true);
    const size = view.getUint32(at + 16, true);
    if (view.getUint32(at, true) !== LOAD || size === 0) continue;
    if (offset + size > file.length) throw invalid("it ends inside a segment");
    segments.push({ address: view.getUint32(at + 12, true), octets: file.subarray(offset, offset + size) });
  }
  return segments.sort((a, b) => a.address - b.address);
}

function flatten(segments: readonly Segment[], { name, loadAddress, slotSize }: ImageBoard): Uint8Array {
  const [first] = segments;
  if (first === undefined) throw new ImageError("IMAGE_BODY_EMPTY");
  const hex = (address: number) => `0x${address.toString(16).padStart(8, "0")}`;
  // What is linked somewhere else altogether is not too large, it is another board's.
  const strange = segments.find(({ address }) => address < loadAddress || address >= loadAddress + slotSize);
  const wrong = first.address === loadAddress ? strange : first;
  if (wrong !== undefined) {
    const sentence = `This ELF file has octets for ${hex(wrong.address)}, and ${name}'s slot begins at ${hex(loadAddress)} and holds ${slotSize}: name the --board that it is linked for`;
    throw new CommandError("ELF_ADDRESS", sentence, EXIT.usage);
  }
  const size = Math.max(...segments.map(({ address, octets }) => address + octets.length)) - loadAddress;
  if (size > slotSize) throw new ImageError("IMAGE_TOO_LARGE", `${size} octets, and ${name} has room for ${slotSize}`);
  const flat = new Uint8Array(size).fill(ERASED);
  let end = loadAddress;
  for (const { address, octets } of segments) {
    if (address < end) throw invalid("its segments overlap");
    flat.set(octets, address - loadAddress);
    end = address + octets.length;
  }
  return flat;
}

function invalid(why: string): CommandError {
  return new CommandError("ELF_INVALID", `This ELF file cannot be loaded, ${why}: link it again`, EXIT.usage);
}
