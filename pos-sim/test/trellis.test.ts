// The trellis: every text at once, against counting them one by one.
import { expect } from "chai";
import { Background } from "../src/search/texts/background.js";
import { type Chain, POLARITY, REVERSALS } from "../src/search/texts/chain.js";
import { certainties } from "../src/search/texts/characters.js";
import { Graph } from "../src/search/texts/graph.js";
import { Ahead, CodeTrellis, type Found, TEXT } from "../src/search/texts/lattice.js";
import { likeliest } from "../src/search/texts/likeliest.js";
import { graphOfMiswritten } from "../src/search/texts/miswritten.js";
import { severalOf } from "../src/search/texts/several.js";
import { addLog, type CellMetrics, Weights } from "../src/search/texts/weights.js";
import { normal } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { TRACK_FORMATS } from "../src/track-format.js";

const ZEROS = new Array<number>(10).fill(0);

/** Metrics of a made-up stretch: each cell prefers its bit in `bits` by `strength`, and noise has its say. */
function metricsOf(bits: readonly number[], chain: Chain, strength: number, seed: number): CellMetrics {
  const noise = normal(seed);
  const cells = bits.length;
  const gain = Float64Array.from(
    bits.flatMap((bit) => chain.transitions.map((step) => noise() + (step.bit === bit ? strength : 0))),
  );
  return { cells, chain, gain, begin: new Float64Array(cells * chain.states), power: new Float64Array(cells).fill(1) };
}

/** What `bits` from cell `from` on weigh, begun in each state as `first` says, by the state that they end in: the sum over all ways, and the best one. */
function weighed(
  { chain, gain }: CellMetrics,
  bits: readonly number[],
  from: number,
  first: readonly number[],
): { readonly sum: number[]; readonly most: number[] } {
  let sum = [...first];
  let most = [...first];
  const nothing = (): number[] => new Array<number>(chain.states).fill(Number.NEGATIVE_INFINITY);
  bits.forEach((bit, i) => {
    const [nextSum, nextMost] = [nothing(), nothing()];
    chain.transitions.forEach((step, number) => {
      if (step.bit !== bit) return;
      const weight = gain[(from + i) * chain.transitions.length + number]!;
      nextSum[step.to] = addLog(nextSum[step.to]!, sum[step.from]! + weight);
      nextMost[step.to] = Math.max(nextMost[step.to]!, most[step.from]! + weight);
    });
    [sum, most] = [nextSum, nextMost];
  });
  return { sum, most };
}

describe("the trellis of characters", () => {
  for (const [name, chain] of [
    ["polarity", POLARITY],
    ["numbers of reversals", REVERSALS],
  ] as const) {
    it(`sums over every text of up to two characters as counting them one by one does, by ${name}`, () => {
      const text = trackBits(2, ";7?");
      const texts = [";?", ...Array.from({ length: 15 }, (_, a) => `;${String.fromCharCode(48 + a)}?`)];
      for (let seed = 1; seed <= 5; seed++) {
        const metrics = metricsOf([0, 0, 0, ...text, 0, 0], chain, 1.5, seed);
        const { cells } = metrics;
        const weights = new Weights(metrics);
        const background = new Background(weights);
        const trellis = new CodeTrellis(new Graph(TRACK_FORMATS[2], chain));
        const ahead = new Ahead();
        const { total, best } = trellis.decode(weights, background, ahead);
        const steps = chain.transitions.length;
        const tops = Array.from({ length: cells }, (_, k) =>
          Math.max(0, ...metrics.gain.subarray(k * steps, (k + 1) * steps)),
        );
        // Every text that fits between the first zero and the end, one by one.
        let sum = Number.NEGATIVE_INFINITY;
        let most = Number.NEGATIVE_INFINITY;
        let mostData = "";
        let mostOwn = 0;
        const placed: { data: string; from: number; own: number; likeliest: number }[] = [];
        for (const data of texts) {
          const bits = trackBits(2, data);
          for (let from = 1; from + bits.length <= cells; from++) {
            const to = from + bits.length;
            const zeros = (table: Float64Array, k: number, s: number): number => Math.log(table[k * chain.states + s]!);
            const first = Array.from({ length: chain.states }, (_, s) => zeros(background.before, from, s));
            const ways = weighed(metrics, bits, from, first);
            const scaled = tops.slice(from, to).reduce((a, b) => a + b, 0);
            const around = background.aheadScale[from]! + background.behindScale[to]! + weights.scale;
            const prior = Math.log(TEXT) + (data.length - 1) * 4 * Math.log(0.5);
            let own = Number.NEGATIVE_INFINITY;
            let likeliest = Number.NEGATIVE_INFINITY;
            for (let s = 0; s < chain.states; s++) {
              const rest = prior + around - scaled + zeros(background.after, to, s);
              own = addLog(own, ways.sum[s]! + rest);
              likeliest = Math.max(likeliest, ways.most[s]! + rest);
            }
            sum = addLog(sum, own);
            placed.push({ data, from, own, likeliest });
            if (likeliest <= most) continue;
            [most, mostData, mostOwn] = [likeliest, data, own];
          }
        }
        expect(total).to.be.closeTo(sum, 1e-4);
        expect(best!.score).to.be.closeTo(mostOwn, 1e-6);
        const dataOf = ({ symbols }: Found): string =>
          String.fromCharCode(...Array.from(symbols.subarray(0, -1), (symbol) => symbol + 48));
        expect(dataOf(best!)).to.equal(mostData);
        // And the next ones, each once: those of the best ways, by what they weigh.
        const five = severalOf(trellis, weights, background, ahead, 5, Number.NEGATIVE_INFINITY);
        const ranked = placed.sort((a, b) => b.likeliest - a.likeliest).slice(0, 5);
        ranked.sort((a, b) => b.own - a.own);
        expect(five.map((one) => `${dataOf(one)} ${one.from}`)).to.deep.equal(
          ranked.map(({ data, from }) => `${data} ${from}`),
        );
        for (const [i, { score }] of five.entries()) expect(score).to.be.closeTo(ranked[i]!.own, 1e-6);
        const least = (ranked[1]!.likeliest + ranked[2]!.likeliest) / 2;
        const worth = placed.filter(({ likeliest }) => likeliest > least).length;
        expect(severalOf(trellis, weights, background, ahead, 5, least)).to.have.length(worth);
        // Each of its characters is as sure as all texts together that have it there.
        const everything = addLog(total, background.total);
        const [sure] = certainties(trellis.graph, weights, background, ahead, [best!], everything);
        expect(sure).to.have.length(mostData.length);
        for (const [i, certainty] of sure!.entries()) {
          const alike = placed.filter(({ data, from }) => data[i + (best!.from - from) / 5] === mostData[i]);
          const together = alike.reduce((log, { own }) => addLog(log, own), Number.NEGATIVE_INFINITY);
          expect(certainty).to.be.closeTo(Math.exp(together - everything), 1e-9);
        }
      }
    });
  }

  it("sums over every text of whatever LRC as counting them one by one does", () => {
    const characters = Array.from({ length: 16 }, (_, value) => {
      const bits = [0, 1, 2, 3].map((place) => (value >> place) & 1);
      return [...bits, 1 - (bits.reduce((sum, bit) => sum + bit, 0) % 2)];
    });
    const [start, end] = [characters[11]!, characters[15]!];
    const metrics = metricsOf(
      [0, 0, 0, ...start, ...characters[7]!, ...end, ...characters[2]!, 0, 0],
      POLARITY,
      1.5,
      1,
    );
    const { cells } = metrics;
    const weights = new Weights(metrics);
    const background = new Background(weights);
    const steps = POLARITY.transitions.length;
    const tops = Array.from({ length: cells }, (_, k) =>
      Math.max(0, ...metrics.gain.subarray(k * steps, (k + 1) * steps)),
    );
    let sum = Number.NEGATIVE_INFINITY;
    const texts = [[], ...characters.filter((one) => one !== end)].flatMap((one) =>
      characters.map((lrc) => [...start, ...one, ...end, ...lrc]),
    );
    for (const bits of texts) {
      for (let from = 1; from + bits.length <= cells; from++) {
        const to = from + bits.length;
        const edge = (table: Float64Array, k: number, s: number): number => Math.log(table[k * POLARITY.states + s]!);
        const first = Array.from({ length: POLARITY.states }, (_, s) => edge(background.before, from, s));
        const prior = Math.log(TEXT) + (bits.length / 5 - 1) * 4 * Math.log(0.5);
        const scaled = tops.slice(from, to).reduce((a, b) => a + b, 0);
        const around = background.aheadScale[from]! + background.behindScale[to]! + weights.scale - scaled;
        for (const [s, way] of weighed(metrics, bits, from, first).sum.entries()) {
          sum = addLog(sum, way + prior + around + edge(background.after, to, s));
        }
      }
    }
    const graph = graphOfMiswritten(TRACK_FORMATS[2], POLARITY);
    expect(new CodeTrellis(graph).decode(weights, background).total).to.be.closeTo(sum, 1e-4);
  });

  it("takes no text where parity is kept and the LRC is not", () => {
    const text = trackBits(2, ";123456789012345?");
    const wrong = [...text];
    for (const at of [21, 22]) wrong[at]! ^= 1; // two bits of one character: its parity stays
    const odds = [text, wrong].map((bits) => {
      const weights = new Weights(metricsOf([...ZEROS, ...bits, ...ZEROS], POLARITY, 12, 3));
      const background = new Background(weights);
      return (
        new CodeTrellis(new Graph(TRACK_FORMATS[2], POLARITY)).decode(weights, background).total - background.total
      );
    });
    expect(odds[0]).to.be.greaterThan(12);
    expect(odds[1]).to.be.lessThan(3);
  });
});

describe("a text", () => {
  const text = trackBits(2, ";123456789012345?");
  /** Logarithm of the odds to no text. */
  const odds = (before: readonly number[], behind: readonly number[]): number => {
    const weights = new Weights(metricsOf([...before, ...text, ...behind], POLARITY, 12, 3));
    const background = new Background(weights);
    return new CodeTrellis(new Graph(TRACK_FORMATS[2], POLARITY)).decode(weights, background).total - background.total;
  };
  const others = [1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0];

  it("that stands in other bits is likely a part of a longer one", () => {
    const free = odds(ZEROS, ZEROS);
    expect(odds([...ZEROS, ...others, ...ZEROS], [...ZEROS, ...others, ...ZEROS])).to.be.greaterThan(free - 5);
    expect(odds([...ZEROS, ...others, 0, 0], ZEROS)).to.be.lessThan(free - 10);
    expect(odds(ZEROS, [0, 0, ...others, ...ZEROS])).to.be.lessThan(free - 10);
  });

  it("is not certain where it goes on through cells that fit nothing: its clock may have been lost there", () => {
    const cells = [...ZEROS, ...text, ...ZEROS];
    const row = POLARITY.transitions.length;
    /** Of the metrics with some cells amid the text that fit nothing well, behind its third character. */
    const doubt = (poor: number): number => {
      const { gain, ...more } = metricsOf(cells, POLARITY, 12, 3);
      for (let i = 25 * row; i < (25 + poor) * row; i++) gain[i]! /= 4;
      const against = metricsOf(cells.toReversed(), POLARITY, 12, 4);
      const [best] = likeliest((reverse) => (reverse ? against : { ...more, gain }), [5]).likely;
      expect(best!.data).to.equal(";123456789012345?");
      return 1 - best!.probability;
    };
    expect(doubt(0)).to.be.lessThan(1e-6);
    expect(doubt(4)).to.be.lessThan(1e-6);
    expect(doubt(12)).to.be.within(1e-3, 0.1);
  });

  it("wants some zeros on each side, or to be heard well", () => {
    const free = odds(ZEROS, ZEROS);
    const [cutBefore, cutBehind] = [odds([0, 0], ZEROS), odds(ZEROS, [0])];
    for (const cut of [cutBefore, cutBehind]) {
      expect(cut).to.be.lessThan(free - 3);
      expect(cut).to.be.greaterThan(0);
    }
  });
});
