// Octets in static memory: compare, overwrite, numbers in both orders. Links are little-endian, hashes big-endian.

/** Equal octets, in a time that depends on the length alone. */
export function equal(a: usize, b: usize, length: i32): bool {
  let difference: u32 = 0;
  for (let i = 0; i < length; i++) difference |= load<u8>(a + i) ^ load<u8>(b + i);
  return difference == 0;
}

/** Overwrites a secret. */
export function wipe(at: usize, length: i32): void {
  memory.fill(at, 0, length);
}

export function putU32be(at: usize, value: u32): void {
  store<u32>(at, bswap<u32>(value));
}

/** Remainder of a big-endian number of `length` octets by a modulus below 2^55. */
export function modulo(at: usize, length: i32, modulus: u64): u64 {
  let rest: u64 = 0;
  for (let i = 0; i < length; i++) rest = ((rest << 8) | load<u8>(at + i)) % modulus;
  return rest;
}

/** `value` as exactly `digits` decimal ASCII digits at `at`; higher digits are dropped. */
export function putDecimal(at: usize, value: u64, digits: i32): void {
  for (let i = digits - 1; i >= 0; i--) {
    store<u8>(at + i, <u8>(0x30 + (value % 10)));
    value /= 10;
  }
}

/** `length` octets as upper-case hexadecimal ASCII, twice as long. */
export function putHex(at: usize, from: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(from + i);
    store<u8>(at + (i << 1), hexDigit(byte >> 4));
    store<u8>(at + (i << 1) + 1, hexDigit(byte & 15));
  }
}

function hexDigit(nibble: u32): u8 {
  return <u8>(nibble < 10 ? 0x30 + nibble : 0x37 + nibble);
}
