// The wallet: trusted module that holds the card's keys and drives the coil. This file is its door: what the machine calls,
// and which part of the wallet each message, operation and deadline belongs to.
import * as cbor from "../common/cbor";
import { mailSlot as slot, postShort } from "../common/mailbox";
import { channelStart, openSealed, SEALED_HEADER, sendSealed } from "../crypto/pair-channel";
import { now } from "../ports/clock";
import { chooseNext, tellChoice } from "./choice";
import * as confirm from "./confirm";
import { clearDeadline, Deadline, setDeadline, takeDue } from "./deadlines";
import { putInfo } from "./info";
import * as life from "./life";
import { loadGrant } from "./load";
import * as messages from "./messages";
import { nearAway, nearHeard, nearRequest } from "./nearness";
import * as pairing from "./pairing";
import * as session from "./session";
import { stateRequest } from "./states";
import { storeLoad } from "./store";
import { MessageType, Op, When } from "../../wire/labels";
import {
  MESSAGE_MAX, MESSAGE_MAX_PAIRING, MESSAGE_MAX_UNPROVEN, PAIRING_WINDOW_MS, PROTOCOL_VERSION, SEALED_PIN_MAX, TAG_SIZE,
} from "../../wire/limits";
import { BUTTON_SIZE, ButtonEvent, Indicator, Mail, ModuleId } from "../../wire/machine";
import { Status } from "../../wire/status";

/** A card whose record cannot be read stays silent rather than forget an ATC. */
let broken: Status = Status.Ok;
/** The request whose PIN is being set. */
let pinRequest: u32 = 0;

/** Called once by the machine, before anything else, at power-up and after a trap. */
export function start(): void {
  broken = channelStart(ModuleId.Wallet);
  if (broken == Status.Ok) broken = storeLoad();
  sendSealed(Mail.Cancel, 0); // a wallet that starts again asks nothing; the answer is a pinNonce
  pairing.announceIdentifier();
}

export function mailSlot(): usize {
  return slot();
}

export function heapBase(): usize {
  return __heap_base;
}

export function onMail(sender: i32, length: i32): void {
  if (sender != ModuleId.Link || length < 1) return;
  const kind: i32 = load<u8>(slot());
  if (kind == Mail.Piece) onPiece(length);
  else if (kind == Mail.LineUp) lineChanged();
  else if (kind == Mail.LineDown) lineWent();
  else if (kind == Mail.PinNonce) confirm.takePinNonce(slot(), length);
  else if (kind == Mail.Button) onButtonEvent(length);
  else if (kind != 0 && kind == confirm.confirmWaiting()) onConfirmation(kind, length);
}

export function onAlarm(): void {
  for (let due = takeDue(); due >= 0; due = takeDue()) {
    if (due == Deadline.SessionProof) session.sessionDropPending();
    else if (due == Deadline.PairingWindow) postShort(ModuleId.Link, Mail.Indicate, Indicator.Off);
    else if (due == Deadline.Confirmation) confirmationTimeout();
    else if (due == Deadline.Grant) life.lifeExpired();
    else if (due == Deadline.NextPass) life.lifeNextPass();
    else if (due == Deadline.Challenge && session.sessionLive()) pairing.sendChallenge();
    else if (due == Deadline.Identifier) pairing.announceIdentifier();
    else if (due == Deadline.Away) life.lifeAway();
    else if (due == Deadline.Choice) life.lifeShow();
  }
}

export function onCoilDone(): void {
  life.lifePassDone();
}

export function onHeadContact(): void {
  life.lifeHeadContact();
}

function onPiece(length: i32): void {
  let limit: i32 = MESSAGE_MAX_UNPROVEN;
  if (pairing.pairingOpen()) limit = MESSAGE_MAX_PAIRING;
  if (session.sessionLive() || session.sessionPending()) limit = MESSAGE_MAX;
  const size = messages.takePiece(slot(), length, limit);
  if (size < 0) messages.replyFault(Status.MessageTooLong);
  if (size > 0) {
    onMessage(size);
    messages.messageWipe();
  }
}

function onMessage(size: i32): void {
  const version = load<u8>(messages.message);
  const type: i32 = load<u8>(messages.message + 1);
  const length = size - messages.ENVELOPE;
  if (version != PROTOCOL_VERSION) messages.replyFault(Status.UnknownVersion);
  else if (broken != Status.Ok) messages.replyFault(broken);
  else if (length < 0) messages.replyFault(Status.MessageMalformed);
  else if (type == MessageType.Pair1) pairing.pairFirst(length);
  else if (type == MessageType.Pair3) pairing.pairThird(length);
  else if (type == MessageType.Open1) pairing.openFirst(length);
  else if (type == MessageType.Sealed) onSealed(length);
  else messages.replyFault(Status.UnknownMessage);
}

function onSealed(length: i32): void {
  const wasLive = session.sessionLive();
  const wasPending = session.sessionPending();
  const status = session.sessionOpen(messages.message + messages.ENVELOPE, length);
  if (status != Status.Ok) {
    messages.replyFault(status);
    return;
  }
  if (wasPending && !session.sessionPending()) {
    clearDeadline(Deadline.SessionProof);
    forgetRequests(); // numbered by a session that is no more
  }
  if (!wasLive) setDeadline(Deadline.Challenge, 60_000);
  nearHeard();
  cbor.open(messages.message + messages.ENVELOPE, length - TAG_SIZE);
  cbor.array(3);
  const id = <u32>cbor.uint(u32.MAX_VALUE);
  const op = <i32>cbor.uint(255);
  if (!cbor.fine() || id == 0) messages.replyFault(Status.MessageMalformed);
  else onRequest(id, op);
  tellChoice();
}

function onRequest(id: u32, op: i32): void {
  if (op == Op.Load) loadGrant(id);
  else if (op == Op.Present) present(id);
  else if (op == Op.Disarm) disarm(id);
  else if (op == Op.State) stateRequest(id);
  else if (op == Op.SetPin) setPin(id);
  else if (op == Op.Unpair) unpair(id);
  else if (op == Op.Near) nearRequest(id);
  else messages.answerStatus(id, Status.UnknownOperation);
}

function present(id: u32): void {
  cbor.array(2);
  const when = <When>cbor.uint(When.Confirm);
  const pin = cbor.nil() ? <usize>0 : cbor.bytes(1, SEALED_PIN_MAX);
  const length = pin == 0 ? 0 : cbor.length();
  if (cbor.done()) life.lifePresent(id, when, pin, length);
  else messages.answerStatus(id, Status.MessageMalformed);
}

function disarm(id: u32): void {
  if (!cbor.nil() || !cbor.done()) {
    messages.answerStatus(id, Status.MessageMalformed);
    return;
  }
  life.lifeEnd(Status.NoGrant);
  answerInfo(id);
}

function setPin(id: u32): void {
  const sealed = cbor.bytes(1, SEALED_PIN_MAX);
  const length = cbor.length();
  let status = cbor.done() ? Status.Ok : Status.MessageMalformed;
  if (status == Status.Ok && confirm.confirmWaiting() != 0) status = Status.Busy;
  if (status == Status.Ok) status = confirm.askSetPin(sealed, length);
  if (status == Status.Ok) pinRequest = id;
  else messages.answerStatus(id, status);
}

/** The grant first, then the owner, then the answer, which is the session's last word. */
function unpair(id: u32): void {
  if (!cbor.nil() || !cbor.done()) {
    messages.answerStatus(id, Status.MessageMalformed);
    return;
  }
  life.lifeEnd(Status.NotPaired);
  const status = pairing.unpair();
  messages.answerStatus(id, status);
  if (status != Status.Ok) return;
  session.sessionEnd();
  clearDeadline(Deadline.Challenge);
  postShort(ModuleId.Link, Mail.Hangup);
}

function onConfirmation(kind: i32, length: i32): void {
  confirmed(kind, confirm.confirmAnswer(slot(), length));
}

function confirmationTimeout(): void {
  const kind = confirm.confirmWaiting();
  confirm.confirmForget(true);
  confirmed(kind, Status.ConfirmationTimeout);
}

function confirmed(kind: i32, status: Status): void {
  if (kind == Mail.V2) life.lifeConfirmed(status);
  else if (kind == Mail.Q2) pairing.pairConfirmed(status);
  else if (kind == Mail.P2) {
    // The authenticator stores before it answers: where its answer was lost, the PIN may be the old or the new one.
    const lost = status == Status.ConfirmationTimeout || status == Status.ConfirmationInvalid;
    if (status == Status.Ok) answerInfo(pinRequest);
    else messages.answerStatus(pinRequest, lost ? Status.PinUncertain : status);
    pinRequest = 0;
  }
}

/** A button event, sealed as V2 is: link cannot press the button. */
function onButtonEvent(length: i32): void {
  if (openSealed(slot(), length) != BUTTON_SIZE) return;
  const event = load<u8>(slot() + SEALED_HEADER);
  // The window runs from the press, not from its letter: link may keep that back, and gains nothing.
  const ago = now() - load<u64>(slot() + SEALED_HEADER + 1);
  if (event == ButtonEvent.Disarm) life.lifeEnd(Status.UserRefused);
  else if (event == ButtonEvent.PairingHold && ago < <u64>PAIRING_WINDOW_MS) {
    setDeadline(Deadline.PairingWindow, <u64>PAIRING_WINDOW_MS - ago);
    postShort(ModuleId.Link, Mail.Indicate, Indicator.Pairing);
    // A phone that is in a session, lost it may be, would keep the new one away.
    if (session.sessionLive()) postShort(ModuleId.Link, Mail.Hangup);
  }
  else if (event == ButtonEvent.Choose && !life.lifeBusy() && !nearAway()) chooseNext();
}

/** A session dies with its link; what is loaded or armed does not. */
function lineChanged(): void {
  session.sessionEnd();
  pairing.pairingForget();
  messages.messageWipe();
  forgetRequests();
  clearDeadline(Deadline.SessionProof);
  clearDeadline(Deadline.Challenge);
}

/** Whoever watched the session learns nothing by the identifier that follows it; and a link that starts anew, which says so as well, has one to show. */
function lineWent(): void {
  lineChanged();
  pairing.announceIdentifier();
}

/** The session that asked is gone: nobody is left to answer, and no later session may hear what was meant for it. */
function forgetRequests(): void {
  life.lifeForgetRequest();
  const asked = confirm.confirmWaiting();
  if (asked == Mail.Q2 || asked == Mail.P2) confirm.confirmForget(true);
}

function answerInfo(id: u32): void {
  messages.answerBegin(id, Status.Ok);
  putInfo();
  messages.answerEnd();
}
