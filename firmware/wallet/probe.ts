// For tests alone: the wallet's parts, open, so that public vectors reach the code as it is built. Never shipped.
import * as cbor from "../common/cbor";
import { hmac, expand, extract } from "../crypto/hkdf";
import { openBase } from "../crypto/hpke";
import { sign1From, sign1Parse, sign1Payload, sign1PayloadLength, sign1Verify } from "./cose";
import * as f2f from "./f2f";
import * as grant from "./grant";
import { consistent, included, leafHash } from "./merkle";
import * as noise from "./noise";
import { emissionMs } from "./plan";
import { track1Frame, track2Frame, tracksCheck } from "./tracks";

const area: usize = memory.data(16384);

export function heapBase(): usize { return __heap_base; }
export function work(): usize { return area; }
export { hmac, expand, extract, openBase, sign1From, sign1Parse, sign1Payload, sign1PayloadLength, sign1Verify, leafHash, included, consistent };
export function xxRead1(p: usize, pl: i32, m: usize, l: i32): i32 { return noise.xxRead1(p, pl, m, l); }
export function xxWrite2(pair: usize, m: usize, l: i32): i32 { return noise.xxWrite2(pair, m, l); }
export function xxRead3(psk: usize, m: usize, l: i32): i32 { return noise.xxRead3(psk, m, l); }
export function kkRead1(pair: usize, phone: usize, p: usize, pl: i32, m: usize, l: i32): i32 { return noise.kkRead1(pair, phone, p, pl, m, l); }
export function kkWrite2(m: usize, l: i32): i32 { return noise.kkWrite2(m, l); }
export function split(a: usize, b: usize): void { noise.noiseSplit(a, b); }
export function noiseHash(): usize { return noise.noiseHash(); }
/** Reads a grant and checks its tracks; then `track` puts one track alone into the interval buffer. */
export function grantRead(at: usize, length: i32): i32 { return grant.grantRead(at, length); }
export function tracks(): i32 { return tracksCheck(); }
export function track(number: i32, zeros: i32, cellUs: i32, reversed: i32): i32 {
  f2f.f2fClear();
  f2f.f2fZeros(zeros, cellUs);
  const fits = number == 1 ? track1Frame() : track2Frame();
  return fits ? f2f.f2fPut(cellUs, reversed != 0) : -1;
}
export function trailing(zeros: i32, cellUs: i32): i32 { return f2f.f2fZeros(zeros, cellUs); }
export function intervals(): usize { return f2f.f2fIntervals(); }
export function intervalCount(): i32 { return f2f.f2fCount(); }
/** Rule 5's limit. */
export function emission(passMs: i32, passes: i32): i32 { return emissionMs(passMs, passes); }
/** Any bits, for the property that all of them come back. */
export function bits(at: usize, count: i32, cellUs: i32, reversed: i32): i32 {
  f2f.f2fClear();
  for (let i = 0; i < count; i++) if (!f2f.f2fAdd(load<u8>(at + i), 1)) return -1;
  return f2f.f2fPut(cellUs, reversed != 0);
}
/** Reads any one CBOR item of our profile, strings and numbers and containers, without recursion; 1 where it is fine. */
export function cborWalk(at: usize, length: i32): i32 {
  cbor.open(at, length);
  let items = 1;
  for (let steps = 0; items > 0 && steps < 512; steps++) {
    if (!cbor.fine() || cbor.where() >= at + length) return 0;
    const major: u32 = load<u8>(cbor.where()) >> 5;
    items--;
    if (major == cbor.MAJOR_BYTES) cbor.bytes(0, length);
    else if (major == cbor.MAJOR_TEXT) cbor.text(0, length);
    else if (major == 7) {
      if (!cbor.nil()) return 0;
    } else {
      const value = cbor.head(major);
      if (value > 512 && major >= cbor.MAJOR_ARRAY) return 0;
      if (major == cbor.MAJOR_ARRAY) items += <i32>value;
      else if (major == cbor.MAJOR_MAP) items += 2 * <i32>value;
      else if (major == cbor.MAJOR_TAG) items += 1;
    }
  }
  return cbor.done() && items == 0 ? 1 : 0;
}
