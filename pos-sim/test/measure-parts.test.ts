import { expect } from "chai";
import { clockAt } from "../src/measure/clock.js";
import { levelsOf, Overview } from "../src/measure/levels.js";
import { noiseOf, noiseWithin, quietBeside, snrOf } from "../src/measure/power.js";
import type { Reversals } from "../src/measure/reversals.js";
import { Tape } from "../src/measure/tape.js";
import { normal } from "../src/signal/random.js";

describe("the hand's clock", () => {
  /** Zeros whose cell changes evenly from 10 to 20 samples. */
  const steady = (change: (times: Float64Array, weak: Uint8Array) => void = () => undefined): Reversals => {
    const places = Float64Array.from({ length: 101 }, (_, k) => k);
    const times = places.map((k) => 10 * k + 0.05 * k * k);
    const weak = new Uint8Array(101);
    change(times, weak);
    return { flat: new Float32Array(), places, times, heights: places, usual: places, weak };
  };

  it("follows acceleration", () => {
    for (const place of [0, 0.5, 37, 99.5, 100]) {
      const fit = clockAt(steady(), place)!;
      expect(fit.time).to.be.closeTo(10 * place + 0.05 * place * place, 1e-6);
      expect(fit.cell).to.be.closeTo(10 + 0.1 * place, 1e-6);
    }
  });

  it("is not moved by a weak reversal, and little by one that deviates", () => {
    const at = (weakened: boolean) =>
      clockAt(
        steady((times, weak) => {
          times[50]! += 30;
          if (weakened) weak[50] = 1;
        }),
        50,
      )!;
    expect(at(true).time).to.be.closeTo(625, 1e-6);
    expect(at(false).time - 625).to.be.closeTo(30 * at(false).leverage, 1e-6);
    expect(at(false).leverage).to.be.within(0.05, 0.15);
  });

  it("stands where too few reversals are there", () => {
    const few = steady((_, weak) => void weak.fill(1, 5));
    expect(clockAt(few, 2)).to.equal(undefined);
    expect(clockAt(few, 80)).to.equal(undefined);
  });
});

describe("the level along a recording", () => {
  it("has parts of 100 ms, and of more where that would be too many", () => {
    for (const [seconds, parts] of [
      [0.5, 5],
      [48, 480],
      [48.5, 243],
      [1000, 313],
    ] as const) {
      const overview = new Overview(1000);
      const samples = new Float32Array(seconds * 1000);
      samples[Math.floor(samples.length / 2)] = -0.1;
      for (let at = 0; at < samples.length; at += 999) overview.push(samples, at, Math.min(999, samples.length - at));
      const { partsDb, fromS, toS } = overview.levels();
      expect(partsDb, `${seconds} s`).to.have.length(parts);
      expect(toS).to.be.within(seconds, seconds + 4);
      expect(fromS).to.equal(0);
      const loud = partsDb.indexOf(-20);
      expect(((loud + 0.5) * toS) / parts).to.be.closeTo(seconds / 2, toS / parts);
      expect(partsDb.filter(Number.isFinite)).to.deep.equal([-20]);
    }
  });

  it("of a swipe has parts of so many cells, at most 24", () => {
    const samples = new Float32Array(10_000).fill(0.5);
    expect(levelsOf(samples, 0, 10_000, 10, 16)).to.deep.equal(new Array(24).fill(-6));
    expect(levelsOf(samples, 0, 1000, 10, 16)).to.have.length(6);
    expect(levelsOf(samples, 0, 10, 10, 16)).to.have.length(1);
  });
});

describe("the tape", () => {
  it("gives what it was given, as far back as it reaches", () => {
    const tape = new Tape(100);
    const samples = Float32Array.from({ length: 250 }, (_, i) => i);
    for (let at = 0; at < 250; at += 70) tape.push(samples, at, Math.min(70, 250 - at));
    expect(tape.excerpt(160.5, 170)).to.deep.equal({ samples: samples.slice(160, 170), from: 160 });
    expect(tape.excerpt(-5, 152).from).to.equal(150);
    expect(tape.excerpt(-5, 152).samples).to.deep.equal(samples.slice(150, 152));
    expect(tape.excerpt(240, 999).samples).to.deep.equal(samples.slice(240));
    expect(tape.excerpt(0, 100).samples).to.have.length(0);
  });

  it("takes what is no number for silence", () => {
    const tape = new Tape(10);
    tape.push(Float32Array.of(1, Number.NaN, Number.NEGATIVE_INFINITY, 2), 0, 4);
    expect([...tape.excerpt(0, 4).samples]).to.deep.equal([1, 0, 0, 2]);
  });
});

describe("the noise beside a swipe", () => {
  const next = normal(1);
  const samples = Float32Array.from({ length: 4000 }, (_, i) => (i < 2000 ? 0.01 : 0.1) * next() + i / 4000);

  it("is that of the quietest piece, without its line", () => {
    expect(Math.sqrt(quietBeside(samples, 1500, 2500, 10)!.power)).to.be.closeTo(0.01, 0.002);
    expect(Math.sqrt(quietBeside(samples.subarray(2000), 0, 500, 10)!.power)).to.be.closeTo(0.1, 0.02);
  });

  it("is none where nothing was recorded, or nothing heard", () => {
    expect(quietBeside(samples, 50, 3950, 10)).to.equal(undefined);
    expect(quietBeside(new Float32Array(1000), 500, 1000, 10)).to.equal(undefined);
  });

  it("is none of the swipe's where it is not within it: another swipe is no noise", () => {
    // Power of both, 1.
    expect(noiseOf(0.1, 0.12, 1)).to.equal(0.1);
    expect(noiseOf(0.1, 0.03, 1)).to.equal(0.1); // pink
    expect(noiseOf(0.9, 0.001, 1)).to.equal(undefined);
    expect(noiseOf(0.9, 0.3, 1)).to.equal(0.3);
    expect(noiseOf(0.6, 0.5, 1)).to.equal(0.6);
  });

  it("is that within, white, where nothing was recorded beside it", () => {
    const white = Float32Array.from({ length: 4000 }, (_, i) => 0.02 * next() + Math.sin(i / 20));
    expect(noiseWithin(white)).to.be.closeTo(0.02, 0.003);
  });

  it("is at most 20 dB above the signal", () => {
    expect(snrOf(11, 1)).to.be.closeTo(10, 1e-9);
    expect(snrOf(1, 1)).to.be.closeTo(-20, 1e-9);
    expect(snrOf(0.5, 1)).to.be.closeTo(-20, 1e-9);
  });
});
