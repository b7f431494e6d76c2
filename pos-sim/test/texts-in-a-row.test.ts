// Texts that follow one another in one run of cells, with zeros between them, as a card's own emissions have them: each is read as surely as alone.
import { expect } from "chai";
import { readSamples } from "../src/index.js";
import type { Weighed } from "../src/search/fit/weighed.js";
import { passesIn } from "../src/search/passes/split.js";
import type { Stretch } from "../src/search/search.js";
import { POLARITY } from "../src/search/texts/chain.js";
import { normal } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { textFor } from "../src/synth/synth.js";
import { emission } from "./swipes.js";

const RATE = 48_000;
const CELL_US = 300;
const SILENCE = 960;
/** Half of a pulse's width at half height, samples: a quarter of a cell wide. */
const HALF = 0.125 * CELL_US * 1e-6 * RATE;
const REACH = 40 * HALF;

/** Lorentzian pulses in white noise; some cells amid each text are lost. */
function signal(texts: readonly (readonly number[])[], snrDb: number, seed: number, lost = 0): Float32Array {
  return noisy([clean(texts, lost)], snrDb, seed);
}

/** Passes 100 ms apart, as the card's are. */
function apart(passes: readonly (readonly (readonly number[])[])[], snrDb: number, seed: number): Float32Array {
  const rest = new Float32Array(0.1 * RATE - 2 * SILENCE);
  return noisy(
    passes.flatMap((texts, i) => (i === 0 ? [clean(texts)] : [rest, clean(texts)])),
    snrDb,
    seed,
  );
}

function clean(texts: readonly (readonly number[])[], lost = 0): Float32Array {
  const { edgesNs } = emission({ cellUs: CELL_US, passes: texts });
  const cell = CELL_US * 1e-6 * RATE;
  const at = Float64Array.from(edgesNs, (ns) => SILENCE + ns * 1e-9 * RATE);
  const samples = new Float32Array(Math.ceil(at.at(-1)! + SILENCE));
  for (const [i, centre] of at.entries()) {
    for (let n = Math.max(0, Math.ceil(centre - REACH)); n < Math.min(samples.length, centre + REACH); n++)
      samples[n]! += (i % 2 === 0 ? 0.3 : -0.3) / (1 + ((n - centre) / HALF) ** 2);
  }
  let cells = 25;
  for (const bits of texts) {
    const from = Math.round(SILENCE + (cells + 0.4 * bits.length) * cell);
    samples.fill(0, from, Math.round(from + lost * cell));
    cells += bits.length + 53;
  }
  return samples;
}

/** All of them in a row, in noise by the power of the first one. */
function noisy(parts: readonly Float32Array[], snrDb: number, seed: number): Float32Array {
  const first = parts[0]!;
  const power = first.reduce((sum, sample) => sum + sample * sample, 0) / (first.length - 2 * SILENCE);
  const [deviate, sigma] = [normal(seed), Math.sqrt(power / 10 ** (snrDb / 10))];
  return Float32Array.from(parts.flatMap((part) => [...part])).map((sample) => sample + sigma * deviate());
}

const text = (seed: number) => textFor(2, 40, seed);
const bits = (data: string) => [...trackBits(2, data)];

describe("texts in one run of cells", () => {
  const two = (seed: number) => [text(175_000_000 + seed), text(176_000_000 + seed)] as const;
  for (const [what, snrDb, lost] of [
    ["in noise", 3, 0],
    ["with cells lost in each", 20, 3],
  ] as const) {
    it(`are all read, ${what}`, () => {
      for (let seed = 1; seed <= 6; seed++) {
        const [one, other] = two(seed);
        const samples = signal([bits(one), bits(other).reverse()], snrDb, seed, lost);
        const read = readSamples(samples, RATE).reads.map(({ data, direction }) => [data, direction]);
        expect(read, `seed ${seed}`).to.deep.equal([
          [one, "forward"],
          [other, "reverse"],
        ]);
      }
    }).timeout(120_000);
  }

  it("are all read, a long one first", () => {
    for (let seed = 1; seed <= 6; seed++) {
      const [long, other] = [textFor(1, 79, 175_000_000 + seed), text(176_000_000 + seed)];
      const { reads } = readSamples(signal([trackBits(1, long), bits(other)], 3, seed), RATE);
      expect(
        reads.map(({ data }) => data),
        `seed ${seed}`,
      ).to.deep.equal([long, other]);
    }
  }).timeout(120_000);

  it("are joined where they are the same, in either direction", () => {
    for (let seed = 1; seed <= 3; seed++) {
      const [one] = two(seed);
      const forth = bits(one);
      const back = forth.toReversed();
      // One of them alone is read in one of a hundred swipes.
      for (const passes of [
        [forth, forth],
        [forth, back],
        [back, forth],
      ]) {
        const { reads } = readSamples(signal(passes, -3, seed), RATE);
        expect([...new Set(reads.map(({ data }) => data))], `seed ${seed}`).to.deep.equal([one]);
      }
    }
  }).timeout(120_000);

  it("are joined with those of another pass, each with its own", () => {
    for (let seed = 1; seed <= 3; seed++) {
      const [long, short] = [textFor(1, 79, 175_000_000 + seed), text(176_000_000 + seed)];
      const forth = [trackBits(1, long), bits(short)];
      const back = forth.map((pass) => pass.toReversed()).reverse();
      const { reads } = readSamples(apart([forth, back], -2, seed), RATE);
      expect(new Set(reads.map(({ data }) => data)), `seed ${seed}`).to.deep.equal(new Set([long, short]));
    }
  }).timeout(120_000);

  it("are read where they are the same, and none of them is made up", () => {
    for (let seed = 1; seed <= 6; seed++) {
      const [one] = two(seed);
      const { reads } = readSamples(signal([bits(one), bits(one)], 0, seed), RATE);
      expect([...new Set(reads.map(({ data }) => data))], `seed ${seed}`).to.deep.equal([one]);
    }
  }).timeout(120_000);

  it("are one where one is all there is", () => {
    const [one] = two(7);
    const { reads } = readSamples(signal([bits(one)], 10, 7), RATE);
    expect(reads.map(({ data }) => data)).to.deep.equal([one]);
  });

  it("are not looked for in one that repeats itself", () => {
    const stretch = (...bits: number[]): Stretch => ({
      ...{
        likely: [],
        jitter: 0,
        bits: Uint8Array.from(bits),
        bounds: Float64Array.from({ length: bits.length + 1 }, (_, k) => k),
      },
      passWith: () => expect.fail("nothing is joined"),
    });
    const zeros = new Array<number>(40).fill(0);
    const same = trackBits(2, `;999999${"7".repeat(30)}?`);
    expect(passesIn(stretch(...zeros, ...same, ...zeros))).to.have.length(1);
    const [before, behind] = passesIn(stretch(...zeros, ...same, ...zeros, ...same.toReversed(), ...zeros));
    expect(before!.bits.length).to.be.within(zeros.length + same.length, 2 * zeros.length + same.length);
    expect(behind!.bounds[0]).to.equal(before!.bits.length);
  });

  it("are each a part of what is seen, from the other end where they are read against time", () => {
    const zeros = new Array<number>(40).fill(0);
    const text = trackBits(2, `;999999${"7".repeat(30)}?`);
    const bits = Uint8Array.from([...zeros, ...text, ...zeros, ...text.toReversed(), ...zeros]);
    const cells = bits.length;
    const numbered = (reverse: boolean) =>
      ({
        ...Object.fromEntries(
          ["whole", "middle", "end"].map((which) => [
            which,
            { along: new Float64Array(), own: new Float64Array(), lone: new Float64Array() },
          ]),
        ),
        ...Object.fromEntries(
          ["squares", "counts", "slow", "begin", "power"].map((which) => [which, new Float64Array()]),
        ),
        noise: Float64Array.from({ length: cells }, (_, k) => (reverse ? cells - 1 - k : k)),
      }) as unknown as Weighed;
    const metrics = {
      ...{ cells, chain: POLARITY, gain: new Float64Array(8 * cells), begin: new Float64Array(4 * cells) },
      power: new Float64Array(cells),
    };
    const whole: Stretch = {
      ...{ likely: [], jitter: 0, bits, bounds: Float64Array.from({ length: cells + 1 }, (_, k) => k) },
      passWith: () => ({ bits, forward: metrics, reverse: metrics, seenBy: numbered, writer: 0 }),
    };
    const [before, behind] = passesIn(whole);
    const cut = before!.bits.length;
    for (const [pass, from, to] of [
      [before!, 0, cut],
      [behind!, cut, cells],
    ] as const) {
      const { seenBy } = pass.passWith();
      const inTime = Array.from({ length: to - from }, (_, k) => from + k);
      expect([...seenBy!(false).noise]).to.deep.equal(inTime);
      expect([...seenBy!(true).noise]).to.deep.equal(inTime.toReversed());
    }
  });
});
