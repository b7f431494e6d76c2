// The PIN: sealed by the phone to this module alone, compared here alone. A try is counted in flash before the comparison,
// so that cutting the power gives no free one. After five wrong ones each next one waits, a minute and then twice as long each time; a start begins the
// wait anew, as the card cannot tell how long it was off.
import * as cbor from "../common/cbor";
import { equal, wipe } from "../common/bytes";
import { hkdf } from "../crypto/hkdf";
import { openBase } from "../crypto/hpke";
import { now } from "../ports/clock";
import * as flash from "../ports/flash";
import { fill } from "../ports/random";
import * as vault from "../ports/vault";
import { CARD_ID_SIZE, KEY_SIZE, PIN_MAX_DIGITS, PIN_MIN_DIGITS, PIN_NONCE_SIZE, PIN_TRIES, PIN_WAIT_MS, PIN_WRONG_MAX, SEALED_PIN_MAX, TAG_SIZE } from "../../wire/limits";
import { FlashRecord, VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

const SALT_SIZE: i32 = 16;
/** What the vault answers where there is no such item. */
const ABSENT: i32 = -1;
/** "ecard/1 pin", and then the cardId */
const INFO: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x70, 0x69, 0x6e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const INFO_SIZE: i32 = 11;
const pair: usize = memory.data(2 * KEY_SIZE);
const sealed: usize = memory.data(SEALED_PIN_MAX);
const aad: usize = memory.data(PIN_NONCE_SIZE + KEY_SIZE);
// salt | HKDF(PIN, salt)
const verifier: usize = memory.data(SALT_SIZE + KEY_SIZE);
const candidate: usize = memory.data(KEY_SIZE);
const wrongOnes: usize = memory.data(1);
/** When the last one was counted, or the card started. */
let countedAt: u64 = 0;
/** What the next sealed PIN must be bound to; used once. */
export const pinNonce: usize = memory.data(PIN_NONCE_SIZE);

/** `Ok` where a PIN is set, `PinNotSet` where none is, `VaultFailed` where that cannot be told: then nobody gets in. */
export function pinState(): Status {
  const length = vault.read(VaultItem.Pin, verifier, SALT_SIZE + KEY_SIZE);
  wipe(verifier, SALT_SIZE + KEY_SIZE);
  if (length == SALT_SIZE + KEY_SIZE) return Status.Ok;
  return length == ABSENT ? Status.PinNotSet : Status.VaultFailed;
}

export function renewPinNonce(): void {
  fill(pinNonce, PIN_NONCE_SIZE);
}

/** Opens a sealed PIN bound to `pinNonce` | `about`, and compares it. */
export function pinVerify(from: usize, length: i32, about: usize, aboutLength: i32): Status {
  const set = pinState();
  if (set != Status.Ok) return set;
  const size = openPin(from, length, about, aboutLength);
  const status = size < 0 ? whyClosed(size) : compare(sealed + KEY_SIZE, size);
  forget();
  return status;
}

/** Opens CBOR [old or null, new] bound to `pinNonce` | "set". The old one is compulsory once one is set. */
export function pinSet(from: usize, length: i32, about: usize, aboutLength: i32): Status {
  const set = pinState();
  if (set == Status.VaultFailed) return set;
  const size = openPin(from, length, about, aboutLength);
  const status = size < 0 ? whyClosed(size) : change(sealed + KEY_SIZE, size, set == Status.Ok);
  forget();
  return status;
}

function change(plaintext: usize, size: i32, set: bool): Status {
  cbor.open(plaintext, size);
  cbor.array(2);
  const old = cbor.nil() ? <usize>0 : cbor.text(1, PIN_MAX_DIGITS);
  const oldLength = old == 0 ? 0 : cbor.length();
  const fresh = cbor.text(1, PIN_MAX_DIGITS);
  const freshLength = cbor.length();
  if (!cbor.done() || !isPin(fresh, freshLength)) return Status.PinMalformed;
  if (set && old == 0) return Status.PinRequired;
  if (set) {
    const status = compare(old, oldLength);
    if (status != Status.Ok) return status;
  }
  fill(verifier, SALT_SIZE);
  hash(fresh, freshLength, verifier + SALT_SIZE);
  if (keepWrong(0) != 0) return Status.FlashFailed;
  return vault.write(VaultItem.Pin, verifier, SALT_SIZE + KEY_SIZE) == 0 ? Status.Ok : Status.VaultFailed;
}

/** One wrong one more in flash, then the comparison, then none where it was right. */
function compare(pin: usize, length: i32): Status {
  if (!isPin(pin, length)) return Status.PinMalformed;
  const wrong = wrongInARow();
  if (wrong < 0) return Status.FlashFailed;
  if (wrong >= PIN_TRIES && now() < countedAt + (<u64>PIN_WAIT_MS << (wrong - PIN_TRIES))) return Status.PinLocked;
  if (keepWrong(min(wrong + 1, PIN_WRONG_MAX)) != 0) return Status.FlashFailed;
  countedAt = now();
  if (vault.read(VaultItem.Pin, verifier, SALT_SIZE + KEY_SIZE) != SALT_SIZE + KEY_SIZE) return Status.VaultFailed;
  hash(pin, length, candidate);
  const right = equal(candidate, verifier + SALT_SIZE, KEY_SIZE);
  if (right) return keepWrong(0) == 0 ? Status.Ok : Status.FlashFailed;
  return wrong + 1 < PIN_TRIES ? Status.PinWrong : Status.PinLocked;
}

/** What `openPin` answers where it opened nothing: not sealed for this question, or keys that cannot be read. */
const STALE: i32 = -1;
const KEYLESS: i32 = -2;

function whyClosed(size: i32): Status {
  return size == KEYLESS ? Status.VaultFailed : Status.PinNonceStale;
}

/** Copies the sealed PIN, opens it by HPKE; length of the plaintext at sealed + 32, or what is below 0. The nonce is spent either way. */
function openPin(from: usize, length: i32, about: usize, aboutLength: i32): i32 {
  if (length > SEALED_PIN_MAX || aboutLength > KEY_SIZE) return STALE;
  memory.copy(sealed, from, length);
  memory.copy(aad, pinNonce, PIN_NONCE_SIZE);
  memory.copy(aad + PIN_NONCE_SIZE, about, aboutLength);
  renewPinNonce();
  if (vault.read(VaultItem.CardId, INFO + INFO_SIZE, CARD_ID_SIZE) != CARD_ID_SIZE) return KEYLESS;
  if (vault.read(VaultItem.PinKey, pair, 2 * KEY_SIZE) != 2 * KEY_SIZE) return KEYLESS;
  const status = openBase(pair, sealed, length, INFO, INFO_SIZE + CARD_ID_SIZE, aad, PIN_NONCE_SIZE + aboutLength);
  return status == Status.Ok ? length - KEY_SIZE - TAG_SIZE : STALE;
}

/** HKDF-SHA256(PIN, verifier's salt). Twelve digits at most: the waits guard it, not the hash. */
function hash(pin: usize, length: i32, out: usize): void {
  hkdf(verifier, SALT_SIZE, pin, length, INFO, INFO_SIZE, KEY_SIZE, out);
}

function isPin(at: usize, length: i32): bool {
  if (length < PIN_MIN_DIGITS || length > PIN_MAX_DIGITS) return false;
  for (let i = 0; i < length; i++) if (load<u8>(at + i) - 0x30 > 9) return false;
  return true;
}

/** Or -1 where that cannot be told. Whoever set a PIN wrote it first: a record that is gone lets nobody try. */
function wrongInARow(): i32 {
  if (flash.read(FlashRecord.PinLock, wrongOnes, 1) != 1 || load<u8>(wrongOnes) > <u8>PIN_WRONG_MAX) return -1;
  return load<u8>(wrongOnes);
}

function keepWrong(count: i32): i32 {
  store<u8>(wrongOnes, <u8>count);
  return flash.write(FlashRecord.PinLock, wrongOnes, 1);
}

function forget(): void {
  wipe(pair, 2 * KEY_SIZE);
  wipe(sealed, SEALED_PIN_MAX);
  wipe(candidate, KEY_SIZE);
  wipe(verifier, SALT_SIZE + KEY_SIZE);
}
