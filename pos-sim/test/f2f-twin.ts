// The bit slicer as one would write it on a napkin: learn the cell from the first zeros, call an interval below three
// quarters of it half a one. Slow to see why it fails, but plain; on clean swipes it must agree with the fast one.

/** Bits from the intervals between reversals, or null where a half cell has no partner. */
export function sliceSlowly(intervals: readonly number[], clockingBits = 6): number[] | null {
  let cell = intervals.slice(0, clockingBits).reduce((sum, width) => sum + width, 0) / clockingBits;
  const bits: number[] = [];
  for (let i = 0; i < intervals.length; i++) {
    let width = intervals[i]!;
    let bit = 0;
    if (width < cell * 0.75) {
      const second = intervals[++i];
      if (second === undefined || second >= cell * 0.75) return null;
      width += second;
      bit = 1;
    }
    cell += (width - cell) * 0.25;
    bits.push(bit);
  }
  return bits;
}
