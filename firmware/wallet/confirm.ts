// The wallet's half of "is the user there, and is it the user" (docs/protocol.md, "Wallet and authenticator"): a random R
// goes out with the question, and only an answer that carries it back counts. R is erased in every case.
import * as cbor from "../common/cbor";
import { equal, wipe } from "../common/bytes";
import { draft } from "../common/mailbox";
import { openSealed, SEALED_HEADER, SEALED_MAX, sendSealed } from "../crypto/pair-channel";
import { fill } from "../ports/random";
import { clearDeadline, Deadline, setDeadline } from "./deadlines";
import * as grant from "./grant";
import { Method } from "../../wire/labels";
import { CONFIRMATION_MAX_MS, KEY_SIZE, PIN_NONCE_SIZE } from "../../wire/limits";
import { Mail } from "../../wire/machine";
import { Status } from "../../wire/status";

const R_SIZE: i32 = 16;
const r: usize = memory.data(R_SIZE);
/** What a sealed PIN must be bound to; the authenticator makes it, card info shows it. */
export const pinNonce: usize = memory.data(PIN_NONCE_SIZE);
/** The answer that is waited for: V2, P2, Q2, or 0. */
let waiting: i32 = 0;

export function confirmWaiting(): i32 {
  return waiting;
}

/** V1: may this grant be sent? `sealedPin` of 0 octets where the user gave none. */
export function askPresence(sealedPin: usize, length: i32): Status {
  begin(7);
  cbor.putBytes(grant.grantHash, KEY_SIZE);
  cbor.putText(grant.merchant, grant.merchantLength());
  cbor.putUint(grant.cap());
  cbor.putUint(grant.methods());
  cbor.putBytes(pinNonce, PIN_NONCE_SIZE);
  putPin(sealedPin, length);
  return ask(Mail.V1, Mail.V2);
}

/** P1: set the PIN. */
export function askSetPin(sealed: usize, length: i32): Status {
  begin(2);
  putPin(sealed, length);
  return ask(Mail.P1, Mail.P2);
}

/** Q1: may a new phone be let in? */
export function askPairing(sealedPin: usize, length: i32): Status {
  begin(2);
  putPin(sealedPin, length);
  return ask(Mail.Q1, Mail.Q2);
}

/** Stops waiting; an answer that comes later meets no R. `tell` lets the authenticator stop asking its user. */
export function confirmForget(tell: bool): void {
  if (waiting != 0 && tell) sendSealed(Mail.Cancel, 0);
  wipe(r, R_SIZE);
  waiting = 0;
  clearDeadline(Deadline.Confirmation);
}

/**
 * Judges a sealed slot of the kind that is waited for. Ok where the authenticator said yes to this very question, its own
 * reason where it said no, `ConfirmationInvalid` where the slot is not genuine.
 */
export function confirmAnswer(slot: usize, length: i32): Status {
  const size = openSealed(slot, length);
  let status = Status.ConfirmationInvalid;
  if (size >= 0) {
    cbor.open(slot + SEALED_HEADER, size);
    cbor.array(3);
    const echoed = cbor.bytes(R_SIZE, R_SIZE);
    const result = cbor.uint(255);
    const method = cbor.uint(Method.Pin);
    const said = result != 0 || method != <u64>Method.None || waiting != Mail.V2;
    if (cbor.done() && said && equal(echoed, r, R_SIZE)) status = <Status>result;
    wipe(slot + SEALED_HEADER, size);
  }
  confirmForget(false);
  return status;
}

/** Takes the authenticator's fresh pinNonce. */
export function takePinNonce(slot: usize, length: i32): void {
  if (openSealed(slot, length) == PIN_NONCE_SIZE) memory.copy(pinNonce, slot + SEALED_HEADER, PIN_NONCE_SIZE);
}

function begin(members: u32): void {
  fill(r, R_SIZE);
  cbor.writeTo(draft() + SEALED_HEADER, SEALED_MAX);
  cbor.putArray(members);
  cbor.putBytes(r, R_SIZE);
}

function putPin(sealed: usize, length: i32): void {
  if (length > 0) cbor.putBytes(sealed, length);
  else cbor.putNull();
}

function ask(question: Mail, answer: Mail): Status {
  const length = cbor.written();
  const status = length < 0 ? Status.Full : sendSealed(question, length);
  if (status != Status.Ok) {
    wipe(r, R_SIZE);
    return status;
  }
  waiting = answer;
  setDeadline(Deadline.Confirmation, CONFIRMATION_MAX_MS);
  return Status.Ok;
}
