import { expect } from "chai";
import { coilSignal, disturb, swipeSignal } from "../src/index.js";
import { movingMean } from "../src/signal/moving-mean.js";
import { normal, uniform } from "../src/signal/random.js";
import { ranked } from "../src/signal/rank.js";
import { decimate } from "../src/signal/signal.js";
import { emission, TRACKS } from "./swipes.js";

describe("the coil model", () => {
  /** The same circuit, stepped: Runge-Kutta of order 4 at 10 MHz over current and shield. */
  function stepped(edgesNs: readonly number[], endNs: number, rate: number): number[] {
    const [L, R, shieldTau, dt] = [100e-6, 2, 1 / (2 * Math.PI * 10_000), 1e-7];
    let i = 0;
    let y = 0;
    const out: number[] = [];
    const per = Math.round(1 / (rate * dt));
    const steps = Math.round((endNs * 1e-9) / dt);
    for (let n = 0; n < steps; n++) {
      if (n % per === 0) out.push(y);
      const passed = edgesNs.filter((edge) => edge * 1e-9 <= n * dt + 1e-12).length;
      const v = passed === 0 ? 0 : passed % 2 === 1 ? 1 : -1;
      const slope = (current: number): number => (v - R * current) / L;
      const shield = (current: number, voltage: number): number => (L * slope(current) - voltage) / shieldTau;
      const [k1, m1] = [slope(i), shield(i, y)];
      const [k2, m2] = [slope(i + (k1 * dt) / 2), shield(i + (k1 * dt) / 2, y + (m1 * dt) / 2)];
      const [k3, m3] = [slope(i + (k2 * dt) / 2), shield(i + (k2 * dt) / 2, y + (m2 * dt) / 2)];
      const [k4, m4] = [slope(i + k3 * dt), shield(i + k3 * dt, y + m3 * dt)];
      i += (dt / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
      y += (dt / 6) * (m1 + 2 * m2 + 2 * m3 + m4);
    }
    return out;
  }

  it("agrees with its circuit, stepped at 10 MHz", () => {
    const edgesNs = [0, 400_000, 600_000, 800_000, 1_200_000, 1_350_000, 1_500_000];
    const endNs = 2_000_000;
    const rate = 500_000;
    const wide = { headLowHz: 0, headHighHz: 1e12, marginMs: 0, level: 1 };
    const { samples } = coilSignal({ edgesNs, durationNs: endNs }, { ...wide, sampleRateHz: rate });
    const twin = stepped(edgesNs, endNs, rate);
    const peak = Math.max(...twin.map(Math.abs));
    twin.forEach((value, i) => void expect(samples[i]).to.be.closeTo(value / peak, 2e-3));
  });

  it("makes one-sided pulses of alternating sign, the first of half height", () => {
    const { samples, sampleRateHz } = coilSignal(emission({ passes: [] }), { sampleRateHz: 96_000 });
    const at = (ms: number): number => samples[Math.round((ms * sampleRateHz) / 1000)]!;
    const [first, second, third] = [at(30.03), at(30.43), at(30.83)];
    expect(Math.sign(first)).to.equal(1);
    expect(Math.sign(second)).to.equal(-1);
    expect(Math.sign(third)).to.equal(1);
    expect(first / third).to.be.closeTo(0.5, 0.05);
  });

  it("lets the current go without a pulse, unless it is cut", () => {
    const sent = emission({ passes: [] });
    const after = (release: "ramp" | "cut"): number => {
      const { samples, sampleRateHz } = coilSignal(sent, { release });
      const end = Math.round((0.03 + sent.durationNs * 1e-9) * sampleRateHz);
      return Math.max(...samples.subarray(end).map(Math.abs));
    };
    expect(after("ramp")).to.be.lessThan(0.02);
    expect(after("cut")).to.be.greaterThan(0.2);
  });

  it("is silent for an emission without edges", () => {
    expect(coilSignal({ edgesNs: [], durationNs: 0 }).samples.every((x) => x === 0)).to.equal(true);
  });

  for (const [what, edgesNs, durationNs] of [
    ["edges that do not rise", [0, 100, 100], 1000],
    ["an edge that is no number", [0, Number.NaN], 1000],
    ["an edge before the start", [-1], 1000],
    ["an edge after the end", [0, 2000], 1000],
    ["hours of emission", [0], 1e13],
    ["a duration that is no number", [], Number.NaN],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => coilSignal({ edgesNs, durationNs }))
        .to.throw()
        .with.property("code", "BAD_ARGUMENT");
    });
  }

  it("refuses a rate that no recorder has", () => {
    expect(() => coilSignal(emission(), { sampleRateHz: 0 }))
      .to.throw()
      .with.property("code", "BAD_ARGUMENT");
  });
});

describe("the stripe model", () => {
  it("makes as many pulses as the stripe has reversals, at its speed", () => {
    const { samples, sampleRateHz } = swipeSignal({ track: 2, text: TRACKS[2], ips: 10, sampleRateHz: 48_000 });
    const cells = 22 + (TRACKS[2].length + 1) * 5 + 24;
    expect(samples.length / sampleRateHz).to.be.closeTo(cells / 75 / 10 + 0.04, 1e-3);
  });

  it("is band-limited: of a fast swipe little is left above 0.45 of the rate", () => {
    const { samples } = swipeSignal({ track: 2, text: TRACKS[2], ips: 60 });
    const power = (frequency: number): number => {
      let [re, im] = [0, 0];
      samples.forEach((x, i) => {
        re += x * Math.cos(2 * Math.PI * frequency * i);
        im += x * Math.sin(2 * Math.PI * frequency * i);
      });
      return re * re + im * im;
    };
    const mean = (from: number): number =>
      Array.from({ length: 40 }, (_, i) => power(from + i * 0.001)).reduce((a, b) => a + b);
    expect(mean(0.46) / mean(0.05)).to.be.lessThan(1e-3);
  });

  it("speeds up and slows down as it is told", () => {
    const length = (acceleration: number): number =>
      swipeSignal({ track: 2, text: TRACKS[2], ips: 10, acceleration }).samples.length;
    expect(length(2)).to.be.lessThan(length(1));
    expect(length(0.5)).to.be.greaterThan(length(1));
  });

  it("refuses speeds that are no speeds", () => {
    for (const change of [{ ips: 0 }, { ips: Number.NaN }, { acceleration: 0 }, { pw50: 0 }]) {
      expect(() => swipeSignal({ track: 2, text: TRACKS[2], ips: 10, ...change }))
        .to.throw()
        .with.property("code", "BAD_ARGUMENT");
    }
  });
});

describe("a disturbance", () => {
  it("adds noise of the power that was asked for, the same for the same seed", () => {
    const clean = coilSignal(emission(), { level: 0.2 });
    const noisy = disturb(clean, { snrDb: 10, seed: 4 });
    const active = [...clean.samples.keys()].slice(2000, 18_000);
    const power = (value: (i: number) => number): number => active.reduce((sum, i) => sum + value(i) ** 2, 0);
    const ratio = power((i) => clean.samples[i]!) / power((i) => noisy.samples[i]! - clean.samples[i]!);
    expect(10 * Math.log10(ratio)).to.be.closeTo(10, 0.5);
    expect(disturb(clean, { snrDb: 10, seed: 4 }).samples).to.deep.equal(noisy.samples);
    expect(disturb(clean, { snrDb: 10, seed: 5 }).samples).to.not.deep.equal(noisy.samples);
  });

  it("clips at full scale", () => {
    const { samples } = disturb(coilSignal(emission()), { gain: 10 });
    expect(Math.max(...samples)).to.equal(1);
    expect(Math.min(...samples)).to.equal(-1);
  });
});

describe("random numbers", () => {
  it("are uniform and normal", () => {
    const [flat, bell] = [uniform(1), normal(1)];
    let [sum, square, mean] = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      mean += flat() / 20_000;
      const x = bell();
      sum += x / 20_000;
      square += (x * x) / 20_000;
    }
    expect(mean).to.be.closeTo(0.5, 0.01);
    expect(sum).to.be.closeTo(0, 0.03);
    expect(square).to.be.closeTo(1, 0.03);
  });
});

describe("decimation", () => {
  it("keeps what fits the new rate and removes what would fold back", () => {
    const tone = (frequency: number): number => {
      const fine = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(2 * Math.PI * frequency * i));
      return Math.max(...decimate(fine, 4).subarray(100, 900).map(Math.abs));
    };
    expect(tone(0.0371)).to.be.closeTo(1, 0.01);
    expect(tone(0.16)).to.be.lessThan(1e-3);
  });
});

describe("a moving mean", () => {
  it("is the mean of those around, and of fewer at the ends", () => {
    const next = uniform(5);
    for (const length of [0, 1, 2, 7, 40]) {
      const samples = Float32Array.from({ length }, next);
      for (const width of [1, 2, 5, 12, 39, 100]) {
        const half = width >> 1;
        const mean = Array.from(samples, (_, i) => {
          const around = samples.subarray(Math.max(0, i - half), i + half + 1);
          return around.reduce((sum, x) => sum + x, 0) / around.length;
        });
        movingMean(samples, width).forEach((value, i) => void expect(value).to.be.closeTo(mean[i]!, 1e-6));
      }
    }
  });
});

describe("a value by its rank", () => {
  it("is the one that sorting would put there, among equal ones too", () => {
    const next = uniform(6);
    for (const count of [1, 2, 3, 8, 33, 84]) {
      for (const few of [2, 1000]) {
        const values = Float64Array.from({ length: count }, () => Math.floor(few * next()));
        const sorted = values.toSorted();
        for (let rank = 0; rank < count; rank++) {
          // What lies behind those that count is not looked at.
          const room = Float64Array.of(...values, -1, -1);
          expect(ranked(room, count, rank)).to.equal(sorted[rank]);
        }
      }
    }
  });
});
