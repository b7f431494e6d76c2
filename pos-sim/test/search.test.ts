import { expect } from "chai";
import { disturb, readSamples, swipeSignal } from "../src/index.js";
import { seedsIn } from "../src/search/acquire.js";
import { addLog, Background, type CellMetrics, Weights } from "../src/search/background.js";
import { CodeTrellis } from "../src/search/lattice.js";
import { normal, uniform } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { TRACK_FORMATS } from "../src/track-format.js";

/** Metrics of a made-up stretch: each cell prefers its bit in `bits` by `strength`, and noise has its say. */
function metricsOf(bits: readonly number[], turns: 2 | 4, strength: number, seed: number): CellMetrics {
  const noise = normal(seed);
  const cells = bits.length;
  const gain = new Float64Array(cells * turns * 4);
  let turn = 0;
  bits.forEach((bit, k) => {
    for (let i = 0; i < turns * 4; i++) gain[k * turns * 4 + i] = noise();
    for (let before = 0; before < 2; before++) gain[(k * turns + turn) * 4 + before * 2 + bit]! += strength;
    turn = (turn + 1 + bit) % turns;
  });
  return { cells, turns, gain, begin: new Float64Array(cells * turns) };
}

/** What `bits` from cell `from` on weigh, for each count of reversals that they may begin with. */
function weightOf(
  { turns, gain }: CellMetrics,
  bits: readonly number[],
  from: number,
  first: number,
): [number, number] {
  let turn = first;
  let before = 0;
  let sum = 0;
  bits.forEach((bit, i) => {
    sum += gain[((from + i) * turns + turn) * 4 + before * 2 + bit]!;
    turn = (turn + 1 + bit) % turns;
    before = bit;
  });
  return [sum, turn];
}

describe("the trellis of characters", () => {
  for (const turns of [2, 4] as const) {
    it(`sums over every text of up to two characters as counting them one by one does, reversals counted by ${turns}`, () => {
      const text = trackBits(2, ";7?");
      for (let seed = 1; seed <= 5; seed++) {
        const metrics = metricsOf([0, 0, 0, ...text, 0, 0], turns, 1.5, seed);
        const weights = new Weights(metrics);
        const background = new Background(weights);
        const { total, best } = new CodeTrellis(TRACK_FORMATS[2], turns).decode(weights, background);
        // Every text that fits between the first zero and the end, one by one.
        let sum = Number.NEGATIVE_INFINITY;
        let most = Number.NEGATIVE_INFINITY;
        let mostData = "";
        const texts = [";?"];
        for (let a = 0; a < 15; a++) texts.push(`;${String.fromCharCode(48 + a)}?`);
        for (const data of texts) {
          const bits = trackBits(2, data);
          for (let from = 1; from + bits.length <= metrics.cells; from++) {
            for (let turn = 0; turn < turns; turn++) {
              const [gain, next] = weightOf(metrics, bits, from, turn);
              const { states } = background;
              const to = from + bits.length;
              const ahead = background.ahead[from * states + 1 + turn]!;
              const behind = background.behind[to * states + 1 + next]!;
              let scaled = 0;
              for (let k = from; k < to; k++) {
                let top = 0;
                for (let i = 0; i < turns * 4; i++) top = Math.max(top, metrics.gain[k * turns * 4 + i]!);
                scaled += top;
              }
              const value =
                Math.log(ahead) +
                background.aheadScale[from]! +
                Math.log(0.001) +
                gain -
                scaled +
                (data.length - 1) * 4 * Math.log(0.5) +
                Math.log(behind) +
                background.behindScale[to]! +
                weights.scale;
              sum = addLog(sum, value);
              if (value > most) {
                most = value;
                mostData = data;
              }
            }
          }
        }
        expect(total).to.be.closeTo(sum, 1e-6);
        expect(best!.score).to.be.closeTo(most, 1e-6);
        const found = String.fromCharCode(...Array.from(best!.symbols.subarray(0, -1), (symbol) => symbol + 48));
        expect(found).to.equal(mostData);
      }
    });
  }

  it("takes no text where parity is kept and the LRC is not", () => {
    const text = trackBits(2, ";123456789012345?");
    const wrong = [...text];
    for (const at of [21, 22]) wrong[at]! ^= 1; // two bits of one character: its parity stays
    const odds = [text, wrong].map((bits) => {
      const weights = new Weights(metricsOf([0, 0, 0, 0, ...bits, 0, 0, 0, 0], 2, 12, 3));
      const background = new Background(weights);
      return new CodeTrellis(TRACK_FORMATS[2], 2).decode(weights, background).total - background.total;
    });
    expect(odds[0]).to.be.greaterThan(12);
    expect(odds[1]).to.be.lessThan(3);
  });
});

describe("seeds", () => {
  it("are runs of zeros, at their cell, far below the noise", () => {
    const swipe = swipeSignal({ track: 2, text: ";9999991234567893?", ips: 44.45, sampleRateHz: 48_000, level: 0.3 });
    const { samples } = disturb(swipe, { snrDb: -4, seed: 4 });
    const [first] = seedsIn(samples, 200);
    expect(first!.cell).to.be.closeTo(14.4, 0.3);
  });

  it("are not in white noise", () => {
    const next = normal(7);
    expect(seedsIn(Float32Array.from({ length: 96_000 }, next), 200).length).to.be.at.most(3);
  });
});

describe("the search", () => {
  const digits = (seed: number): string => {
    const next = uniform(seed);
    const some = (length: number) => Array.from({ length }, () => Math.floor(10 * next())).join("");
    return `;999999${some(10)}=${some(20)}?`;
  };
  const tally = (count: number, make: (text: string, seed: number) => Float32Array) => {
    const result = { valid: 0, first: 0, wrong: 0 };
    for (let seed = 1; seed <= count; seed++) {
      const text = digits(seed);
      const { reads, candidates } = readSamples(make(text, seed), 48_000);
      for (const { data } of reads) result[data === text ? "valid" : "wrong"]++;
      if ((reads[0] ?? candidates[0])?.data === text) result.first++;
    }
    return result;
  };
  const noisy =
    (snrDb: number, more: object = {}) =>
    (text: string, seed: number) =>
      disturb(
        swipeSignal({ track: 2, text, ips: 44.45, sampleRateHz: 48_000, level: 0.3, leadingZeros: 25, ...more }),
        { snrDb, seed },
      ).samples;

  it("reads at 0 dB, names the right candidate at -2 dB, and says nothing wrong", () => {
    const at0 = tally(20, noisy(0));
    expect(at0.wrong).to.equal(0);
    expect(at0.valid).to.be.at.least(18);
    const at2 = tally(20, noisy(-2, { direction: "reverse" }));
    expect(at2.wrong).to.equal(0);
    expect(at2.first).to.be.at.least(17);
    expect(at2.valid).to.be.lessThan(20); // and knows that it does not know
  });

  it("follows a hand that speeds up to three times, in noise", () => {
    const { valid, wrong } = tally(20, noisy(6, { acceleration: 3, ips: 22 }));
    expect(wrong).to.equal(0);
    expect(valid).to.be.at.least(19);
  });

  it("gives candidates best first, with odds that add up to no more than one", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { candidates } = readSamples(noisy(-3)(digits(seed), seed), 48_000);
      const odds = candidates.map(({ probability }) => probability);
      expect(odds).to.deep.equal([...odds].sort((a, b) => b - a));
      expect(odds.reduce((a, b) => a + b, 0)).to.be.at.most(1 + 1e-9);
      expect(candidates.length).to.be.at.most(5);
    }
  });

  it("masks a candidate as it would a read", () => {
    const text = ";4000001234567899=30121011777700000042?";
    let seen = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const { candidates, reads } = readSamples(noisy(-2.5)(text, seed), 48_000);
      for (const { data, masked } of [...candidates, ...reads]) {
        if (!data.startsWith(";4")) continue;
        seen++;
        expect(masked).to.equal(true);
        expect(data).to.not.include("123456");
      }
    }
    expect(seen).to.be.greaterThan(0);
  });
});
