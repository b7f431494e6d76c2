// Two of the reader's hot loops once more, in AssemblyScript: the sums of pos-sim/src/search/tones.ts, plain and four at a time, and
// `glance` of pos-sim/src/search/pulse.ts. For the comparison that docs/reader.md quotes; nothing else uses it.

const PART: i32 = 16;
const BINS: i32 = 13;
const TURNS: i32 = 8;

/** From a part's middle to the recording's beginning. */
function turned(part: i32, bin: i32, c: f64, s: f64, turnCos: usize, turnSin: usize, re: usize, im: usize): void {
  const turn = (<usize>((part % TURNS) * BINS + bin)) << 3;
  const cos = load<f64>(turnCos + turn);
  const sin = load<f64>(turnSin + turn);
  const to = (<usize>(part * BINS + bin)) << 3;
  store<f64>(re + to, c * cos + s * sin);
  store<f64>(im + to, s * cos - c * sin);
}

/** Tables are of half a part, 64-bit. */
export function tones(
  samples: usize,
  parts: i32,
  cos: usize,
  sin: usize,
  turnCos: usize,
  turnSin: usize,
  re: usize,
  im: usize,
): void {
  const half = PART / 2;
  for (let part = 0; part < parts; part++) {
    const from = samples + ((<usize>(part * PART)) << 2);
    for (let bin = 0; bin < BINS; bin++) {
      let c: f64 = 0;
      let s: f64 = 0;
      const at = (<usize>(bin * half)) << 3;
      for (let i = 0; i < half; i++) {
        const a = <f64>load<f32>(from + ((<usize>(half + i)) << 2));
        const b = <f64>load<f32>(from + ((<usize>(half - 1 - i)) << 2));
        c += (a + b) * load<f64>(cos + at + ((<usize>i) << 3));
        s -= (a - b) * load<f64>(sin + at + ((<usize>i) << 3));
      }
      turned(part, bin, c, s, turnCos, turnSin, re, im);
    }
  }
}

/** Tables are of a whole part, 32-bit. */
export function tonesByFour(
  samples: usize,
  parts: i32,
  cos: usize,
  sin: usize,
  turnCos: usize,
  turnSin: usize,
  re: usize,
  im: usize,
): void {
  for (let part = 0; part < parts; part++) {
    const from = samples + ((<usize>(part * PART)) << 2);
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    for (let bin = 0; bin < BINS; bin++) {
      const at = (<usize>(bin * PART)) << 2;
      turned(part, bin, sum(a, b, c, d, cos + at), -sum(a, b, c, d, sin + at), turnCos, turnSin, re, im);
    }
  }
}

// @ts-ignore: decorator
@inline
function sum(a: v128, b: v128, c: v128, d: v128, table: usize): f64 {
  const low = f32x4.add(f32x4.mul(a, v128.load(table)), f32x4.mul(b, v128.load(table, 16)));
  const high = f32x4.add(f32x4.mul(c, v128.load(table, 32)), f32x4.mul(d, v128.load(table, 48)));
  const all = f32x4.add(low, high);
  return <f64>(
    (f32x4.extract_lane(all, 0) + f32x4.extract_lane(all, 1) + f32x4.extract_lane(all, 2) + f32x4.extract_lane(all, 3))
  );
}

export function glance(
  samples: usize,
  from: i32,
  to: i32,
  first: f64,
  step: f64,
  table: usize,
  aside: i32,
  into: usize,
): void {
  let x = first;
  let match: f64 = 0;
  let slope: f64 = 0;
  for (let n = from; n <= to; n++) {
    const i = <i32>x;
    const sample = <f64>load<f32>(samples + ((<usize>n) << 2));
    match += sample * load<f64>(table + ((<usize>i) << 3));
    slope += sample * (load<f64>(table + ((<usize>(i - aside)) << 3)) - load<f64>(table + ((<usize>(i + aside)) << 3)));
    x += step;
  }
  store<f64>(into, match);
  store<f64>(into, slope, 8);
}
