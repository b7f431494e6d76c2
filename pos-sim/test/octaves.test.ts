// What octaves say of one place, and what comes of it where they contradict each other.
import { expect } from "chai";
import { readSamples, synthesise } from "../src/index.js";
import type { Frame } from "../src/reader/frame.js";
import { elected, grouped } from "../src/reader/vote.js";

/** A frame of 200 cells of 10 samples. */
function frame(data: string, level: number, more: Partial<Frame> = {}): Frame {
  return {
    symbolBits: 5,
    data,
    direction: "forward",
    confidence: 0.999999,
    characters: () => new Float64Array(data.length),
    from: 1000,
    to: 3000,
    cell: 10,
    jitter: 0.03,
    level,
    cells: { bounds: new Float64Array(1), bits: new Uint8Array(0), frameFrom: 0, frameBits: 0 },
    ...more,
  };
}

describe("the vote of the octaves", () => {
  it("is beyond contradiction where all say the same, and places it as the one with the least jitter", () => {
    const { frame: found, agreed } = elected([
      frame(";123?", 0),
      frame(";123?", 1, { jitter: 0.01, from: 1001 }),
      frame(";123?", 2, { jitter: 0.02 }),
    ]);
    expect(agreed).to.equal(true);
    expect(found).to.include({ level: 1, from: 1001 });
  });

  it("goes to the text that most octaves say, in doubt below three quarters of all votes", () => {
    const votes = (yes: number, no: number) =>
      elected([
        ...Array.from({ length: no }, (_, i) => frame(";999?", 10 + i)),
        ...Array.from({ length: yes }, (_, i) => frame(";123?", i)),
      ]);
    for (const [yes, no, agreed] of [
      [4, 1, true],
      [3, 1, true],
      [2, 1, false],
      [1, 1, false],
    ] as const) {
      const result = votes(yes, no);
      expect(result.agreed, `${yes} to ${no}`).to.equal(agreed);
      if (yes > no) expect(result.frame.data).to.equal(";123?");
    }
  });

  it("counts an octave once for a text, by its surest frame, and each direction for itself", () => {
    const doubled = [frame(";123?", 0), frame(";123?", 0), frame(";123?", 0), frame(";999?", 1)];
    expect(elected(doubled).agreed).to.equal(false);
    const unsure = [frame(";123?", 0, { confidence: 0.1 }), frame(";999?", 1, { confidence: 0.9 })];
    expect(elected(unsure)).to.deep.include({ frame: unsure[1], agreed: true });
    expect(elected([frame(";123?", 0), frame(";123?", 1, { direction: "reverse" })]).agreed).to.equal(false);
  });

  it("is not contradicted by a short frame inside a long one, however many octaves find it", () => {
    const long = frame(";1234567890123456?", 0);
    const short = [1, 2, 3, 4].map((level) => frame(";123?", level, { from: 1500, to: 1600 }));
    expect(elected([long, ...short])).to.deep.include({ frame: long, agreed: true });
  });

  it("is held where frames share more than four cells, in the order of time", () => {
    const first = frame(";1?", 0);
    const same = frame(";2?", 1, { from: 1005, to: 2990 });
    const next = frame(";3?", 0, { from: 2965, to: 5000 });
    const far = frame(";4?", 0, { from: 9000, to: 9900 });
    expect(grouped([far, next, same, first])).to.deep.equal([[first, same], [next], [far]]);
    const within = frame(";5?", 0, { from: 2950, to: 5000 });
    expect(grouped([first, within])).to.deep.equal([[first, within]]);
  });
});

describe("octaves that contradict each other", () => {
  it("read nothing: a slow swipe is in doubt while a fast one is heard in its midst", () => {
    for (const seed of [1, 2, 3]) {
      const slow = synthesise(2 * seed, { cellUs: 2000, level: 0.1, characters: 20, bits: 24 });
      const fast = synthesise(2 * seed + 1, { cellUs: 150, level: 0.3, characters: 20, bits: 24 });
      const both = slow.samples.slice();
      const at = Math.floor((slow.samples.length - fast.samples.length) / 2);
      for (const [n, sample] of fast.samples.entries()) both[at + n]! += sample;
      const alone = readSamples(slow.samples, slow.sampleRateHz);
      expect(alone.reads.map(({ data }) => data)).to.deep.equal([slow.text]);
      const { reads, failed } = readSamples(both, slow.sampleRateHz);
      expect(
        reads.map(({ data }) => data),
        `seed ${seed}`,
      ).to.not.include(slow.text);
      expect(
        failed.map(({ code }) => code),
        `seed ${seed}`,
      ).to.deep.equal(["UNCERTAIN"]);
    }
  });
});
