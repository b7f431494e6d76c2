// What cells say, read in both directions: texts by their posterior probabilities.

import { trackBits } from "../../signal/stripe.js";
import { TRACK_FORMATS } from "../../track-format.js";
import { Background } from "./background.js";
import { FREE, POLARITY, REVERSALS } from "./chain.js";
import { certainties } from "./characters.js";
import { CodeTrellis, type Found } from "./lattice.js";
import { addLog, type CellMetrics, Weights } from "./weights.js";

/** A text that a swipe may hold. */
export interface Likely {
  readonly symbolBits: 5 | 7;
  readonly data: string;
  readonly direction: "forward" | "reverse";
  /** Posterior probability against every other text and no text, each symbol equally likely beforehand. */
  readonly probability: number;
  /** Start sentinel to LRC, in cells of the stretch. */
  readonly from: number;
  readonly to: number;
  /** Of each character of `data`, the probability that it is right, whatever the others are. Worked out when it is asked for. */
  readonly characters: () => Float64Array;
}

const TRELLISES = new Map(
  [POLARITY, REVERSALS].map((chain) => [
    chain,
    { 5: new CodeTrellis(TRACK_FORMATS[3], chain), 7: new CodeTrellis(TRACK_FORMATS[1], chain) },
  ]),
);
/** Texts, likeliest first, and the logarithm of the likelihood of all of them and of none together. */
export interface Said {
  readonly likely: readonly Likely[];
  readonly total: number;
}

/** Texts by their posterior probabilities, over what the metrics say in both directions. */
export function likeliest(metricsBy: (reverse: boolean) => CellMetrics, formats: readonly (5 | 7)[]): Said {
  let none = 0;
  let total = Number.NEGATIVE_INFINITY;
  const found: (Omit<Likely, "probability"> & { readonly score: number })[] = [];
  for (const direction of ["forward", "reverse"] as const) {
    const weights = new Weights(metricsBy(direction === "reverse"));
    const { cells } = weights;
    const background = new Background(weights);
    if (direction === "forward") total = none = background.total;
    // Odds to no text, read in the same direction: sums of the two differ a little.
    const aside = none - background.total;
    for (const format of formats) {
      const trellis = TRELLISES.get(weights.chain)![format];
      const { total: texts, best } = trellis.decode(weights, background);
      total = addLog(total, texts + aside);
      if (best === undefined) continue;
      found.push({
        symbolBits: best.symbolBits,
        data: textOf(best),
        direction,
        score: best.score + aside,
        from: direction === "forward" ? best.from : cells - best.to,
        to: direction === "forward" ? best.to : cells - best.from,
        characters: () => certainties(trellis, weights, background, best, total - aside),
      });
    }
  }
  const likely = found
    .map(({ score, ...likely }) => ({ ...likely, probability: Math.min(1, Math.exp(score - total)) }))
    .sort((a, b) => b.probability - a.probability);
  return { likely, total };
}

/** Of two ways to see the same cells, both together. @param odds - Logarithm of the prior odds of the second one. */
export function either(one: Said, other: Said, odds: number): readonly Likely[] {
  const share = 1 / (1 + Math.exp(other.total + odds - one.total));
  const same = (a: Likely, b: Likely): boolean =>
    a.data === b.data && a.direction === b.direction && a.symbolBits === b.symbolBits && a.from === b.from;
  const all = [
    ...one.likely.map((likely) => ({
      ...likely,
      probability:
        share * likely.probability +
        (1 - share) * (other.likely.find((there) => same(there, likely))?.probability ?? 0),
    })),
    ...other.likely
      .filter((likely) => !one.likely.some((there) => same(there, likely)))
      .map((likely) => ({ ...likely, probability: (1 - share) * likely.probability })),
  ];
  return all.sort((a, b) => b.probability - a.probability);
}

/** Worth a second look: not where nothing is likely, nor where there is no doubt. */
export function isInDoubt({ probability }: Likely): boolean {
  return probability > UNLIKELY && probability < BEYOND_DOUBT;
}

const UNLIKELY = 0.01;
const BEYOND_DOUBT = 1 - 1e-12;

/** The bits of a text where it lies, in the order of time. */
export function bitsWith({ symbolBits, data, direction, from }: Likely, cells: number): Uint8Array {
  const bits = new Uint8Array(cells).fill(FREE);
  const text = trackBits(symbolBits === 7 ? 1 : 2, data);
  bits.set(direction === "forward" ? text : text.reverse(), from);
  return bits;
}

function textOf({ symbols, symbolBits }: Found): string {
  const offset = symbolBits === 5 ? TRACK_FORMATS[2].offset : TRACK_FORMATS[1].offset;
  return String.fromCharCode(...Array.from(symbols.subarray(0, -1), (symbol) => symbol + offset));
}
