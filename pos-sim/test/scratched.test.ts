// Passes of a card that has lost the same pulses in each of them: joined, they must not say for certain what none of them has seen.
import { expect } from "chai";
import { readSamples, swipeSignal } from "../src/index.js";
import { match } from "../src/search/fit/matched.js";
import { STRIPE } from "../src/search/fit/pulse.js";
import { type Weighed, weighed } from "../src/search/fit/weighed.js";
import { slicedSeen, summed } from "../src/search/passes/summed.js";
import { normal, uniform } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { synthesise } from "../src/synth/synth.js";

const RATE = 48_000;
const PASSES = { count: 3, reversed: [1], cellUs: [300, 260, 340] };
/** Read wrongly by who adds up what passes say as if each had lost its own pulses. */
const SURE_WRONGLY = [20, 41, 64, 68, 141];
/** Of scratched swipes most are read. */
const SWIPES = 20;

/** Three passes in noise, without the pulses of one or two cells in two characters at the same place: what takes their place may have a right LRC. */
function scratched(seed: number) {
  const { samples, text, passes } = synthesise(seed, { repeats: PASSES });
  const next = uniform(seed);
  const cells = passes[0]!.bounds.length - 1;
  const width = 0.8 + 1.2 * next();
  const first = 30 + Math.floor(150 * next());
  const second = first + 5 * (1 + Math.floor(2 * next()));
  let [power, count] = [0, 0];
  for (const { bounds } of passes) {
    for (let n = Math.floor(bounds[0]!); n < bounds[cells]!; n++, count++) power += samples[n]! ** 2;
  }
  for (const { bounds, direction } of passes) {
    const cell = (bounds[cells]! - bounds[0]!) / cells;
    for (const at of [first, second]) {
      const from = direction === "reverse" ? cells - at - width : at;
      samples.fill(0, Math.round(bounds[0]! + from * cell), Math.round(bounds[0]! + (from + width) * cell));
    }
  }
  const deviation = Math.sqrt(power / count / 10 ** ((6 * next() - 3) / 10));
  const noise = normal(seed + 1);
  for (let n = 0; n < samples.length; n++) samples[n]! += deviation * noise();
  return { text, reads: readSamples(samples, RATE).reads.map(({ data }) => data) };
}

describe("passes that have lost the same pulses", () => {
  it("are not read as what the noise in their place makes of them", () => {
    for (const seed of SURE_WRONGLY) {
      const { text, reads } = scratched(seed);
      for (const data of reads) expect(data, `seed ${seed}`).to.equal(text);
    }
  });

  it("are read where the rest of them says enough", () => {
    let read = 0;
    for (let seed = 1001; seed <= 1000 + SWIPES; seed++) {
      const { text, reads } = scratched(seed);
      if (reads.includes(text)) read++;
    }
    expect(read).to.be.at.least(SWIPES / 2);
  });
});

/** Two passes, each with one wrong bit, at places of their own in characters that are close: behind it all its pulses are the other way round. */
const MADE_UP = [32, 38, 45, 46, 99];

function misbitten(seed: number) {
  const { text } = synthesise(seed);
  const next = uniform(seed);
  const first = 3 + Math.floor(30 * next());
  const places = [first, first + 1 + Math.floor(3 * next())].map((character) => 5 * character + Math.floor(5 * next()));
  const parts = places.flatMap((place, i) => {
    const bits = trackBits(2, text);
    bits[place] = 1 - bits[place]!;
    const ips = [44, 50][i]!;
    return [swipeSignal({ track: 2, text, bits, ips, sampleRateHz: RATE }).samples, new Float32Array(960)];
  });
  const samples = Float32Array.from(parts.flatMap((part) => [...part]));
  const noise = normal(seed);
  const deviation = 0.02 + 0.03 * next();
  for (let n = 0; n < samples.length; n++) samples[n]! += deviation * noise();
  return { text, reads: readSamples(samples, RATE).reads.map(({ data }) => data) };
}

describe("passes that contradict each other", () => {
  it("have not lost what lies between: where a wrong bit turned one of them, nothing is made up", () => {
    for (const seed of MADE_UP) expect(misbitten(seed).reads, `seed ${seed}`).to.deep.equal([]);
  });
});

describe("what passes have of each pulse", () => {
  const cells = 40;
  const seenOf = (seed: number, reverse = false): Weighed => {
    const bounds = Float64Array.from({ length: cells + 1 }, (_, k) => 100 + 14.4 * k);
    const ones = new Float64Array(cells + 1).fill(1);
    const grid = { bounds, height: ones, steps: ones, variance: 0.5 };
    const noise = normal(seed);
    const samples = Float32Array.from({ length: 800 }, () => noise());
    return weighed(grid, match(samples, grid, STRIPE), STRIPE, reverse);
  };
  const layer = (seen: Weighed, { from = 0, turned = 0, part = 1 } = {}) => ({ seen, from, turned, part });
  const [one, other] = [seenOf(1), seenOf(2)];
  const STEPS = one.whole.along.length / cells;

  it("is added up as logarithms of likelihood, each in its own noise", () => {
    const both = summed([layer(one), layer(other, { part: 0.5 })]);
    for (const which of ["whole", "middle", "end"] as const) {
      for (const what of ["along", "own", "lone"] as const) {
        const sum = one[which][what].map((value, i) => one.scale * value + 0.5 * other.scale * other[which][what][i]!);
        expect([...both[which][what]], `${which} ${what}`).to.deep.equal([...sum]);
      }
    }
    expect(both.scale).to.equal(1);
    expect([...both.noise]).to.deep.equal([...one.noise.map((value, k) => value + 0.5 * other.noise[k]!)]);
  });

  it("is that of the cell that lies over the first one's, the other way round where polarities are", () => {
    const both = summed([layer(one), layer(other, { from: 3, turned: STEPS / 2 })]);
    const at = (seen: Weighed, k: number, i: number) => seen.scale * seen.whole.along[k * STEPS + i]!;
    expect(both.whole.along[5 * STEPS + 1]).to.equal(at(one, 5, 1) + at(other, 8, 1 + STEPS / 2));
    expect(both.whole.along[5 * STEPS + 1 + STEPS / 2]).to.equal(at(one, 5, 1 + STEPS / 2) + at(other, 8, 1));
    expect(both.noise[38], "behind the other's last").to.equal(one.noise[38]);
    const before = summed([layer(one), layer(other, { from: -3 })]);
    expect(before.noise[2], "before the other's first").to.equal(one.noise[2]);
    expect(before.noise[3]).to.equal(one.noise[3]! + other.noise[0]!);
  });

  it("is of a part of the cells where it is cut there", () => {
    const part = summed([layer(slicedSeen(one, 10, 20))]);
    const whole = summed([layer(one)]);
    expect([...part.whole.own]).to.deep.equal([...whole.whole.own.subarray(10 * STEPS, 20 * STEPS)]);
    expect([...part.squares]).to.deep.equal([...whole.squares.subarray(10, 20)]);
    expect([...part.begin]).to.deep.equal([...one.begin.subarray(20, 40)]);
  });
});
