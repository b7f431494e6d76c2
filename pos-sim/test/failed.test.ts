// Swipes that were not read, beside those that were: each is told, with its place and what in the signal did it.
import { expect } from "chai";
import { type Conditions, type FailedSwipe, Reader, readSamples, synthesise } from "../src/index.js";
import { SOUNDS, sound } from "../src/synth/sounds.js";

const RATE = 48_000;

/** One behind the other, a pause between them. */
function inARow(...parts: readonly Float32Array[]): Float32Array {
  const pause = RATE / 2;
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length + pause, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length + pause;
  }
  return all;
}

/** Cells of a made-up swipe, from the first zero on, whose pulses have a share of their height. */
function weakened(seed: number, from: number, cells: number, share: number, conditions: Conditions = {}): Float32Array {
  const { samples, passes } = synthesise(seed, conditions);
  const { bounds } = passes[0]!;
  return samples.map((sample, n) => (n >= bounds[from]! && n < bounds[from + cells]! ? share * sample : sample));
}

const scratched = (seed: number): Float32Array => weakened(seed, 90, 12, 0);
const good = (seed: number): Float32Array => synthesise(seed, { snrDb: 40 }).samples;

describe("a swipe that was not read", () => {
  it("is told beside those that were, where it lies and why", () => {
    const { reads, failed, diagnosis } = readSamples(inARow(good(1), scratched(2), good(3), scratched(4)), RATE, {
      measures: true,
    });
    expect(reads).to.have.length(2);
    expect(diagnosis).to.equal(null);
    expect(failed.map(({ code }) => code)).to.deep.equal(["LOST_SYNC", "LOST_SYNC"]);
    const length = good(1).length / RATE + 0.5;
    for (const [i, { startS, endS, sentence, signal }] of failed.entries()) {
      // 20 ms of silence, then 25 zeros, 200 bits and 25 zeros of 300 us.
      expect(startS).to.be.closeTo((2 * i + 1) * length + 0.02, 0.002);
      expect(endS).to.be.closeTo((2 * i + 1) * length + 0.095, 0.002);
      expect(sentence).to.include("no pulse for 3.").and.include("at character 14");
      expect(signal!.weaknesses[0]).to.include({ code: "DROPOUT", character: 14 });
    }
  });

  it("is measured alone where nobody asks for the reads' measures", () => {
    const { reads, failed, ...rest } = readSamples(inARow(good(1), scratched(2)), RATE, { measures: "failed" });
    expect(reads[0]).to.not.have.any.keys("signal", "profile");
    expect(failed[0]!.signal!.dropouts).to.have.length(1);
    expect(rest).to.not.have.property("levels");
  });

  it("is told once, whichever octaves and searches stumbled over it, and in order", () => {
    const unread = [synthesise(1, { snrDb: -4 }).samples, scratched(2), weakened(5, 100, 20, 0.1)];
    const { failed } = readSamples(inARow(...unread), RATE);
    expect(failed).to.have.length(3);
    expect(failed.map(({ startS }) => startS)).to.deep.equal(failed.map(({ startS }) => startS).sort((a, b) => a - b));
  });

  it("is the only one where all else was read", () => {
    for (const conditions of [{}, { snrDb: 3 }, { jitter: { normal: 0.06 }, snrDb: 30 }, { speed: { ratio: 3 } }]) {
      const { reads, failed } = readSamples(inARow(...[1, 2, 3].map((n) => synthesise(n, conditions).samples)), RATE);
      expect(reads, JSON.stringify(conditions)).to.have.length(3);
      expect(failed, JSON.stringify(conditions)).to.deep.equal([]);
    }
  });

  it("of which only parts were followed counts neither characters nor zeros from where one began", () => {
    let [counted, uncounted] = [0, 0];
    for (let seed = 1; seed <= 40; seed++) {
      const dropouts = { count: 3, cells: 6 };
      const { samples, sampleRateHz, passes } = synthesise(seed, { snrDb: 40, dropouts });
      const gone = synthesise(seed, { dropouts }).samples;
      const { bounds } = passes[0]!;
      for (const { atS, character, signal, sentence } of readSamples(samples, sampleRateHz, { measures: true })
        .failed) {
        const zeros = signal?.leadingZeros ?? 25;
        // A gap in the first zeros leaves fewer.
        expect(zeros, `seed ${seed}`).to.be.within(10, 26);
        expect(signal?.weaknesses.map(({ code }) => code) ?? [], `seed ${seed}`).to.not.include("ZEROS");
        if (character === undefined) {
          expect(sentence.split(" In the signal")[0], `seed ${seed}`).to.not.include("at character");
          // What is likely knows its characters.
          for (const one of signal?.dropouts ?? []) {
            if (one.character === undefined) continue;
            const [from, to] = [-1, 2].map((beside) => bounds[25 + 5 * (one.character! - 1) + 5 * beside]!);
            expect([...gone.slice(Math.floor(from!), Math.ceil(to!))], `seed ${seed}`).to.include(0);
          }
          uncounted++;
          continue;
        }
        counted++;
        const cell = bounds.findIndex((bound) => bound >= atS! * sampleRateHz - 2);
        expect(character, `seed ${seed}`).to.be.closeTo(Math.floor((cell - 25) / 5) + 1, 1);
      }
    }
    expect(counted).to.be.greaterThan(10);
    expect(uncounted).to.be.greaterThan(2);
  });

  it("at which the hand stopped counts no zeros where it stopped", () => {
    for (const seed of [1, 2, 3]) {
      const { samples, sampleRateHz, passes } = synthesise(seed, { snrDb: 40 });
      for (const cell of [40, 110, 150]) {
        const at = Math.round(passes[0]!.bounds[cell]!);
        const stopped = [...samples.subarray(0, at), ...new Float32Array(sampleRateHz / 10), ...samples.subarray(at)];
        const { failed } = readSamples(Float32Array.from(stopped), sampleRateHz, { measures: true });
        const { leadingZeros = 25, trailingZeros = 25, weaknesses } = failed[0]!.signal!;
        const told = `seed ${seed}, cell ${cell}: ${failed[0]!.sentence}`;
        expect(failed, told).to.have.length(1);
        expect([leadingZeros, trailingZeros], told).to.satisfy((zeros: number[]) => zeros.every((n) => n >= 24));
        expect(weaknesses[0]!.code, told).to.equal("STOP");
        expect(
          weaknesses.map(({ code }) => code),
          told,
        ).to.not.include("ZEROS");
      }
    }
  });

  it("is none where passes were read together", () => {
    const passes = synthesise(2, { snrDb: -3, repeats: { count: 3, reversed: [1] } }).samples;
    const { reads, failed } = readSamples(passes, RATE);
    expect(new Set(reads.map(({ data }) => data))).to.have.length(1);
    expect(failed).to.deep.equal([]);
  });

  it("is none where another pass of the same card was read, before it or behind it", () => {
    const noisy = { snrDb: -2, noise: "pink", wander: { height: 1, hz: 3 }, dropouts: { count: 1, cells: 1 } } as const;
    for (const seed of [150_000_010, 150_000_011]) {
      const passes = synthesise(seed, {
        ...noisy,
        repeats: { count: 3, reversed: [1], cellUs: [300, 200, 450] },
      }).samples;
      const { reads, failed } = readSamples(passes, RATE);
      expect(new Set(reads.map(({ data }) => data))).to.have.length(1);
      expect(failed, `seed ${seed}`).to.deep.equal([]);
    }
  });

  it("is told while the head listens on", () => {
    const failed: FailedSwipe[] = [];
    const reader = new Reader(RATE, { live: true, onFailed: (one) => failed.push(one) });
    const told: number[] = [];
    for (let second = 0; second < 12; second++) {
      const block = new Float32Array(RATE);
      block.set(second === 1 ? scratched(2) : second === 2 || second === 8 ? good(second) : []);
      reader.push(block);
      told.push(failed.length);
    }
    expect(told[1]).to.equal(0);
    expect(told[7]).to.equal(1);
    expect(reader.finish().failed).to.deep.equal([]);
    expect(failed).to.have.length(1);
    expect(failed[0]!.startS).to.be.closeTo(1.02, 0.002);
  });

  it("is not found in sounds, but for one in minutes of speech", function () {
    this.timeout(120_000);
    const told = SOUNDS.flatMap((kind) =>
      [1, 2, 3, 4, 5, 6].flatMap((seed) => readSamples(sound(kind, seed, 5, RATE), RATE).failed.map(() => kind)),
    );
    expect(told.length).to.be.at.most(1);
  });
});

describe("the diagnosis of a recording", () => {
  it("speaks of one swipe, not of the reason of one and the signal of another", () => {
    const noisy = synthesise(3, { snrDb: -3 }).samples;
    const { diagnosis, failed } = readSamples(inARow(scratched(2), noisy), RATE, { measures: true });
    expect(diagnosis!.code).to.equal("LOST_SYNC");
    expect(diagnosis!.sentence).to.equal(failed[0]!.sentence).and.include("no pulse for 3.");
  });

  it("says of no samples that there are none, of silence that it is", () => {
    expect(readSamples(new Float32Array(0), RATE).diagnosis!.sentence).to.include("There are no samples");
    expect(readSamples(new Float32Array(RATE), RATE).diagnosis!.sentence).to.include("all samples are zero");
  });

  it("finds no character in loud noise", () => {
    let state = 1;
    for (let n = 0; n < 6; n++) {
      const samples = Float32Array.from({ length: 10 * RATE }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return (state >> 16) / 32768;
      });
      const { diagnosis, failed } = readSamples(samples, RATE);
      expect(diagnosis!.code).to.equal("NO_CLOCK");
      expect(failed).to.deep.equal([]);
    }
  });
});
