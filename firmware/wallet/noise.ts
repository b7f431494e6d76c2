// Noise (revision 34), the card's side: responder of XXpsk3 to pair and of KK to come back, 25519_ChaChaPoly_SHA256.
// One handshake at a time. Messages are read and written in place; the section numbers are those of the Noise specification.
import { open, seal, sha256, x25519 } from "../ports/crypto";
import { fill } from "../ports/random";
import { wipe } from "../common/bytes";
import { expand, extract, HASH_SIZE } from "../crypto/hkdf";
import { SCRATCH_SIZE, scratch } from "../crypto/scratch";
import { KEY_SIZE, TAG_SIZE } from "../../wire/limits";
import { Status } from "../../wire/status";

/** "Noise_XXpsk3_25519_ChaChaPoly_SHA256": longer than a hash, so hashed (5.2). */
const XXPSK3: usize = memory.data<u8>([
  0x4e, 0x6f, 0x69, 0x73, 0x65, 0x5f, 0x58, 0x58, 0x70, 0x73, 0x6b, 0x33, 0x5f, 0x32, 0x35, 0x35, 0x31, 0x39, 0x5f, 0x43, 0x68, 0x61,
  0x43, 0x68, 0x61, 0x50, 0x6f, 0x6c, 0x79, 0x5f, 0x53, 0x48, 0x41, 0x32, 0x35, 0x36,
]);
const XXPSK3_SIZE: i32 = 36;
/** "Noise_KK_25519_ChaChaPoly_SHA256": exactly a hash long, so taken as it is. */
const KK: usize = memory.data<u8>([
  0x4e, 0x6f, 0x69, 0x73, 0x65, 0x5f, 0x4b, 0x4b, 0x5f, 0x32, 0x35, 0x35, 0x31, 0x39, 0x5f, 0x43, 0x68, 0x61, 0x43, 0x68, 0x61, 0x50,
  0x6f, 0x6c, 0x79, 0x5f, 0x53, 0x48, 0x41, 0x32, 0x35, 0x36,
]);
const BASE_POINT: usize = memory.data<u8>([
  9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

/** e(32), s(32 + tag), tag of the payload: what XXpsk3's second message adds to its payload. */
export const XX2_OVERHEAD: i32 = 32 + 48 + 16;
/** Where the caller puts that payload. */
export const XX2_PAYLOAD: i32 = 32 + 48;
export const KK2_OVERHEAD: i32 = 32 + 16;
export const KK2_PAYLOAD: i32 = 32;
const XX1_SIZE: i32 = 48;
const XX3_OVERHEAD: i32 = 48 + 16;
const KK1_SIZE: i32 = 48;

// SymmetricState and CipherState (5.1, 5.2), DH keys (5.3); all of it lives at `state`, so that one wipe forgets it.
const STATE_SIZE: i32 = 288;
const state: usize = memory.data(STATE_SIZE);
const h: usize = state;
const ck: usize = state + 32;
const k: usize = state + 64;
const secretE: usize = state + 96;
const publicE: usize = state + 128;
const remoteE: usize = state + 160;
const remoteS: usize = state + 192;
const shared: usize = state + 224;
const nonce: usize = state + 256;
const pairOut: usize = memory.data(96);
let n: u64 = 0;
/** The card's static key pair, secret(32) | public(32), lent by the caller for each step. */
let own: usize = 0;

/** The phone's static key, once it is known. */
export function noiseRemoteStatic(): usize {
  return remoteS;
}

export function noiseHash(): usize {
  return h;
}

export function noiseWipe(): void {
  wipe(state, STATE_SIZE);
  n = 0;
}

/** XXpsk3, first message: `-> e`. Its payload, empty here, lies behind the key under a key made of it (9.2). */
export function xxRead1(prologue: usize, prologueLength: i32, message: usize, length: i32): Status {
  if (length < XX1_SIZE) return Status.MessageMalformed;
  noiseWipe();
  sha256(XXPSK3, XXPSK3_SIZE, h);
  begin(prologue, prologueLength);
  readE(message, true);
  return decryptAndHash(message + KEY_SIZE, length - KEY_SIZE);
}

/** XXpsk3, second message: `<- e, ee, s, es`. The payload waits at `message` + XX2_PAYLOAD; all is sealed in place. */
export function xxWrite2(pair: usize, message: usize, payloadLength: i32): Status {
  own = pair;
  writeE(message, true);
  if (mixDh(secretE, remoteE) != 0) return Status.CryptoFailed;
  memory.copy(message + KEY_SIZE, own + KEY_SIZE, KEY_SIZE);
  encryptAndHash(message + KEY_SIZE, KEY_SIZE);
  if (mixDh(own, remoteE) != 0) return Status.CryptoFailed;
  encryptAndHash(message + XX2_PAYLOAD, payloadLength);
  return Status.Ok;
}

/** XXpsk3, third message: `-> s, se, psk`. The payload is opened in place at `message` + 48, `length` - 64 octets. */
export function xxRead3(psk: usize, message: usize, length: i32): Status {
  if (length < XX3_OVERHEAD) return Status.MessageMalformed;
  const status = decryptAndHash(message, KEY_SIZE + TAG_SIZE);
  if (status != Status.Ok) return status;
  memory.copy(remoteS, message, KEY_SIZE);
  if (mixDh(secretE, remoteS) != 0) return Status.CryptoFailed;
  mixKeyAndHash(psk);
  return decryptAndHash(message + 48, length - 48);
}

/** KK, first message: `-> e, es, ss`, from the phone whose static key is `phone`. */
export function kkRead1(pair: usize, phone: usize, prologue: usize, prologueLength: i32, message: usize, length: i32): Status {
  if (length < KK1_SIZE) return Status.MessageMalformed;
  noiseWipe();
  own = pair;
  memory.copy(h, KK, HASH_SIZE);
  begin(prologue, prologueLength);
  memory.copy(remoteS, phone, KEY_SIZE);
  mixHash(remoteS, KEY_SIZE); // pre-messages, initiator's first (5.3)
  mixHash(own + KEY_SIZE, KEY_SIZE);
  readE(message, false);
  if (mixDh(own, remoteE) != 0 || mixDh(own, remoteS) != 0) return Status.CryptoFailed;
  return decryptAndHash(message + KEY_SIZE, length - KEY_SIZE);
}

/** KK, second message: `<- e, ee, se`. The payload waits at `message` + KK2_PAYLOAD. */
export function kkWrite2(message: usize, payloadLength: i32): Status {
  writeE(message, false);
  if (mixDh(secretE, remoteE) != 0 || mixDh(secretE, remoteS) != 0) return Status.CryptoFailed;
  encryptAndHash(message + KK2_PAYLOAD, payloadLength);
  return Status.Ok;
}

/** Split (5.2): the keys from phone to card and from card to phone. */
export function noiseSplit(fromPhone: usize, toPhone: usize): void {
  derive(0, 0, 2);
  memory.copy(fromPhone, pairOut, KEY_SIZE);
  memory.copy(toPhone, pairOut + KEY_SIZE, KEY_SIZE);
  wipe(pairOut, 96);
}

function begin(prologue: usize, length: i32): void {
  memory.copy(ck, h, HASH_SIZE);
  mixHash(prologue, length);
}

function readE(message: usize, psk: bool): void {
  memory.copy(remoteE, message, KEY_SIZE);
  mixHash(remoteE, KEY_SIZE);
  if (psk) mixKey(remoteE);
}

function writeE(message: usize, psk: bool): void {
  fill(secretE, KEY_SIZE);
  x25519(secretE, BASE_POINT, publicE);
  memory.copy(message, publicE, KEY_SIZE);
  mixHash(publicE, KEY_SIZE);
  if (psk) mixKey(publicE);
}

function mixDh(secret: usize, point: usize): i32 {
  const status = x25519(secret, point, shared);
  mixKey(shared);
  return status;
}

function mixHash(data: usize, length: i32): void {
  memory.copy(scratch, h, HASH_SIZE);
  memory.copy(scratch + HASH_SIZE, data, length);
  sha256(scratch, HASH_SIZE + length, h);
  wipe(scratch, SCRATCH_SIZE);
}

function mixKey(ikm: usize): void {
  derive(ikm, KEY_SIZE, 2);
  memory.copy(ck, pairOut, HASH_SIZE);
  memory.copy(k, pairOut + HASH_SIZE, KEY_SIZE);
  wipe(pairOut, 96);
  n = 0;
}

function mixKeyAndHash(psk: usize): void {
  derive(psk, KEY_SIZE, 3);
  memory.copy(ck, pairOut, HASH_SIZE);
  mixHash(pairOut + HASH_SIZE, HASH_SIZE);
  memory.copy(k, pairOut + 64, KEY_SIZE);
  wipe(pairOut, 96);
  n = 0;
}

/** HKDF(ck, ikm, outputs) of 4.3: RFC 5869 with an empty info. */
function derive(ikm: usize, length: i32, outputs: i32): void {
  extract(ck, HASH_SIZE, ikm, length, shared);
  expand(shared, 0, 0, outputs * HASH_SIZE, pairOut);
  wipe(shared, HASH_SIZE);
}

function encryptAndHash(data: usize, length: i32): void {
  nextNonce();
  seal(k, nonce, h, HASH_SIZE, data, length);
  mixHash(data, length + TAG_SIZE);
}

/** Opens in place; the hash takes in the ciphertext, so it is hashed before (5.2). */
function decryptAndHash(data: usize, length: i32): Status {
  if (length > SCRATCH_SIZE - HASH_SIZE) return Status.MessageTooLong;
  nextNonce();
  memory.copy(shared, h, HASH_SIZE);
  mixHash(data, length);
  const status = open(k, nonce, shared, HASH_SIZE, data, length);
  wipe(shared, HASH_SIZE);
  return status == 0 ? Status.Ok : Status.SessionAuthFailed;
}

function nextNonce(): void {
  store<u32>(nonce, 0);
  store<u64>(nonce + 4, n);
  n++;
}
