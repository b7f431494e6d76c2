// The sums of ../src/search/acquire/tones.ts in AssemblyScript: two frequencies at a time, each summed in the order of the typed arrays, so that
// both come to the same bits. Memory is static: tone-loop.ts beside them puts tables and a block of samples there, and takes the sums.

const PART: i32 = 16;
const HALF: i32 = PART / 2;
const BINS: i32 = 13;
/** Frequencies by two, the last one with nothing beside it. */
const PAIRS: i32 = (BINS + 1) / 2;
const TURNS: i32 = 8;
/** Parts in a block: whole turns. */
export const PARTS: i32 = 256;

/** Of a pair at each distance from a part's middle; to turn a pair from there to the beginning. 64-bit. */
export const COS: usize = memory.data(PAIRS * HALF * 16, 16);
export const SIN: usize = memory.data(PAIRS * HALF * 16, 16);
export const TURN_COS: usize = memory.data(TURNS * PAIRS * 16, 16);
export const TURN_SIN: usize = memory.data(TURNS * PAIRS * 16, 16);
/** 32-bit. */
export const SAMPLES: usize = memory.data(PARTS * PART * 4, 16);
/** Part by part, frequency by frequency, 64-bit. One more than that: the last pair's second value is nobody's. */
export const RE: usize = memory.data((PARTS * BINS + 1) * 8, 16);
export const IM: usize = memory.data((PARTS * BINS + 1) * 8, 16);

/** Sums of the first `parts` of SAMPLES, at most PARTS. */
export function tones(parts: i32): void {
  for (let part = 0; part < parts; part++) {
    const from = SAMPLES + ((<usize>(part * PART)) << 2);
    // Even and odd about the part's middle: once for all pairs.
    const e0 = even(from, 0);
    const o0 = odd(from, 0);
    const e1 = even(from, 1);
    const o1 = odd(from, 1);
    const e2 = even(from, 2);
    const o2 = odd(from, 2);
    const e3 = even(from, 3);
    const o3 = odd(from, 3);
    const e4 = even(from, 4);
    const o4 = odd(from, 4);
    const e5 = even(from, 5);
    const o5 = odd(from, 5);
    const e6 = even(from, 6);
    const o6 = odd(from, 6);
    const e7 = even(from, 7);
    const o7 = odd(from, 7);
    let turn = (<usize>((part % TURNS) * PAIRS)) << 4;
    let to = (<usize>(part * BINS)) << 3;
    let at: usize = 0;
    for (let pair = 0; pair < PAIRS; pair++) {
      let c = f64x2.mul(e0, v128.load(COS + at));
      let s = f64x2.mul(o0, v128.load(SIN + at));
      c = f64x2.add(c, f64x2.mul(e1, v128.load(COS + at, 16)));
      s = f64x2.add(s, f64x2.mul(o1, v128.load(SIN + at, 16)));
      c = f64x2.add(c, f64x2.mul(e2, v128.load(COS + at, 32)));
      s = f64x2.add(s, f64x2.mul(o2, v128.load(SIN + at, 32)));
      c = f64x2.add(c, f64x2.mul(e3, v128.load(COS + at, 48)));
      s = f64x2.add(s, f64x2.mul(o3, v128.load(SIN + at, 48)));
      c = f64x2.add(c, f64x2.mul(e4, v128.load(COS + at, 64)));
      s = f64x2.add(s, f64x2.mul(o4, v128.load(SIN + at, 64)));
      c = f64x2.add(c, f64x2.mul(e5, v128.load(COS + at, 80)));
      s = f64x2.add(s, f64x2.mul(o5, v128.load(SIN + at, 80)));
      c = f64x2.add(c, f64x2.mul(e6, v128.load(COS + at, 96)));
      s = f64x2.add(s, f64x2.mul(o6, v128.load(SIN + at, 96)));
      c = f64x2.add(c, f64x2.mul(e7, v128.load(COS + at, 112)));
      s = f64x2.neg(f64x2.add(s, f64x2.mul(o7, v128.load(SIN + at, 112))));
      const cos = v128.load(TURN_COS + turn);
      const sin = v128.load(TURN_SIN + turn);
      v128.store(RE + to, f64x2.add(f64x2.mul(c, cos), f64x2.mul(s, sin)));
      v128.store(IM + to, f64x2.sub(f64x2.mul(s, cos), f64x2.mul(c, sin)));
      at += HALF << 4;
      turn += 16;
      to += 16;
    }
  }
}

// @ts-ignore: decorator
@inline
function even(from: usize, i: i32): v128 {
  return f64x2.splat(<f64>load<f32>(from + ((<usize>(HALF + i)) << 2)) + <f64>load<f32>(from + ((<usize>(HALF - 1 - i)) << 2)));
}

// @ts-ignore: decorator
@inline
function odd(from: usize, i: i32): v128 {
  return f64x2.splat(<f64>load<f32>(from + ((<usize>(HALF + i)) << 2)) - <f64>load<f32>(from + ((<usize>(HALF - 1 - i)) << 2)));
}
