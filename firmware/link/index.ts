// Link: the normal world. Frames between phone and wallet, courier between wallet and authenticator, indicators, Bluetooth. It holds no
// key and is believed by nobody: what it passes on, it cannot read, make or repeat.
import { draft, mailSlot as slot, post } from "../common/mailbox";
import { show } from "../ports/indicators";
import { advertise, hangUp } from "../ports/line";
import { showIdentifier } from "./bluetooth/commands";
import { radioAlarm, radioAnswered, radioReady, radioSlot, radioStart, radioTake, radioYield } from "./bluetooth/events";
import { Carrier, carrierHangUp, carrying } from "./carrier";
import { framingOut, framingPump, framingReset, framingSlot } from "./framing";
import { phoneCame, phoneChunk, phoneWent } from "./phone";
import { MessageType } from "../../wire/labels";
import { Mail, ModuleId, PIECE_FIRST } from "../../wire/machine";

export function start(): void {
  framingReset();
  // A link that starts again has no phone: its controller is reset, and the wallet hears of it.
  if (radioStart()) phoneWent(Carrier.Radio);
}

export function mailSlot(): usize {
  return slot();
}

export function chunkSlot(): usize {
  return framingSlot();
}

export function packetSlot(): usize {
  return radioSlot();
}

export function heapBase(): usize {
  return __heap_base;
}

export function onLineUp(): void {
  if (!phoneCame(Carrier.Line)) hangUp();
  else radioYield(true);
}

export function onLineDown(): void {
  phoneWent(Carrier.Line);
  if (carrying() == Carrier.None) radioYield(false);
}

export function onLineReady(): void {
  if (carrying() == Carrier.Line) framingPump();
}

export function onChunk(length: i32): void {
  if (carrying() == Carrier.Line) phoneChunk(framingSlot(), length);
}

export function onPacket(length: i32): void {
  radioTake(length);
}

export function onRadioReady(): void {
  radioReady();
}

export function onMail(sender: i32, length: i32): void {
  const kind: i32 = load<u8>(slot());
  if (kind >= Mail.V1) carry(sender, length);
  else if (sender == ModuleId.Authenticator) return;
  else if (kind == Mail.Piece) passOn(sender, length);
  else if (kind == Mail.Indicate && length == 2) show(load<u8>(slot() + 1));
  else if (kind == Mail.Identifier) identify(slot() + 1, length - 1);
  else if (kind == Mail.Hangup) carrierHangUp();
}

export function onAlarm(): void {
  radioAlarm();
}

/** A phone that does not read: its session could not go on past a message that was dropped, so the link goes. */
function passOn(sender: i32, length: i32): void {
  const opens = length >= 6 && (load<u8>(slot() + 1) & PIECE_FIRST) != 0;
  const type: i32 = load<u8>(slot() + 5); // kind, flags, length u16, version, type
  if (!framingOut(slot(), length)) carrierHangUp();
  // Where the loader answers, an update has been let in. What the machine refuses in its place is no session.
  else if (sender == ModuleId.Loader) radioAnswered(MessageType.Sealed);
  else if (opens && carrying() == Carrier.Radio) radioAnswered(type);
}

function identify(identifier: usize, length: i32): void {
  advertise(identifier, length);
  showIdentifier(identifier, length);
}

/** The courier: sealed slots go to the other trusted module as they are. */
function carry(sender: i32, length: i32): void {
  memory.copy(draft(), slot(), length);
  post(sender == ModuleId.Wallet ? ModuleId.Authenticator : ModuleId.Wallet, length);
}
