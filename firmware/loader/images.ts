// SMP's image group: which images there are, test, confirm, erase. An image is named by its digest.
import { equal } from "../common/bytes";
import { MAJOR_TEXT, putArray, putBool, putBytes, putHead, putRaw } from "../common/cbor";
import { DIGEST_SIZE, ImageField } from "../../wire/image-numbers";
import { FlashArea, ImageFault } from "../../wire/loader";
import { SmpImage, SmpOperation, SmpStatus } from "../../wire/smp-numbers";
import { answerMap, answerStatus, putNumber } from "./answer";
import { checkSlot, imageCounter, imageFields, imageHash } from "./image";
import { putName } from "./names";
import { Field, has, lengthOf, valueOf } from "./request";
import { confirm, counter, enter, phase, Phase } from "./state";
import { eraseSlot, upload } from "./upload";

const VERSION_MAX: i32 = 24;
const version: usize = memory.data(VERSION_MAX);
let versionLength: i32 = 0;

/** Answers, or gives the status to answer. */
export function imageGroup(operation: i32, command: i32): i32 {
  const writes = operation == SmpOperation.Write;
  if (command == SmpImage.State) {
    const status = writes ? setState() : SmpStatus.Ok;
    if (status == SmpStatus.Ok) list();
    return status;
  }
  if (!writes) return SmpStatus.Unsupported;
  if (command == SmpImage.Upload) return upload();
  if (command != SmpImage.Erase) return SmpStatus.Unsupported;
  if (has(Field.Slot) && valueOf(Field.Slot) != FlashArea.Slot1) return SmpStatus.Invalid;
  const status = eraseSlot();
  if (status == SmpStatus.Ok) answerStatus(status);
  return status;
}

/** An image on trial, or one that nothing is to happen to: back to where it was only by a swap. */
function isTrial(): bool {
  return phase == Phase.Swapped || phase == Phase.Trial;
}

/** Marks the image of a hash: for a trial, or confirmed. Without a hash, with an empty one or null, the one that runs is confirmed (Zephyr's img_mgmt). */
function setState(): i32 {
  const keep = valueOf(Field.Confirm) != 0;
  if (lengthOf(Field.Hash) == 0) return keep ? confirmRunning() : SmpStatus.Invalid;
  if (lengthOf(Field.Hash) != DIGEST_SIZE) return SmpStatus.Invalid;
  const hash: usize = valueOf(Field.Hash);
  if (checkSlot(FlashArea.Slot0, 0, counter) == ImageFault.None && equal(hash, imageHash(), DIGEST_SIZE))
    return keep ? confirmRunning() : SmpStatus.BadState;
  const fault = checkSlot(FlashArea.Slot1, 0, counter);
  if (fault == ImageFault.Empty) return SmpStatus.Absent;
  if (fault != ImageFault.None) return SmpStatus.Image + fault;
  if (!equal(hash, imageHash(), DIGEST_SIZE)) return SmpStatus.Absent;
  if (isTrial()) return SmpStatus.BadState;
  const to = keep ? Phase.PendingKeep : Phase.PendingTest;
  if (phase != to) enter(to);
  return SmpStatus.Ok;
}

/** What has not run yet, nobody confirms. */
function confirmRunning(): i32 {
  if (phase != Phase.Trial && phase != Phase.Idle) return SmpStatus.BadState;
  const fault = checkSlot(FlashArea.Slot0, 0, counter);
  if (fault != ImageFault.None) return SmpStatus.Image + fault;
  confirm(imageCounter());
  return SmpStatus.Ok;
}

/** Images that are to be trusted; a slot with anything else is not in the list. */
function list(): void {
  const first = checkSlot(FlashArea.Slot0, 0, counter) == ImageFault.None;
  const second = checkSlot(FlashArea.Slot1, 0, counter) == ImageFault.None;
  answerMap(2);
  putName("images");
  putArray(<u32>first + <u32>second);
  if (first) entry(FlashArea.Slot0);
  if (second) entry(FlashArea.Slot1);
  putNumber("splitStatus", 0);
}

function entry(slot: i32): void {
  checkSlot(slot, 0, counter);
  const runs = slot == FlashArea.Slot0;
  putHead(5, 9);
  putNumber("slot", slot);
  putName("version");
  putVersion();
  putName("hash");
  putBytes(imageHash(), DIGEST_SIZE);
  flag("bootable", true);
  flag("pending", !runs && (phase == Phase.PendingTest || phase == Phase.PendingKeep));
  flag("confirmed", runs != isTrial());
  flag("active", runs);
  flag("permanent", !runs && phase == Phase.PendingKeep);
  putNumber("image", 0);
}

function flag(name: string, value: bool): void {
  putName(name);
  putBool(value);
}

/** major.minor.revision.build, as mcumgr writes it; a build of 0 is left out. */
function putVersion(): void {
  const fields = imageFields();
  versionLength = 0;
  decimal(load<u8>(fields + ImageField.Major));
  dot();
  decimal(load<u8>(fields + ImageField.Minor));
  dot();
  decimal(load<u16>(fields + ImageField.Revision));
  const build = load<u32>(fields + ImageField.Build);
  if (build != 0) {
    dot();
    decimal(build);
  }
  putHead(MAJOR_TEXT, versionLength);
  putRaw(version, versionLength);
}

function dot(): void {
  store<u8>(version + versionLength++, 0x2e);
}

function decimal(value: u32): void {
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  for (let i = digits - 1; i >= 0; i--) {
    store<u8>(version + versionLength + i, <u8>(0x30 + (value % 10)));
    value /= 10;
  }
  versionLength += digits;
}
