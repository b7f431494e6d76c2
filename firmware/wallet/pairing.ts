// Handshakes: pairing with a new phone (XXpsk3) and coming back (KK), and what the card remembers of its owner.
// One owner at a time (rule 8): an owned card answers a pairing only within 60 s of its button held for 3 s.
import * as cbor from "../common/cbor";
import { wipe } from "../common/bytes";
import { HASH_SIZE, hkdf, hmac } from "../crypto/hkdf";
import { draft, post } from "../common/mailbox";
import { percent } from "../ports/battery";
import { fill } from "../ports/random";
import { read, write } from "../ports/vault";
import { askPairing, confirmWaiting, pinNonce } from "./confirm";
import { clearDeadline, Deadline, deadlineSet, setDeadline } from "./deadlines";
import { putInfo } from "./info";
import { lifeEnd } from "./life";
import { answerBegin, answerEnd, ENVELOPE, message, reply, replyClear, replyFault } from "./messages";
import { nearForget } from "./nearness";
import * as noise from "./noise";
import { sessionBegin, sessionEnd } from "./session";
import { CardEvent, MessageType } from "../../wire/labels";
import {
  CARD_ID_SIZE, CERTIFICATE_MAX, CHALLENGE_RENEW_MS, IDENTIFIER_LIFE_MS, IDENTIFIER_SIZE, KEY_SIZE, PHONE_NAME_MAX, PIN_NONCE_SIZE,
  SEALED_PIN_MAX, SECRET_SIZE, SESSION_PROOF_MS,
} from "../../wire/limits";
import { Mail, ModuleId, VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

/** "ecard/1 pair" and "ecard/1 open", each with room for the cardId */
const PAIR: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x70, 0x61, 0x69, 0x72, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const OPEN: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x6f, 0x70, 0x65, 0x6e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const PROLOGUE_SIZE: i32 = 12;
const PSK_INFO: usize = memory.data<u8>([0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x70, 0x73, 0x6b]); // "ecard/1 psk"
const ID_INFO: usize = memory.data<u8>([0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x69, 0x64]); // "ecard/1 id"

/** What the vault answers where there is no such item. */
const ABSENT: i32 = -1;
const BATTERY_LOW_PERCENT: i32 = 10;
const cardId: usize = memory.data(CARD_ID_SIZE);
const pair: usize = memory.data(2 * KEY_SIZE);
const secret: usize = memory.data(KEY_SIZE);
// phone's static key | identifier key | name: the vault's Owner
const owner: usize = memory.data(2 * KEY_SIZE + PHONE_NAME_MAX);
let ownerLength: i32 = 0;
/** The next pairing message that may come: 1, 3, or 0 while the authenticator is asked. */
let expected: i32 = 1;

/** True between the first message of a pairing and its end: longer messages are taken then. */
export function pairingOpen(): bool {
  return expected != 1;
}

export function pairingForget(): void {
  noise.noiseWipe();
  wipe(owner, 2 * KEY_SIZE + PHONE_NAME_MAX);
  expected = 1;
}

/** -> e */
export function pairFirst(length: i32): void {
  pairingForget();
  const owns = owned();
  wipe(owner, 2 * KEY_SIZE + PHONE_NAME_MAX);
  if (owns == Status.VaultFailed || (owns == Status.Ok && !deadlineSet(Deadline.PairingWindow))) {
    replyFault(owns == Status.Ok ? Status.PairingClosed : owns);
    return;
  }
  const status = noise.xxRead1(prologue(PAIR), PROLOGUE_SIZE + CARD_ID_SIZE, message + ENVELOPE, length);
  if (status != Status.Ok) {
    refuse(status == Status.SessionAuthFailed ? Status.PairingFailed : status);
    return;
  }
  // <- e, ee, s, es, [certificate, pinNonce]
  const payload = reply + ENVELOPE + noise.XX2_PAYLOAD;
  cbor.writeTo(payload, CERTIFICATE_MAX + 3 + 1 + PIN_NONCE_SIZE + 1);
  cbor.putArray(2);
  const size = read(VaultItem.Certificate, payload + 4, CERTIFICATE_MAX);
  cbor.putHead(cbor.MAJOR_BYTES, max(size, 0));
  memory.copy(payload + 1 + (size > 255 ? 3 : 2), payload + 4, max(size, 0));
  cbor.skip(max(size, 0));
  cbor.putBytes(pinNonce, PIN_NONCE_SIZE);
  const written = cbor.written();
  const keys = readPair();
  const sealed = size > 0 && written > 0 && keys ? noise.xxWrite2(pair, reply + ENVELOPE, written) : Status.VaultFailed;
  wipe(pair, 2 * KEY_SIZE);
  if (sealed != Status.Ok) {
    refuse(sealed);
    return;
  }
  replyClear(MessageType.Pair2, noise.XX2_OVERHEAD + written);
  expected = 3;
}

/** -> s, se, psk, [phone's name, ?sealed PIN] */
export function pairThird(length: i32): void {
  if (expected != 3) {
    refuse(Status.MessageMalformed);
    return;
  }
  const from = message + ENVELOPE;
  let status = psk() ? noise.xxRead3(secret, from, length) : Status.VaultFailed;
  wipe(secret, KEY_SIZE);
  if (status == Status.SessionAuthFailed) status = Status.PairingFailed;
  if (status == Status.Ok) {
    cbor.open(from + 48, length - 64);
    cbor.array(2);
    const name = cbor.text(1, PHONE_NAME_MAX);
    const nameLength = cbor.length();
    const pin = cbor.nil() ? <usize>0 : cbor.bytes(1, SEALED_PIN_MAX);
    const pinLength = pin == 0 ? 0 : cbor.length();
    if (cbor.done()) {
      memory.copy(owner, noise.noiseRemoteStatic(), KEY_SIZE);
      memory.copy(owner + 2 * KEY_SIZE, name, nameLength);
      ownerLength = 2 * KEY_SIZE + nameLength;
      status = confirmWaiting() != 0 ? Status.Busy : askPairing(pin, pinLength);
    } else {
      status = Status.MessageMalformed;
    }
  }
  if (status != Status.Ok) refuse(status);
  else expected = 0;
}

/** The authenticator's word on the new phone: the last step of a pairing, and its one write. */
export function pairConfirmed(status: Status): void {
  if (expected != 0) return;
  if (status != Status.Ok) {
    refuse(status);
    return;
  }
  lifeEnd(Status.NoGrant);
  hkdf(0, 0, noise.noiseHash(), HASH_SIZE, ID_INFO, 10, KEY_SIZE, owner + KEY_SIZE);
  const kept = write(VaultItem.Owner, owner, ownerLength);
  if (kept != 0) {
    refuse(Status.VaultFailed);
    return;
  }
  nearForget();
  sessionEnd();
  sessionBegin(true);
  clearDeadline(Deadline.PairingWindow);
  pairingForget();
  announceIdentifier();
  sendChallenge();
}

/** KK from the owner's phone: one round trip, and a session that its first message must prove. */
export function openFirst(length: i32): void {
  pairingForget();
  const owns = owned();
  if (owns != Status.Ok) {
    replyFault(owns);
    return;
  }
  const keys = readPair();
  let status = keys
    ? noise.kkRead1(pair, owner, prologue(OPEN), PROLOGUE_SIZE + CARD_ID_SIZE, message + ENVELOPE, length)
    : Status.VaultFailed;
  wipe(pair, 2 * KEY_SIZE);
  wipe(owner, 2 * KEY_SIZE + PHONE_NAME_MAX);
  if (status == Status.Ok) {
    cbor.writeTo(reply + ENVELOPE + noise.KK2_PAYLOAD, 256);
    putInfo();
    const written = cbor.written();
    status = noise.kkWrite2(reply + ENVELOPE, written);
    if (status == Status.Ok) {
      sessionBegin(false);
      setDeadline(Deadline.SessionProof, SESSION_PROOF_MS);
      replyClear(MessageType.Open2, noise.KK2_OVERHEAD + written);
    }
  }
  noise.noiseWipe();
  if (status != Status.Ok) replyFault(status == Status.SessionAuthFailed ? Status.NotPaired : status);
}

/** Forgets the owner. The caller has ended the grant. */
export function unpair(): Status {
  const status = write(VaultItem.Owner, owner, 0);
  if (status == 0) announceIdentifier();
  return status == 0 ? Status.Ok : Status.VaultFailed;
}

/** What a scanner sees: nonce(8) | HMAC(identifier key, nonce)[0..8], new every 15 min; nothing before pairing. */
export function announceIdentifier(): void {
  const slot = draft();
  store<u8>(slot, <u8>Mail.Identifier);
  let length = 0;
  const owns = owned();
  if (owns == Status.Ok) {
    fill(slot + 1, 8);
    hmac(owner + KEY_SIZE, KEY_SIZE, slot + 1, 8, secret);
    memory.copy(slot + 9, secret, 8);
    length = IDENTIFIER_SIZE;
  }
  if (owns == Status.NotPaired) clearDeadline(Deadline.Identifier);
  else setDeadline(Deadline.Identifier, IDENTIFIER_LIFE_MS);
  wipe(secret, KEY_SIZE);
  wipe(owner, 2 * KEY_SIZE + PHONE_NAME_MAX);
  // An owner that cannot be read finds the card by its last identifier, and hears why.
  if (owns == Status.Ok || owns == Status.NotPaired) post(ModuleId.Link, 1 + length);
}

/** Tells the phone the newest challenge, now and every 60 s, and a battery that wants charging. */
export function sendChallenge(): void {
  answerBegin(0, CardEvent.Challenge);
  putInfo();
  answerEnd();
  if (percent() <= BATTERY_LOW_PERCENT) {
    answerBegin(0, CardEvent.BatteryLow);
    cbor.putUint(percent());
    answerEnd();
  }
  setDeadline(Deadline.Challenge, CHALLENGE_RENEW_MS);
}

/** Reads the owner to `owner`: `Ok`, `NotPaired` where there is none, `VaultFailed` where that cannot be told: then nobody gets in. */
function owned(): Status {
  const length = read(VaultItem.Owner, owner, 2 * KEY_SIZE + PHONE_NAME_MAX);
  if (length > 2 * KEY_SIZE) return Status.Ok;
  return length == ABSENT ? Status.NotPaired : Status.VaultFailed;
}

function refuse(status: Status): void {
  pairingForget();
  replyFault(status);
}

function prologue(text: usize): usize {
  read(VaultItem.CardId, text + PROLOGUE_SIZE, CARD_ID_SIZE);
  return text;
}

function readPair(): bool {
  return read(VaultItem.SessionKey, pair, 2 * KEY_SIZE) == 2 * KEY_SIZE;
}

/** psk = HKDF-SHA256(pairing secret, salt = cardId, info = "ecard/1 psk", 32) */
function psk(): bool {
  if (read(VaultItem.CardId, cardId, CARD_ID_SIZE) != CARD_ID_SIZE) return false;
  if (read(VaultItem.PairingSecret, secret, SECRET_SIZE) != SECRET_SIZE) return false;
  hkdf(cardId, CARD_ID_SIZE, secret, SECRET_SIZE, PSK_INFO, 11, KEY_SIZE, secret);
  return true;
}
