// The search as a whole: what it reads in noise, and how sure it says that it is.
import { expect } from "chai";
import { ROWS } from "../src/bench/rows.js";
import { disturb, readSamples, swipeSignal } from "../src/index.js";
import { seedsIn } from "../src/search/acquire/acquire.js";
import { Rates } from "../src/search/acquire/around.js";
import { search } from "../src/search/search.js";
import { normal, uniform } from "../src/signal/random.js";
import { synthesise } from "../src/synth/synth.js";

describe("the search", () => {
  it("has no candidates of another track than is asked for", () => {
    const { samples, sampleRateHz, text } = synthesise(97_100_000, { snrDb: -3 });
    const asked = (track: 1 | 2) => readSamples(samples, sampleRateHz, { track }).candidates.map(({ data }) => data);
    expect(asked(2)[0]).to.equal(text);
    expect(asked(1)).to.deep.equal([]);
  });

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

  it("reads cells of whole samples, whose pulses are all sampled at the same places, as any others", () => {
    for (const [seed, pulse] of [
      [177_000_006, { pw50: 0.25 }],
      [177_000_020, { pw50: 0.25 }],
      [177_000_034, { pw50: 0.25 }],
      [178_000_001, { tau: 0.1 }],
      [178_000_008, { tau: 0.1 }],
    ] as const) {
      const { samples, text } = synthesise(seed, { snrDb: 3, cellUs: 250, pulse });
      expect(readSamples(samples, 48_000).reads.map(({ data }) => data)).to.eql([text]);
    }
  });

  it("joins passes whatever their direction and their polarity", () => {
    for (let seed = 150_900_000; seed < 150_900_006; seed++) {
      const { samples, text } = synthesise(seed, { snrDb: -4, repeats: { count: 3, reversed: [1] } });
      // The last of three, upside down.
      const last = samples.subarray(Math.floor((2 * samples.length) / 3));
      for (let i = 0; i < last.length; i++) last[i] = -last[i]!;
      // Two of them may be enough for a read, and say so again with the third.
      const { reads } = readSamples(samples, 48_000);
      expect(new Set(reads.map(({ data }) => data))).to.deep.equal(new Set([text]));
      expect(reads.length).to.be.at.most(2);
    }
  });

  it("follows a hand that speeds up to three times, in noise", () => {
    const { valid, wrong } = tally(20, noisy(6, { acceleration: 3, ips: 22 }));
    expect(wrong).to.equal(0);
    expect(valid).to.be.at.least(19);
  });

  it("follows a head that comes near and goes three times, in noise", () => {
    for (let seed = 186_000_001; seed <= 186_000_003; seed++) {
      const { samples, text } = synthesise(seed, {});
      const deviate = normal(seed);
      const sway = (n: number): number => 1 + 0.6 * Math.sin(seed + (6 * Math.PI * n) / samples.length);
      const swayed = samples.map((sample, n) => sway(n) * sample);
      const sigma = Math.sqrt(swayed.reduce((sum, sample) => sum + sample * sample, 0) / swayed.length / 10);
      const { reads } = readSamples(
        swayed.map((sample) => sample + sigma * deviate()),
        48_000,
      );
      expect(reads.map(({ data }) => data)).to.eql([text]);
    }
  });

  it("hears by its samples a swipe that says nothing by its reversals", () => {
    const [row] = ROWS.filter(({ name }) => name.startsWith("15 dB, edges"));
    const { samples, sampleRateHz, text } = synthesise(30_000_377, row!.conditions);
    expect(readSamples(samples, sampleRateHz).reads.map(({ data }) => data)).to.deep.equal([text]);
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

  it("tells what else a swipe may have said, where the likeliest text is wrong", () => {
    for (const seed of [2]) {
      const { samples, text, sampleRateHz } = synthesise(seed, { snrDb: -3 });
      const { candidates } = readSamples(samples, sampleRateHz);
      expect(candidates).to.have.length(5);
      expect(new Set(candidates.map(({ data }) => data))).to.have.property("size", 5);
      expect(candidates.map(({ data }) => data).indexOf(text)).to.equal(1);
      expect(candidates[1]!.probability).to.be.within(0.05, 0.5);
      expect(candidates[1]!.characterConfidence).to.have.length(text.length);
    }
  });

  it("takes a swipe that is searched from two sides for one pass, not for two that agree", () => {
    for (const seed of [1, 5, 6, 8]) {
      const { samples, sigma } = synthesise(seed, { snrDb: -3 });
      const noise = normal(77 * seed);
      const recording = Float32Array.from({ length: 192_000 }, () => sigma * noise());
      // Amid it one stretch of search ends, and the next begins.
      recording.set(samples, 96_000 - samples.length / 2);
      const { reads, candidates } = readSamples(recording, 48_000);
      expect(reads).to.deep.equal([]);
      expect(candidates[0]!.probability).to.be.within(0.99, 0.9999);
    }
  });

  it("says of each character how sure it is, and is as often wrong as that", () => {
    let expected = 0;
    let wrong = 0;
    let characters = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { samples, text } = synthesise(seed, { snrDb: -4 });
      const likeliest = search(new Rates(samples), seedsIn(samples, 250))?.likely[0];
      if (likeliest === undefined || likeliest.data.length !== text.length) continue;
      const { data, probability } = likeliest;
      const sure = likeliest.characters();
      expect(sure).to.have.length(data.length);
      for (const [i, certainty] of sure!.entries()) {
        expect(certainty).to.be.within(probability - 1e-9, 1);
        expected += 1 - certainty;
        characters++;
        if (data[i] !== text[i]) wrong++;
      }
      expect(sure.reduce((sum, certainty) => sum + 1 - certainty, 0)).to.be.at.least(1 - probability - 1e-9);
    }
    expect(characters).to.be.greaterThan(1000);
    expect(expected).to.be.greaterThan(10);
    expect(wrong).to.be.within(expected / 2, expected * 2);
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
