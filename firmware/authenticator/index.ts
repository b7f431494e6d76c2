// The authenticator: trusted module that says whether the user is there and is the user. It answers the wallet's sealed
// questions, and nobody else's; link carries them and cannot read, make or repeat one.
import * as cbor from "../common/cbor";
import { equal, wipe } from "../common/bytes";
import { draft, mailSlot as slot } from "../common/mailbox";
import { channelStart, openSealed, SEALED_HEADER, SEALED_MAX, sendSealed } from "../crypto/pair-channel";
import { now } from "../ports/clock";
import { alsoWakeAt, buttonChanged, buttonForget, buttonHeld, Gesture } from "./button";
import { pinNonce, pinSet, pinState, pinVerify, renewPinNonce } from "./pin";
import { Method } from "../../wire/labels";
import { KEY_SIZE, MERCHANT_MAX, PIN_NONCE_SIZE, PRESENCE_MAX_MS, SEALED_PIN_MAX } from "../../wire/limits";
import { BUTTON_SIZE, ButtonEvent, Mail, ModuleId } from "../../wire/machine";
import { Status } from "../../wire/status";

const R_SIZE: i32 = 16;
const SET: usize = memory.data<u8>([0x73, 0x65, 0x74]); // "set"
const PAIR: usize = memory.data<u8>([0x70, 0x61, 0x69, 0x72]); // "pair"
const r: usize = memory.data(R_SIZE);
const grantHash: usize = memory.data(KEY_SIZE);
/** When the user's time for the open question is over; 0 while nothing is asked. */
let until: u64 = 0;

/** Where the vault cannot count the start, the channel stays closed: nothing is asked, answered or told until the next one. */
export function start(): void {
  renewPinNonce();
  if (channelStart(ModuleId.Authenticator) == Status.Ok) tellPinNonce();
}

export function mailSlot(): usize {
  return slot();
}

export function heapBase(): usize {
  return __heap_base;
}

export function onMail(sender: i32, length: i32): void {
  if (sender != ModuleId.Link) return;
  const kind: i32 = load<u8>(slot());
  if (kind != Mail.V1 && kind != Mail.P1 && kind != Mail.Q1 && kind != Mail.Cancel) return;
  const size = openSealed(slot(), length);
  if (size < 0) return;
  forget();
  cbor.open(slot() + SEALED_HEADER, size);
  if (kind == Mail.V1) presence();
  else if (kind == Mail.P1) setPin();
  else if (kind == Mail.Q1) newPhone();
  else tellPinNonce();
  wipe(slot() + SEALED_HEADER, size); // R lies in it, and stays only where it is waited with
}

export function onButton(): void {
  onGesture(buttonChanged());
}

export function onAlarm(): void {
  onGesture(buttonHeld());
  if (until != 0 && now() >= until) answer(Mail.V2, Status.UserAbsent, Method.None);
}

/** While a question is open, each gesture is about it alone: held for 1 s or for 3 is a no. */
function onGesture(gesture: Gesture): void {
  if (until != 0) {
    if (gesture == Gesture.Twice) answer(Mail.V2, Status.Ok, Method.Button);
    else if (gesture == Gesture.Long || gesture == Gesture.Hold) answer(Mail.V2, Status.UserRefused, Method.Button);
  } else if (gesture == Gesture.Hold) tellButton(ButtonEvent.PairingHold);
  else if (gesture == Gesture.Long) tellButton(ButtonEvent.Disarm);
  else if (gesture == Gesture.Short || gesture == Gesture.Twice) tellButton(ButtonEvent.Choose); // each press is one
}

/** V1 = [R, SHA-256(grant), merchant, cap, methods, pinNonce, ?sealed PIN] */
function presence(): void {
  cbor.array(7);
  takeR();
  const hash = cbor.bytes(KEY_SIZE, KEY_SIZE);
  cbor.text(1, MERCHANT_MAX);
  cbor.uint(u64.MAX_VALUE);
  const methods = cbor.uint(Method.Button | Method.Pin);
  const nonce = cbor.bytes(PIN_NONCE_SIZE, PIN_NONCE_SIZE);
  const pin = cbor.nil() ? <usize>0 : cbor.bytes(1, SEALED_PIN_MAX);
  const length = pin == 0 ? 0 : cbor.length();
  if (!cbor.done()) return;
  memory.copy(grantHash, hash, KEY_SIZE);
  if (pin != 0) {
    const current = equal(nonce, pinNonce, PIN_NONCE_SIZE) && (methods & Method.Pin) != 0;
    const status = current ? pinVerify(pin, length, grantHash, KEY_SIZE) : Status.PinNonceStale;
    tellPinNonce();
    answer(Mail.V2, status, Method.Pin);
    return;
  }
  if ((methods & Method.Button) == 0) {
    answer(Mail.V2, Status.PinRequired, Method.None);
    return;
  }
  buttonForget();
  until = now() + PRESENCE_MAX_MS;
  alsoWakeAt(until);
}

/** P1 = [R, sealed] */
function setPin(): void {
  cbor.array(2);
  takeR();
  const sealed = cbor.bytes(1, SEALED_PIN_MAX);
  const length = cbor.length();
  if (!cbor.done()) return;
  const status = pinSet(sealed, length, SET, 3);
  tellPinNonce();
  answer(Mail.P2, status, Method.Pin);
}

/** Q1 = [R, ?sealed PIN]: compulsory once one is set, so that card and sheet alone pair with nothing. */
function newPhone(): void {
  cbor.array(2);
  takeR();
  const pin = cbor.nil() ? <usize>0 : cbor.bytes(1, SEALED_PIN_MAX);
  const length = pin == 0 ? 0 : cbor.length();
  if (!cbor.done()) return;
  let status = pinState();
  if (status == Status.PinNotSet) status = Status.Ok;
  else if (status == Status.Ok) status = pin == 0 ? Status.PinRequired : pinVerify(pin, length, PAIR, 4);
  if (pin != 0) tellPinNonce();
  answer(Mail.Q2, status, pin == 0 ? Method.None : Method.Pin);
}

function takeR(): void {
  const from = cbor.bytes(R_SIZE, R_SIZE);
  if (cbor.fine()) memory.copy(r, from, R_SIZE);
}

/** [R, result, method]; R is erased with the answer. */
function answer(kind: Mail, result: Status, method: Method): void {
  cbor.writeTo(draft() + SEALED_HEADER, SEALED_MAX);
  cbor.putArray(3);
  cbor.putBytes(r, R_SIZE);
  cbor.putUint(result);
  cbor.putUint(method);
  sendSealed(kind, cbor.written());
  forget();
}

function tellPinNonce(): void {
  memory.copy(draft() + SEALED_HEADER, pinNonce, PIN_NONCE_SIZE);
  sendSealed(Mail.PinNonce, PIN_NONCE_SIZE);
}

/** [event u8, machine time u64]: a courier that keeps a press back cannot make it a later one. */
function tellButton(event: ButtonEvent): void {
  store<u8>(draft() + SEALED_HEADER, <u8>event);
  store<u64>(draft() + SEALED_HEADER + 1, now());
  sendSealed(Mail.Button, BUTTON_SIZE);
}

function forget(): void {
  wipe(r, R_SIZE);
  wipe(grantHash, KEY_SIZE);
  until = 0;
  alsoWakeAt(0);
}
