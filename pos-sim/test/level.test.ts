// Swipes whose level falls and rises at once: a worn or dirty stripe.
import { expect } from "chai";
import { readSamples } from "../src/index.js";
import { smooth } from "../src/search/fit/curve.js";
import { heightCurve, levelled } from "../src/search/fit/level.js";
import { normal } from "../src/signal/random.js";
import { reversals, trackBits } from "../src/signal/stripe.js";
import type { Conditions } from "../src/synth/conditions.js";
import { synthesise } from "../src/synth/synth.js";
import { weakened } from "./weakness-support.js";

const RATE = 48_000;
const SEEDS = [1, 2, 3, 4, 5, 6];
const OFTEN = 40;
/** Read wrongly by who takes the pulses beside one for as high as it is. */
const MADE_UP = [5, 17, 28, 34, 52];

/** How many of so many swipes are read, from a seed on; none is read wrongly. */
function readOf(swipes: number, from: number, conditions: Conditions): number {
  let read = 0;
  for (let seed = from; seed < from + swipes; seed++) {
    const { samples, text } = synthesise(seed, conditions);
    const { reads } = readSamples(samples, RATE);
    for (const { data } of reads) expect(data, `seed ${seed}`).to.equal(text);
    read += reads.length;
  }
  return read;
}

/** Pulses of a text, by turns of forty cells as high as they should be and a quarter of it. */
function turned(seed: number): Float32Array {
  const zeros = new Array<number>(25).fill(0);
  const places = reversals([...zeros, ...trackBits(2, synthesise(seed).text), ...zeros]);
  const samples = new Float32Array(5600);
  for (const [i, place] of places.entries()) {
    const [centre, height] = [1000 + 14.4 * place, Math.floor(place / 40) % 2 === 1 ? 0.08 : 0.32];
    for (let n = Math.ceil(centre - 72); n < centre + 72; n++)
      samples[n]! += (i % 2 === 0 ? height : -height) / (1 + ((n - centre) / 1.8) ** 2);
  }
  return samples;
}

describe("a level that falls at once", () => {
  for (const cells of [10, 20, 40]) {
    it(`to three tenths for ${cells} cells is read`, () => {
      const dropouts = { count: 1, cells, height: 0.3 };
      expect(readOf(10, 97_000_000, { dropouts })).to.equal(10);
      expect(readOf(10, 97_000_100, { dropouts, snrDb: 20 })).to.equal(10);
      expect(readOf(10, 97_000_200, { dropouts, snrDb: 10 })).to.be.at.least(cells < 40 ? 8 : 6);
    });
  }

  it("at two places is read", () => {
    expect(readOf(10, 97_000_300, { dropouts: { count: 2, cells: 10, height: 0.3 }, snrDb: 30 })).to.equal(10);
  });

  for (const share of [0.3, 0.25]) {
    it(`to ${100 * share} % and stays so is read, and one that rises`, () => {
      for (const seed of SEEDS) {
        const { text } = synthesise(seed);
        const from = seed > 3 ? 185 + 7 * seed : 30 + 50 * seed;
        for (const samples of [weakened(seed, from, 1000, share), weakened(seed, 0, from, share)])
          expect(
            readSamples(samples, RATE).reads.map(({ data }) => data),
            `seed ${seed}`,
          ).to.deep.equal([text]);
      }
    });
  }

  it("and rises again every forty cells is read, and no bit made up where it does", () => {
    for (const seed of [...SEEDS, ...MADE_UP]) {
      const read = readSamples(turned(seed), RATE).reads.map(({ data }) => data);
      expect(read, `seed ${seed}`).to.deep.equal([synthesise(seed).text]);
    }
  });

  it("to what noise hides makes up no bits", () => {
    const dropouts = { count: 2, cells: 10, height: 0.15 };
    readOf(OFTEN, 97_000_400, { dropouts, snrDb: 10 });
    readOf(OFTEN, 97_000_500, { dropouts, snrDb: 7 });
  });

  it("has a step where its pulses stand out of noise, and none where they do not", () => {
    const next = normal(5);
    const places = Array.from({ length: 250 }, (_, place) => place);
    const at = (low: number) => places.map((place) => (place >= 100 && place < 120 ? low : 1) + 0.04 * next());
    const clear = heightCurve(places, at(0.3), 250);
    for (const place of [20, 98, 121, 240]) expect(clear(place), `${place}`).to.be.closeTo(1, 0.1);
    for (const place of [101, 110, 118]) expect(clear(place), `${place}`).to.be.closeTo(0.3, 0.06);
    // A dropout leaves tails of the pulses beside it: up to a third of the height where it is short, a tenth where it is long.
    const flat = (low: number, to: number) => places.map((place) => (place >= 100 && place < to ? low : 1));
    expect(heightCurve(places, flat(0.33, 106), 250).step(103)).to.be.closeTo(0.33, 1e-9);
    expect(heightCurve(places, flat(0.27, 106), 250).step(103)).to.equal(1);
    expect(heightCurve(places, flat(0.27, 110), 250).step(103)).to.be.closeTo(0.27, 1e-9);
    expect(heightCurve(places, flat(0.12, 110), 250).step(103)).to.equal(1);
    // A few pulses into which noise was read are no level of their own.
    const few = places.map((place) => (place < 100 || place >= 160 ? 1 : place >= 127 && place < 134 ? 0.22 : 0.35));
    expect(heightCurve(places, few, 250).step(130)).to.be.closeTo(0.35, 1e-9);
    const hidden = at(0.02);
    const smoothly = smooth(places, hidden, 250, 10);
    for (const place of [101, 110, 118])
      expect(heightCurve(places, hidden, 250)(place), `${place}`).to.be.closeTo(smoothly(place), 0.15);
  });

  it("is raised for a clock to follow, and nothing else is", () => {
    const wave = (low: number, from: number, to: number) =>
      Float32Array.from({ length: 5000 }, (_, n) => (n >= from && n < to ? low : 0.5) * Math.sin((Math.PI * n) / 10));
    const seed = { at: 500, cell: 10, height: 0.5, strength: 1 };
    const raised = levelled(wave(0.1, 2000, 3000), seed)!;
    for (const at of [1005, 2505, 4005]) expect(Math.abs(raised[at]!), `${at}`).to.be.closeTo(0.5, 1e-6);
    expect(levelled(wave(0.1, 2000, 2030), seed)).to.equal(undefined);
    expect(levelled(wave(0.4, 2000, 3000), seed)).to.equal(undefined);
    // What is as good as silence is no pulses.
    expect(levelled(wave(0.02, 2000, 3000), seed)).to.equal(undefined);
  });
});
