// An image on its way into slot 1: octets in order, each sector erased when the first of its own comes. What was there is gone from then on, which
// is why it is refused while slot 1 holds the only image that somebody has confirmed. What is to be known of it when power has gone lies in the scratch
// sector, which is nobody's until slots are swapped: its note, then an octet for each sector of slot 1, 0 once that is whole.
import { equal } from "../common/bytes";
import { putBool } from "../common/cbor";
import { digest, erase, program, read } from "../ports/slots";
import { DIGEST_SIZE, IMAGE_HEADER_SIZE } from "../../wire/image-numbers";
import { FlashArea, ImageFault, SECTOR_SIZE } from "../../wire/loader";
import { SmpStatus } from "../../wire/smp-numbers";
import { answerMap, putNumber } from "./answer";
import { checkSlot } from "./image";
import { putName } from "./names";
import { Field, has, lengthOf, valueOf } from "./request";
import { slotSectors, slotSize } from "./settings";
import { counter, enter, phase, Phase } from "./state";

/** SHA-256 of the whole, as the client names it; its length u32; an octet that is 0 once it has ended. */
const ENDED: i32 = DIGEST_SIZE + 4;
const NOTE: i32 = ENDED + 1;
const note: usize = memory.data(NOTE);
const named: usize = note;
const scratch: usize = memory.data(NOTE);
let isNamed: bool = false;
let size: u32 = 0;
let at: u32 = 0;

/** What comes next begins an upload anew. */
export function forgetUpload(): void {
  size = 0;
}

/** So does what comes after the next start. */
function endUpload(): void {
  forgetUpload();
  mark(ENDED);
}

/** Clears an octet of scratch: whatever it was, a cut leaves that or less. */
function mark(octet: i32): void {
  store<u8>(scratch, 0);
  program(FlashArea.Scratch, octet, scratch, 1);
}

/** Slot 1 is free to be written; what was to be swapped from it is not any more. */
export function freeSlot(): SmpStatus {
  const isOnTrial = phase == Phase.Swapped || phase == Phase.Trial;
  // Slot 1 holds the only confirmed image then; where nothing may run any more, a new one is welcome.
  if (isOnTrial && (isSound(FlashArea.Slot0) || isSound(FlashArea.Slot1))) return SmpStatus.BadState;
  if (phase != Phase.Idle) enter(Phase.Idle);
  return SmpStatus.Ok;
}

function isSound(slot: i32): bool {
  return checkSlot(slot, 0, counter) == ImageFault.None;
}

export function eraseSlot(): SmpStatus {
  const status = freeSlot();
  if (status != SmpStatus.Ok) return status;
  endUpload();
  for (let i = 0; i < slotSectors(); i++) erase(FlashArea.Slot1, i * SECTOR_SIZE);
  return SmpStatus.Ok;
}

/** One chunk: offset, octets; with the first the length of all, and its SHA-256. Answers, or gives the status to answer. */
export function upload(): i32 {
  if (!has(Field.Offset) || !has(Field.Data) || valueOf(Field.Image) != 0) return SmpStatus.Invalid;
  const offset = valueOf(Field.Offset);
  const length = <u32>lengthOf(Field.Data);
  if (offset == 0) {
    const status = beginUpload();
    if (status != SmpStatus.Ok) return status;
  }
  if (size == 0) return SmpStatus.BadState;
  // A chunk that came before, or one that got lost: the client is told where to go on.
  if (offset == at) {
    if (length > size - at) return SmpStatus.Invalid;
    put(valueOf(Field.Data), length);
    if (at == size) return whole();
  }
  answerMap(2);
  putNumber("rc", SmpStatus.Ok);
  putNumber("off", at);
  return SmpStatus.Ok;
}

function beginUpload(): i32 {
  if (!has(Field.Length)) return SmpStatus.Invalid;
  const length = valueOf(Field.Length);
  const sha = has(Field.Sha);
  if (sha && lengthOf(Field.Sha) != DIGEST_SIZE) return SmpStatus.Invalid;
  if (length > slotSize()) return SmpStatus.Image + ImageFault.TooLarge;
  if (length < <u32>IMAGE_HEADER_SIZE) return SmpStatus.Image + (length == 0 ? ImageFault.Empty : ImageFault.Cut);
  // What no upload can be frees nothing: what is marked stays so.
  const status = freeSlot();
  if (status != SmpStatus.Ok) return status;
  // The same image as before the line broke goes on where it was.
  if (sha && isNamed && length == size && equal(valueOf(Field.Sha), named, DIGEST_SIZE)) return SmpStatus.Ok;
  size = length;
  at = 0;
  isNamed = sha;
  store<u32>(note + DIGEST_SIZE, length);
  store<u8>(note + ENDED, 0xff);
  if (sha) {
    memory.copy(named, valueOf(Field.Sha), DIGEST_SIZE);
    if (isNoted()) return SmpStatus.Ok;
  }
  // No note speaks of what slot 1 holds from now on, but one that is whole.
  erase(FlashArea.Scratch, 0);
  if (sha) program(FlashArea.Scratch, 0, note, NOTE);
  return SmpStatus.Ok;
}

/** The same image was on its way before this start: it goes on behind its whole sectors. The last one comes in any case, as all are judged behind it. */
function isNoted(): bool {
  read(FlashArea.Scratch, 0, scratch, NOTE);
  if (!equal(scratch, note, NOTE)) return false;
  for (; size - at > <u32>SECTOR_SIZE; at += SECTOR_SIZE) {
    read(FlashArea.Scratch, NOTE + <i32>(at / SECTOR_SIZE), scratch, 1);
    if (load<u8>(scratch) != 0) break;
  }
  return true;
}

function judge(length: u32): ImageFault {
  if (isNamed) {
    digest(FlashArea.Slot1, length, scratch);
    if (!equal(scratch, named, DIGEST_SIZE)) return ImageFault.Digest;
  }
  return checkSlot(FlashArea.Slot1, length, counter);
}

function put(data: usize, length: u32): void {
  for (let done: u32 = 0; done < length; ) {
    if (at % SECTOR_SIZE == 0) erase(FlashArea.Slot1, at);
    const part = min(length - done, SECTOR_SIZE - (at % SECTOR_SIZE));
    program(FlashArea.Slot1, at, data + done, part);
    at += part;
    done += part;
    if (at % SECTOR_SIZE == 0) mark(NOTE + <i32>(at / SECTOR_SIZE) - 1);
  }
}

/** All octets are there: they are judged, and what is refused is gone. */
function whole(): i32 {
  const length = size;
  endUpload();
  const fault = judge(length);
  if (fault != ImageFault.None) {
    erase(FlashArea.Slot1, 0);
    return SmpStatus.Image + fault;
  }
  answerMap(3);
  putNumber("rc", SmpStatus.Ok);
  putNumber("off", length);
  putName("match");
  putBool(true);
  return SmpStatus.Ok;
}
