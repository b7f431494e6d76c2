// Medians, and what they tell of a deviation: a few that are far off count for nothing.

/** From a median of magnitudes to a deviation, of a normal one; and from a second difference to what each of its terms has. */
export const DEVIATION = 0.6745;
export const SECOND_DIFFERENCE = Math.sqrt(6);

export function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted[sorted.length >> 1]!;
}
