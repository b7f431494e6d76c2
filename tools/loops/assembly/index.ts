// One more of the reader's hot loops in AssemblyScript: `glance` of pos-sim/src/search/fit/pulse.ts. For the comparison that docs/reader.md quotes;
// nothing else uses it, as each call crosses into wasm.

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
