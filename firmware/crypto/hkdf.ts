// HMAC (RFC 2104) and HKDF (RFC 5869) over the SHA-256 of the machine.
import { sha256 } from "../ports/crypto";
import { wipe } from "../common/bytes";
import { SCRATCH_SIZE, scratch } from "./scratch";

const BLOCK: i32 = 64;
export const HASH_SIZE: i32 = 32;
/** Longest message `hmac` takes. */
export const HMAC_MAX: i32 = SCRATCH_SIZE - BLOCK;

const okm: usize = memory.data(HASH_SIZE + 256);
const inner: usize = memory.data(HASH_SIZE);

/** HMAC-SHA256 with a key of at most 64 octets and a message of at most HMAC_MAX. `out` may overlap either. */
export function hmac(key: usize, keyLength: i32, data: usize, length: i32, out: usize): void {
  pad(key, keyLength, 0x36);
  memory.copy(scratch + BLOCK, data, length);
  sha256(scratch, BLOCK + length, inner);
  pad(key, keyLength, 0x5c);
  memory.copy(scratch + BLOCK, inner, HASH_SIZE);
  sha256(scratch, BLOCK + HASH_SIZE, out);
  wipe(scratch, BLOCK + max(length, HASH_SIZE));
  wipe(inner, HASH_SIZE);
}

/** RFC 5869 2.2 */
export function extract(salt: usize, saltLength: i32, ikm: usize, length: i32, prk: usize): void {
  hmac(salt, saltLength, ikm, length, prk);
}

/** RFC 5869 2.3: `length` octets at `out`; `info` at most 255 octets. */
export function expand(prk: usize, info: usize, infoLength: i32, length: i32, out: usize): void {
  let had = 0;
  for (let i = 1; had < length; i++) {
    const kept = i == 1 ? 0 : HASH_SIZE;
    memory.copy(okm + kept, info, infoLength);
    store<u8>(okm + kept + infoLength, <u8>i);
    hmac(prk, HASH_SIZE, okm, kept + infoLength + 1, okm);
    const part = min(HASH_SIZE, length - had);
    memory.copy(out + had, okm, part);
    had += part;
  }
  wipe(okm, HASH_SIZE + infoLength + 1);
}

/** Extract, then expand. */
export function hkdf(
  salt: usize, saltLength: i32, ikm: usize, ikmLength: i32, info: usize, infoLength: i32, length: i32, out: usize,
): void {
  extract(salt, saltLength, ikm, ikmLength, prk);
  expand(prk, info, infoLength, length, out);
  wipe(prk, HASH_SIZE);
}

const prk: usize = memory.data(HASH_SIZE);

function pad(key: usize, length: i32, with_: u8): void {
  memory.fill(scratch, with_, BLOCK);
  let i = 0;
  const eight: u64 = 0x0101010101010101 * <u64>with_;
  for (; i + 8 <= length; i += 8) store<u64>(scratch + i, load<u64>(key + i) ^ eight);
  for (; i < length; i++) store<u8>(scratch + i, load<u8>(key + i) ^ with_);
}
