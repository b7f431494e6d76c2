// Link: the normal world. Frames between phone and wallet, courier between wallet and authenticator, indicators. It holds no
// key and is believed by nobody: what it passes on, it cannot read, make or repeat.
import { draft, mailSlot as slot, post, postShort } from "../common/mailbox";
import { show } from "../ports/indicators";
import { advertise, hangUp, write } from "../ports/line";
import { framingIn, framingOut, framingPump, framingReset, framingSlot } from "./framing";
import { MessageType } from "../../wire/labels";
import { CHUNK_FIRST, CHUNK_LAST, PROTOCOL_VERSION } from "../../wire/limits";
import { Mail, ModuleId } from "../../wire/machine";
import { Status } from "../../wire/status";

/** A fault as one chunk: header, length u16, version, type, status. */
const FAULT_SIZE: i32 = 6;
const fault: usize = memory.data(FAULT_SIZE);

export function start(): void {
  framingReset();
}

export function mailSlot(): usize {
  return slot();
}

export function chunkSlot(): usize {
  return framingSlot();
}

export function heapBase(): usize {
  return __heap_base;
}

export function onLineUp(): void {
  framingReset();
  postShort(ModuleId.Wallet, Mail.LineUp);
}

export function onLineDown(): void {
  framingReset();
  postShort(ModuleId.Wallet, Mail.LineDown);
}

export function onLineReady(): void {
  framingPump();
}

/** A chunk came. What is wrong with frames is said by link itself; what is wrong with messages, by the wallet. */
export function onChunk(length: i32): void {
  const status = framingIn(length);
  if (status == Status.Ok) return;
  store<u8>(fault, <u8>(CHUNK_FIRST | CHUNK_LAST));
  store<u16>(fault + 1, 3);
  store<u8>(fault + 3, PROTOCOL_VERSION);
  store<u8>(fault + 4, <u8>MessageType.Fault);
  store<u8>(fault + 5, <u8>status);
  write(fault, FAULT_SIZE);
}

export function onMail(sender: i32, length: i32): void {
  const kind: i32 = load<u8>(slot());
  if (kind >= Mail.V1) carry(sender, length);
  else if (sender != ModuleId.Wallet) return;
  else if (kind == Mail.Piece) passOn(length);
  else if (kind == Mail.Indicate && length == 2) show(load<u8>(slot() + 1));
  else if (kind == Mail.Identifier) advertise(slot() + 1, length - 1);
  else if (kind == Mail.Hangup) hangUp();
}

export function onAlarm(): void {}

/** A phone that does not read: its session could not go on past a message that was dropped, so the line goes. */
function passOn(length: i32): void {
  if (!framingOut(slot(), length)) hangUp();
}

/** The courier: sealed slots go to the other trusted module as they are. */
function carry(sender: i32, length: i32): void {
  memory.copy(draft(), slot(), length);
  post(sender == ModuleId.Wallet ? ModuleId.Authenticator : ModuleId.Wallet, length);
}
