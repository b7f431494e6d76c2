// HPKE (RFC 9180), the receiver of base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. One message a context.
import { open, x25519 } from "../ports/crypto";
import { wipe } from "../common/bytes";
import { expand, extract, HASH_SIZE } from "./hkdf";
import { Status } from "../../wire/status";
import { KEY_SIZE, TAG_SIZE } from "../../wire/limits";

const NONCE_SIZE: i32 = 12;
/** "KEM" 0x0020: DHKEM(X25519, HKDF-SHA256), RFC 9180 4.1 */
const KEM_SUITE: usize = memory.data<u8>([0x4b, 0x45, 0x4d, 0x00, 0x20]);
/** "HPKE" 0x0020 0x0001 0x0003, RFC 9180 5.1 */
const HPKE_SUITE: usize = memory.data<u8>([0x48, 0x50, 0x4b, 0x45, 0x00, 0x20, 0x00, 0x01, 0x00, 0x03]);
const VERSION: usize = memory.data<u8>([0x48, 0x50, 0x4b, 0x45, 0x2d, 0x76, 0x31]); // "HPKE-v1"
const EAE_PRK: usize = memory.data<u8>([0x65, 0x61, 0x65, 0x5f, 0x70, 0x72, 0x6b]); // "eae_prk"
const SHARED_SECRET: usize = memory.data<u8>([
  0x73, 0x68, 0x61, 0x72, 0x65, 0x64, 0x5f, 0x73, 0x65, 0x63, 0x72, 0x65, 0x74, // "shared_secret"
]);
const PSK_ID_HASH: usize = memory.data<u8>([0x70, 0x73, 0x6b, 0x5f, 0x69, 0x64, 0x5f, 0x68, 0x61, 0x73, 0x68]); // "psk_id_hash"
const INFO_HASH: usize = memory.data<u8>([0x69, 0x6e, 0x66, 0x6f, 0x5f, 0x68, 0x61, 0x73, 0x68]); // "info_hash"
const SECRET: usize = memory.data<u8>([0x73, 0x65, 0x63, 0x72, 0x65, 0x74]); // "secret"
const KEY: usize = memory.data<u8>([0x6b, 0x65, 0x79]); // "key"
const BASE_NONCE: usize = memory.data<u8>([0x62, 0x61, 0x73, 0x65, 0x5f, 0x6e, 0x6f, 0x6e, 0x63, 0x65]); // "base_nonce"

const dh: usize = memory.data(KEY_SIZE);
const secret: usize = memory.data(HASH_SIZE);
const context: usize = memory.data(1 + 2 * HASH_SIZE);
const key: usize = memory.data(KEY_SIZE);
const nonce: usize = memory.data(NONCE_SIZE);
const labeled: usize = memory.data(192);

/**
 * Opens `sealed` = enc(32) | ciphertext | tag in place: the plaintext lies at `sealed` + 32, `length` - 48 octets.
 * `pair` = secret key(32) | public key(32). `SealInvalid`, and nothing changed, where it does not open.
 */
export function openBase(
  pair: usize, sealed: usize, length: i32, info: usize, infoLength: i32, aad: usize, aadLength: i32,
): Status {
  if (length < KEY_SIZE + TAG_SIZE) return Status.SealInvalid;
  let status: i32 = x25519(pair, sealed, dh);
  if (status == 0) {
    // RFC 9180 4.1 Decap: kem_context = enc | pkRm
    memory.copy(context, sealed, KEY_SIZE);
    memory.copy(context + KEY_SIZE, pair + KEY_SIZE, KEY_SIZE);
    labeledExtract(KEM_SUITE, 5, 0, 0, EAE_PRK, 7, dh, KEY_SIZE, secret);
    labeledExpand(KEM_SUITE, 5, secret, SHARED_SECRET, 13, context, 2 * KEY_SIZE, HASH_SIZE, secret);
    keySchedule(info, infoLength);
    status = open(key, nonce, aad, aadLength, sealed + KEY_SIZE, length - KEY_SIZE);
  }
  wipe(dh, KEY_SIZE);
  wipe(secret, HASH_SIZE);
  wipe(key, KEY_SIZE);
  wipe(nonce, NONCE_SIZE);
  wipe(context, 1 + 2 * HASH_SIZE);
  wipe(labeled, 192);
  return status == 0 ? Status.Ok : Status.SealInvalid;
}

/** RFC 9180 5.1, mode_base: no PSK, an empty psk_id. */
function keySchedule(info: usize, infoLength: i32): void {
  store<u8>(context, 0);
  labeledExtract(HPKE_SUITE, 10, 0, 0, PSK_ID_HASH, 11, 0, 0, context + 1);
  labeledExtract(HPKE_SUITE, 10, 0, 0, INFO_HASH, 9, info, infoLength, context + 1 + HASH_SIZE);
  labeledExtract(HPKE_SUITE, 10, secret, HASH_SIZE, SECRET, 6, 0, 0, secret);
  labeledExpand(HPKE_SUITE, 10, secret, KEY, 3, context, 1 + 2 * HASH_SIZE, KEY_SIZE, key);
  labeledExpand(HPKE_SUITE, 10, secret, BASE_NONCE, 10, context, 1 + 2 * HASH_SIZE, NONCE_SIZE, nonce);
}

/** RFC 9180 4: Extract(salt, "HPKE-v1" | suite_id | label | ikm) */
function labeledExtract(
  suite: usize, suiteLength: i32, salt: usize, saltLength: i32, label: usize, labelLength: i32, ikm: usize, ikmLength: i32, out: usize,
): void {
  const length = prefix(labeled, suite, suiteLength, label, labelLength);
  memory.copy(labeled + length, ikm, ikmLength);
  extract(salt, saltLength, labeled, length + ikmLength, out);
}

/** RFC 9180 4: Expand(prk, I2OSP(L, 2) | "HPKE-v1" | suite_id | label | info, L) */
function labeledExpand(
  suite: usize, suiteLength: i32, prk: usize, label: usize, labelLength: i32, info: usize, infoLength: i32, size: i32, out: usize,
): void {
  store<u8>(labeled, 0);
  store<u8>(labeled + 1, <u8>size);
  const length = 2 + prefix(labeled + 2, suite, suiteLength, label, labelLength);
  memory.copy(labeled + length, info, infoLength);
  expand(prk, labeled, length + infoLength, size, out);
}

function prefix(at: usize, suite: usize, suiteLength: i32, label: usize, labelLength: i32): i32 {
  memory.copy(at, VERSION, 7);
  memory.copy(at + 7, suite, suiteLength);
  memory.copy(at + 7 + suiteLength, label, labelLength);
  return 7 + suiteLength + labelLength;
}
