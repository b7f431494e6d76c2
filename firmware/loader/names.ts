// Names in SMP's maps: ASCII, told apart and written. AssemblyScript keeps strings as UTF-16.
import { MAJOR_TEXT, putHead, putRaw } from "../common/cbor";

const char: usize = memory.data(1);

/** Are the `length` octets at `at` this name? */
export function isName(at: usize, length: i32, name: string): bool {
  if (length != name.length) return false;
  for (let i = 0; i < length; i++) if (<u16>load<u8>(at + i) != load<u16>(changetype<usize>(name) + (i << 1))) return false;
  return true;
}

export function putName(name: string): void {
  putHead(MAJOR_TEXT, name.length);
  putAscii(name);
}

/** The name's octets alone. */
export function putAscii(name: string): void {
  for (let i = 0; i < name.length; i++) {
    store<u8>(char, <u8>load<u16>(changetype<usize>(name) + (i << 1)));
    putRaw(char, 1);
  }
}
