// What cells say, read in both directions: texts by their posterior probabilities.

import { trackBits } from "../../signal/stripe.js";
import { TRACK_FORMATS, type TrackFormat } from "../../track-format.js";
import { Background } from "./background.js";
import { ASTRAY, type Chain, FREE, LOSSY, POLARITY, REVERSALS } from "./chain.js";
import { certainties } from "./characters.js";
import { Graph } from "./graph.js";
import { Ahead, type CodeResult, CodeTrellis, type Found } from "./lattice.js";
import { graphOfLostClock } from "./lost-clock.js";
import { graphOfMiswritten, MISWRITTEN } from "./miswritten.js";
import { severalOf } from "./several.js";
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

/** Of texts of one format, of those whose LRC is wrong, and of those in which the clock is lost: each made when it is first asked for. */
class Trellises {
  readonly #format: TrackFormat;
  readonly #chain: Chain;
  #right: CodeTrellis | undefined;
  #miswritten: CodeTrellis | undefined;
  #lostClock: CodeTrellis | undefined;

  constructor(track: 1 | 3, chain: Chain) {
    this.#format = TRACK_FORMATS[track];
    this.#chain = chain;
  }

  get right(): CodeTrellis {
    this.#right ??= new CodeTrellis(new Graph(this.#format, this.#chain));
    return this.#right;
  }

  get miswritten(): CodeTrellis {
    this.#miswritten ??= new CodeTrellis(graphOfMiswritten(this.#format, this.#chain));
    return this.#miswritten;
  }

  get lostClock(): CodeTrellis {
    this.#lostClock ??= new CodeTrellis(graphOfLostClock(this.#format, this.#chain));
    return this.#lostClock;
  }
}

const TRELLISES = new Map(
  [POLARITY, LOSSY, ASTRAY, REVERSALS].map((chain) => [
    chain,
    { 5: new Trellises(3, chain), 7: new Trellises(1, chain) },
  ]),
);

/** Texts, likeliest first, and the logarithm of the likelihood of all of them and of none together. */
export interface Said {
  readonly likely: readonly Likely[];
  readonly total: number;
}

/** Texts that are told of one direction and format, where the likeliest one is not certain. */
const SEVERAL = 5;
/** Of all texts and no text together, as a logarithm: what is less likely is not told. */
const WORTH_TELLING = Math.log(1e-4);
/** A text as likely as that is a read, and leaves nothing else worth telling: odds of 100,000 to one. */
export const CERTAIN = 1 - 1e-5;

/**
 * Texts by their posterior probabilities, over what the metrics say in both directions.
 *
 * @param beside - Logarithm of the weight of what else the same cells may be: a text that is nothing beside it is not looked for.
 * @param as - Only texts of this direction and format are looked for.
 */
export function likeliest(
  metricsBy: (reverse: boolean) => CellMetrics,
  formats: readonly (5 | 7)[],
  beside = Number.NEGATIVE_INFINITY,
  as?: Pick<Likely, "direction" | "symbolBits">,
): Said {
  const { none, read } = readBoth(metricsBy, as ? [as.symbolBits] : formats, as ? [as.direction] : DIRECTIONS);
  const { decoded, total: kept } = decodedOf(none, read, beside);
  const total = withLostClock(decoded, kept);
  const all = addLog(total, beside);
  const share = (log: number): number => Math.min(1, Math.exp(log - total));
  const isCertain = decoded.some(({ best, aside }) => best !== undefined && share(best.score + aside) > CERTAIN);
  const likely = decoded.flatMap(({ direction, weights, background, trellises, aside, ahead, total: texts, best }) => {
    if (best === undefined) return [];
    const { cells } = weights;
    const least = all - aside + WORTH_TELLING;
    const isTold = !isCertain && texts > least;
    const several = isTold ? severalOf(trellises.right, weights, background, ahead, SEVERAL, least) : [];
    const found = several.length > 0 ? several : [best];
    let sure: readonly Float64Array[] | undefined;
    const certaintyOf = (i: number): Float64Array => {
      sure ??= certainties(trellises.right.graph, weights, background, ahead, found, total - aside);
      return sure[i]!;
    };
    return found.map(
      (one, i): Likely => ({
        symbolBits: one.symbolBits,
        data: textOf(one),
        direction,
        probability: share(one.score + aside),
        from: direction === "forward" ? one.from : cells - one.to,
        to: direction === "forward" ? one.to : cells - one.from,
        characters: () => certaintyOf(i),
      }),
    );
  });
  return { likely: likely.sort((a, b) => b.probability - a.probability), total };
}

/** Cells read in one direction, as texts of one format. */
interface ReadAs {
  readonly direction: "forward" | "reverse";
  readonly weights: Weights;
  readonly background: Background;
  readonly trellises: Trellises;
  /** Logarithm of the odds of no text to no text read in this direction: sums of the two differ a little. */
  readonly aside: number;
  /** Logarithm of the sum over texts of whatever LRC, its prior odds with it, and a bound to that over texts of the right one. */
  readonly wrong: number;
  readonly most: number;
}

const DIRECTIONS = ["forward", "reverse"] as const;

function readBoth(
  metricsBy: (reverse: boolean) => CellMetrics,
  formats: readonly (5 | 7)[],
  directions: readonly Likely["direction"][],
) {
  let none: number | undefined;
  const read: ReadAs[] = [];
  for (const direction of directions) {
    const weights = new Weights(metricsBy(direction === "reverse"));
    const background = new Background(weights);
    none ??= background.total;
    const aside = none - background.total;
    for (const symbolBits of formats) {
      const trellises = TRELLISES.get(weights.chain)![symbolBits];
      const { total } = trellises.miswritten.decode(weights, background);
      // A right LRC is one of as many as there are characters, and then the only one.
      const most = total + (symbolBits - 1) * Math.LN2;
      read.push({ direction, weights, background, trellises, aside, wrong: total + MISWRITTEN, most });
    }
  }
  return { none: none!, read };
}

/** Texts of right LRC, where they may weigh anything: of a swipe in one direction and format. */
function decodedOf(none: number, read: readonly ReadAs[], beside: number) {
  let total = read.reduce((sum, { wrong, aside }) => addLog(sum, wrong + aside), none);
  const decoded = read
    .toSorted((a, b) => b.most + b.aside - (a.most + a.aside))
    .flatMap((one) => {
      if (one.most + one.aside < addLog(total, beside) + NEGLIGIBLE) return [];
      const ahead = new Ahead();
      const result = one.trellises.right.decode(one.weights, one.background, ahead);
      total = addLog(total, result.total + one.aside);
      const least = Math.max(total + WORTH_TELLING, addLog(total, beside) + NEGLIGIBLE);
      if (result.total + one.aside > least) return [{ ...one, ...result, ahead }];
      ahead.forget();
      return [];
    });
  return { decoded, total };
}

/** The sum over everything, with those texts in which the clock is lost, where the likeliest one may be a part of such a one. */
function withLostClock(decoded: readonly (ReadAs & CodeResult)[], total: number): number {
  const [first] = decoded.toSorted((a, b) => b.total + b.aside - (a.total + a.aside));
  if (first === undefined) return total;
  const { trellises, weights, background, aside } = first;
  const { total: whole, broken } = trellises.lostClock.decode(weights, background);
  return addLog(total, addLog(whole, broken) + aside);
}

/** Logarithm of a share of everything that nobody misses. */
const NEGLIGIBLE = Math.log(1e-7);

/** Of two ways to see the same cells, both together. @param odds - Logarithm of the prior odds of the second one. */
export function either(one: Said, other: Said, odds: number): Said {
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
  return {
    likely: all.sort((a, b) => b.probability - a.probability),
    total: addLog(one.total, other.total + odds),
  };
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
