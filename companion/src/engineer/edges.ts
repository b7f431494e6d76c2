// What the edges of a pass say by themselves: cells, and how far each interval is off them. F2F (ISO/IEC 7811-2): an interval is a cell, or half of one. The cell is
// taken from the intervals, as a reader must: runs of one length, whose median, halves doubled, is the nominal cell.

export interface Interval {
  /** Of the edge that ends it, nanoseconds from the emission's first edge. */
  readonly atNs: number;
  readonly lengthNs: number;
  readonly kind: "cell" | "half";
  /** How much longer it is than its nominal length. */
  readonly offNs: number;
}

/** Intervals of one cell's length: a track with its zeros, or two tracks where a plan gives both the same. */
export interface Run {
  readonly cellNs: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly intervals: number;
  /** The largest deviation, and the root of the mean of squares. */
  readonly worstNs: number;
  readonly rmsNs: number;
}

export interface PassMeasures {
  readonly runs: readonly Run[];
  readonly intervals: readonly Interval[];
}

/** How far an interval may be off and still be the same cell's, as a share of it: well before a half is as near as a cell. */
const SAME = 0.2;

/** @param edgesNs - Rising. Fewer than two have no interval. */
export function measurePass(edgesNs: readonly number[]): PassMeasures {
  const runs: Run[] = [];
  const intervals: Interval[] = [];
  for (let first = 0; first < edgesNs.length - 1; ) {
    const guess = cellFrom(edgesNs, first);
    let end = first;
    while (end < edgesNs.length - 1 && kindOf(edgesNs[end + 1]! - edgesNs[end]!, guess) !== undefined) end++;
    const own = runOf(edgesNs.slice(first, end + 1), guess);
    runs.push(own.run);
    intervals.push(...own.intervals);
    first = end;
  }
  return { runs, intervals };
}

/** The cell of the run that begins at an edge: its first interval, or twice that where it is half of what first differs from it. */
function cellFrom(edgesNs: readonly number[], first: number): number {
  const lengthNs = edgesNs[first + 1]! - edgesNs[first]!;
  for (let i = first + 1; i < edgesNs.length - 1; i++) {
    const nextNs = edgesNs[i + 1]! - edgesNs[i]!;
    if (kindOf(nextNs, lengthNs) === "cell") continue;
    return kindOf(lengthNs, nextNs) === "half" ? 2 * lengthNs : lengthNs;
  }
  return lengthNs;
}

function kindOf(lengthNs: number, cellNs: number): Interval["kind"] | undefined {
  if (Math.abs(lengthNs - cellNs) <= SAME * cellNs) return "cell";
  return Math.abs(lengthNs - cellNs / 2) <= (SAME * cellNs) / 2 ? "half" : undefined;
}

function runOf(edgesNs: readonly number[], guess: number): { readonly run: Run; readonly intervals: Interval[] } {
  const lengths = edgesNs.slice(1).map((edge, i) => ({ atNs: edge, lengthNs: edge - edgesNs[i]! }));
  const cellNs = medianOf(lengths.map(({ lengthNs: ns }) => (kindOf(ns, guess) === "cell" ? ns : 2 * ns)));
  const intervals = lengths.map(({ atNs, lengthNs }): Interval => {
    const kind = kindOf(lengthNs, guess)!;
    return { atNs, lengthNs, kind, offNs: lengthNs - (kind === "cell" ? cellNs : cellNs / 2) };
  });
  const squares = intervals.reduce((sum, { offNs }) => sum + offNs * offNs, 0);
  return {
    run: {
      ...{ cellNs, fromNs: edgesNs[0]!, toNs: edgesNs[edgesNs.length - 1]!, intervals: intervals.length },
      worstNs: intervals.reduce((most, { offNs }) => Math.max(most, Math.abs(offNs)), 0),
      rmsNs: Math.sqrt(squares / intervals.length),
    },
    intervals,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const RATE_HZ = 200_000;
/** Beside the first and the last edge, seconds. */
const LEAD_S = 0.001;

/** The current's direction, -1 or 1, and 0 where the coil is silent: as a scope takes samples. */
export function currentOf(edgesNs: readonly number[]): {
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
  readonly startS: number;
} {
  const startS = edgesNs[0]! / 1e9 - LEAD_S;
  const length = Math.ceil(((edgesNs[edgesNs.length - 1]! - edgesNs[0]!) / 1e9 + 2 * LEAD_S) * RATE_HZ);
  const samples = new Float32Array(length);
  let passed = 0;
  for (let i = 0; i < length; i++) {
    const atNs = (startS + i / RATE_HZ) * 1e9;
    while (passed < edgesNs.length && edgesNs[passed]! <= atNs) passed++;
    samples[i] = passed === 0 || passed === edgesNs.length ? 0 : passed % 2 === 1 ? 1 : -1;
  }
  return { samples, sampleRateHz: RATE_HZ, startS };
}
