// How many decibels a reader is behind its limit: how much noisier the genie's swipes could be for it to fare as the reader does.

/** Shares, per cent, at one SNR. */
export interface Point {
  readonly snrDb: number;
  readonly reader: number;
  readonly limit: number;
}

/** Shares beyond these say nothing of how far it is to the other curve. */
const LEAST = 2;
const MOST = 98;

/** Mean distance of the reader's curve from its limit's; undefined where no two points of the limit enclose one of the reader's. */
export function lossDb(points: readonly Point[]): number | undefined {
  const sorted = [...points].sort((a, b) => a.snrDb - b.snrDb);
  const losses: number[] = [];
  for (const { snrDb, reader } of sorted) {
    // Nor does one that was not asked.
    if (!(reader >= LEAST && reader <= MOST)) continue;
    for (const [i, high] of sorted.entries()) {
      const low = sorted[i - 1];
      if (low === undefined || reader < low.limit || reader > high.limit || !(high.limit > low.limit)) continue;
      const [a, b, at] = [low.limit, high.limit, reader].map(logit);
      losses.push(snrDb - (low.snrDb + ((at! - a!) / (b! - a!)) * (high.snrDb - low.snrDb)));
      break;
    }
  }
  return losses.length === 0 ? undefined : losses.reduce((a, b) => a + b) / losses.length;
}

/** Between its ends, a share of swipes grows with the SNR about as a logistic curve does. */
function logit(percent: number): number {
  const share = Math.max(1e-3, Math.min(1 - 1e-3, percent / 100));
  return Math.log(share / (1 - share));
}
