// How deviations are spread, without their order or number: what may be told of a swipe whose bits may not be seen.

/** Deviations of so many per cent have a bar; what lies beyond is in the last ones. */
export const FARTHEST = 60;

/** Bars of one per cent each, from -60 to 60. */
export function spreadOf(values: readonly number[]): number[] {
  const bars = new Array<number>(2 * FARTHEST + 1).fill(0);
  for (const value of values) bars[Math.max(0, Math.min(2 * FARTHEST, Math.round(value) + FARTHEST))]!++;
  return bars;
}

/** The same as whole per cent of all, upwards: how many they were cannot be told, as every one is a cell, and every two a one. */
export function sharesOf(values: readonly number[]): number[] {
  return spreadOf(values).map((count) => (count === 0 ? 0 : Math.ceil((100 * count) / values.length)));
}
