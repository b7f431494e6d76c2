import { expect } from "chai";
import fc from "fast-check";
import {
  checkedConditions,
  maskTracks,
  PosError,
  readSamples,
  swipeLabels,
  synthesise,
  textFor,
  writtenReads,
} from "../src/index.js";
import { lengthOf } from "../src/synth/conditions.js";

describe("made-up swipes", () => {
  it("are the same for the same seed and conditions, and others for another", () => {
    const conditions = { snrDb: 10, jitter: { normal: 0.05 }, speed: { hand: true } } as const;
    const [a, b, c] = [synthesise(5, conditions), synthesise(5, conditions), synthesise(6, conditions)];
    expect(a).to.deep.equal(b);
    expect(a.text).to.not.equal(c.text);
  });

  it("hold a number of the test range and nothing else that could be one", () => {
    for (const track of [1, 2, 3] as const) {
      for (let seed = 1; seed <= 50; seed++) expect(textFor(track, 40, seed)).to.match(/^(%B|;|;99)999999/);
    }
    expect(textFor(3, 107, 1)).to.match(/^;01999999/);
    expect(textFor(2, 40, 1)).to.have.length(39); // the LRC is the fortieth
  });

  for (const [track, most] of [
    [1, 79],
    [2, 40],
    [3, 107],
  ] as const) {
    it(`are shown as they were written, on track ${track}, however few characters they have`, () => {
      for (let characters = 4; characters <= most; characters++) {
        for (let seed = 1; seed <= 20; seed++) {
          const text = textFor(track, characters, seed);
          expect(text).to.have.length(characters - 1);
          expect(maskTracks(text), `${characters} characters`).to.equal(text);
        }
        const swipe = synthesise(characters, { track, characters });
        const { reads } = readSamples(swipe.samples, swipe.sampleRateHz);
        expect(reads.map(({ data, masked }) => ({ data, masked }))).to.deep.equal([
          { data: swipe.text, masked: false },
        ]);
      }
    });
  }

  it("have the noise that they are asked for", () => {
    for (const noise of ["white", "pink"] as const) {
      const base = { cellUs: 600, leadingZeros: 200, bits: 24 } as const;
      const clean = synthesise(3, base);
      const noisy = synthesise(3, { ...base, snrDb: 0, noise });
      const [{ bounds }] = clean.passes as [(typeof clean.passes)[number]];
      let power = 0;
      let off = 0;
      for (let n = Math.ceil(bounds[0]!); n < bounds[bounds.length - 1]!; n++) {
        power += clean.samples[n]! ** 2;
        off += (noisy.samples[n]! - clean.samples[n]!) ** 2;
      }
      expect(10 * Math.log10(power / off), noise).to.be.closeTo(0, noise === "white" ? 0.3 : 1.5);
    }
  });

  it("say where their cells are, in either direction and repeated, as a reader finds them", () => {
    const swipe = synthesise(9, { repeats: { count: 3, reversed: [1], gapMs: 60 } });
    const { reads } = readSamples(swipe.samples, swipe.sampleRateHz);
    expect(reads.map(({ data }) => data)).to.deep.equal([swipe.text, swipe.text, swipe.text]);
    expect(reads.map(({ direction }) => direction)).to.deep.equal(swipe.passes.map(({ direction }) => direction));
    reads.forEach(({ startS }, i) => {
      const { bounds } = swipe.passes[i]!;
      expect(startS * swipe.sampleRateHz).to.be.closeTo(bounds[25]!, 1);
    });
  });

  it("give each pass its own cell, which a reader finds, whatever the others have", () => {
    const cellUs = [300, 220, 420];
    const swipe = synthesise(4, { snrDb: 20, cellUs: 500, repeats: { count: 3, reversed: [1], cellUs } });
    const { reads, failed } = readSamples(swipe.samples, swipe.sampleRateHz);
    expect(reads.map(({ data }) => data)).to.deep.equal([swipe.text, swipe.text, swipe.text]);
    expect(reads.map(({ cellUs }) => Math.round(cellUs))).to.deep.equal(cellUs);
    expect(failed).to.deep.equal([]);
    for (const [i, { startS, endS, cellsS, direction }] of swipeLabels(swipe).entries()) {
      expect(direction).to.equal(i === 1 ? "reverse" : "forward");
      expect(reads[i]!.startS).to.be.closeTo(startS, 1 / swipe.sampleRateHz);
      expect(reads[i]!.endS).to.be.closeTo(endS, 1 / swipe.sampleRateHz);
      expect(cellsS[1]! - cellsS[0]!).to.be.closeTo(cellUs[i]! * 1e-6, 1e-6);
    }
    for (const [i, read] of writtenReads(swipe, 0).entries()) expect(read.cellUs).to.be.closeTo(cellUs[i]!, 0.01);
  });

  it("are read together at -3 dB, whatever cell each pass has, where one alone is not", () => {
    const alone: string[] = [];
    for (let seed = 1; seed <= 6; seed++) {
      const repeats = { count: 3, reversed: [1], cellUs: [300, 250, 320] };
      const { samples, sampleRateHz, text } = synthesise(seed, { snrDb: -3, repeats });
      const { reads } = readSamples(samples, sampleRateHz);
      expect([...new Set(reads.map(({ data }) => data))], `seed ${seed}`).to.deep.equal([text]);
      const longest = synthesise(seed, { snrDb: -3, cellUs: 320 });
      alone.push(...readSamples(longest.samples, sampleRateHz).reads.map(({ data }) => data));
    }
    expect(alone.length).to.be.at.most(1);
  });

  it("have at most the characters that their track has, and the refusal says how many", () => {
    for (const [track, most] of [
      [1, 79],
      [2, 40],
      [3, 107],
    ] as const) {
      expect(checkedConditions({ track, characters: most }).characters).to.equal(most);
      expect(synthesise(1, { track, characters: most }).text).to.have.length(most - 1);
      expect(() => checkedConditions({ track, characters: 200 })).to.throw(PosError, `a number from 4 to ${most}`);
    }
    expect(() => checkedConditions({ track: 9, characters: 200 })).to.throw(PosError, "one of 1, 2, 3");
  });

  it("refuse what no swipe can have, by its field, and any text", () => {
    const bad: [unknown, string][] = [
      [[], "conditions"],
      [null, "conditions"],
      [{ text: ";1234?" }, "text"],
      [{ track: 4 }, "track"],
      [{ snrDb: "3" }, "snrDb"],
      [{ cellUs: Number.NaN }, "cellUs"],
      [{ characters: 7.5 }, "characters"],
      [{ track: 1, characters: 80 }, "characters"],
      [{ characters: 41 }, "characters"],
      [{ track: 3, characters: 108 }, "characters"],
      [{ pulse: { pw50: 9 } }, "pulse.pw50"],
      [{ speed: { fast: 1 } }, "speed"],
      [{ speed: 2 }, "speed"],
      [{ speed: null }, "speed"],
      [{ speed: { ratio: 11 } }, "speed.ratio"],
      [{ speed: { hesitation: { to: 0.5 } } }, "speed.hesitation.width"],
      [{ speed: { hesitation: { to: 0, width: 0.1 } } }, "speed.hesitation.to"],
      [{ speed: { hesitation: { to: 0.5, width: 0.1, at: 2 } } }, "speed.hesitation.at"],
      [{ speed: { hesitation: { to: 0.5, width: 0.1, again: 1 } } }, "speed.hesitation.again"],
      [{ repeats: { count: 99 } }, "repeats.count"],
      [{ repeats: { count: 2.5 } }, "repeats.count"],
      [{ repeats: {} }, "repeats.count"],
      [{ repeats: { count: 2, reversed: [2] } }, "repeats.reversed"],
      [{ repeats: { count: 2, reversed: "01" } }, "repeats.reversed"],
      [{ repeats: { count: 2, cellUs: [300] } }, "repeats.cellUs"],
      [{ repeats: { count: 2, cellUs: [300, 300, 300] } }, "repeats.cellUs"],
      [{ repeats: { count: 2, cellUs: 300 } }, "repeats.cellUs"],
      [{ repeats: { count: 2, cellUs: [300, 19] } }, "repeats.cellUs"],
      [{ repeats: { count: 2, cellUs: [300, "300"] } }, "repeats.cellUs"],
      [{ repeats: { count: 2, cellUs: [300, Number.NaN] } }, "repeats.cellUs"],
      [{ pulse: {} }, "pulse"],
      [{ pulse: [] }, "pulse"],
      [{ pulse: { pw50: 0.2, tau: 0.1 } }, "pulse"],
      [{ speed: {} }, "speed"],
      [{ speed: { hand: false } }, "speed.hand"],
      [{ hum: { height: 1 } }, "hum.hz"],
      [{ dropouts: { count: 3 } }, "dropouts.cells"],
      [{ dropouts: { count: 3, cells: 2, height: 1.1 } }, "dropouts.height"],
      [{ sampleRateHz: 8000.5 }, "sampleRateHz"],
      [{ noise: "pink" }, "noise"],
      [{ noise: "white", level: 0.1 }, "noise"],
    ];
    for (const [conditions, field] of bad) {
      expect(() => checkedConditions(conditions), field).to.throw(PosError, `"${field}"`);
      expect(() => checkedConditions(conditions), field).to.throw(/: give |^The conditions have no "/);
    }
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          checkedConditions(value);
        } catch (error) {
          expect(error).to.be.instanceOf(PosError);
        }
      }),
    );
  });

  it("say of each fault the field, what was given, what may be, and what to do", () => {
    const golden: [unknown, string][] = [
      [{ snrDb: "loud" }, `The conditions' "snrDb" is "loud": give a number from -30 to 200, or leave it out`],
      [{ snrDb: null }, `The conditions' "snrDb" is null: give a number from -30 to 200, or leave it out`],
      [{ noise: "blue" }, `The conditions' "noise" is "blue": give one of "white", "pink", or leave it out`],
      [
        { noise: "pink" },
        `The conditions' "noise" is without "snrDb": give a number from -30 to 200, or leave "noise" out`,
      ],
      [
        { jitter: 0.05 },
        `The conditions' "jitter" is 0.05: give an object, as {"normal": 0 to 1, "uniform": 0 to 1}, or leave it out`,
      ],
      [{ jitter: { gauss: 1 } }, `The conditions have no "jitter.gauss". jitter has normal, uniform`],
      [{ hum: { height: 1 } }, `The conditions' "hum" is without "hum.hz": give a number from 1 to 10000`],
      [
        { hum: { height: 1, hz: 0 } },
        `The conditions' "hum.hz" is 0: give a number from 1 to 10000, or leave "hum" out`,
      ],
      [
        { repeats: { count: 2, reversed: [5] } },
        `The conditions' "repeats.reversed" is [5]: give a list of passes, 0 to 1, or leave it out`,
      ],
      [[], `The "conditions" are []: give an object, as {"snrDb": 3}, or {} for a clean swipe`],
    ];
    for (const [conditions, said] of golden) {
      expect(() => checkedConditions(conditions))
        .to.throw()
        .with.property("message", said);
    }
    expect(() => checkedConditions({ snr: 3 })).to.throw(`have no "snr". Did you mean "snrDb"? They have track, `);
    expect(() => checkedConditions({ text: ";1?" })).to.throw(`no "text". Texts are made from the seed. They have`);
  });

  it("tell no text that was given, as it may be a track", () => {
    for (const key of ["snrDb", "track", "direction", "jitter", "speed", "repeats", "text"]) {
      const track = ";9999991234567893=29111011234567890?";
      expect(() => checkedConditions({ [key]: track }))
        .to.throw(PosError)
        .with.property("message")
        .that.does.not.include("99999");
    }
  });

  it("have one of some, not two", () => {
    for (const [both, said] of [
      [{ pulse: { pw50: 1, tau: 1 } }, "one of pw50, tau alone"],
      [{ speed: { ratio: 2, hand: true } }, "one of ratio, hand, hesitation alone"],
    ] as const) {
      expect(() => checkedConditions(both))
        .to.throw(said)
        .with.property("code", "BAD_ARGUMENT");
    }
  });

  it("are no longer than anybody listens to, though each of its fields is within its range", () => {
    const long = { cellUs: 20_000, leadingZeros: 1000, trailingZeros: 1000, track: 3, characters: 107 } as const;
    const swipes = { ...long, sampleRateHz: 768_000, repeats: { count: 10 } };
    expect(() => checkedConditions(swipes))
      .to.throw()
      .with.property("code", "BAD_ARGUMENT");
    expect(() => checkedConditions(long)).to.not.throw();
  });

  for (const [name, conditions] of Object.entries({
    "an even hand": {},
    "three times as fast": { speed: { ratio: 3 } },
    "ten times slower": { speed: { ratio: 0.1 } },
    "a hand's speed": { speed: { hand: true } },
    "a hand that hesitates": { speed: { hesitation: { to: 0.1, width: 0.3 } } },
    "passes, and pauses that nobody told": { repeats: { count: 10 } },
    "passes with cells of their own": { repeats: { count: 3, gapMs: 250, cellUs: [900, 2000, 20_000] } },
  } as const)) {
    it(`are as long as is checked: ${name}`, () => {
      for (const base of [
        {},
        { track: 1, cellUs: 79.4, sampleRateHz: 96_000 },
        { trailingZeros: 7, sampleRateHz: 8_000 },
      ] as const) {
        const { samples, passes } = synthesise(6, { ...conditions, ...base });
        expect(lengthOf({ ...conditions, ...base }) - samples.length).to.be.within(-passes.length, passes.length);
      }
    });
  }
});

describe("jitter", () => {
  it("moves every reversal by as much as is told", () => {
    for (const normal of [0.03, 0.06]) {
      const errors: number[] = [];
      for (let seed = 1; seed <= 20; seed++) {
        const { samples, passes } = synthesise(seed, { jitter: { normal }, sampleRateHz: 192_000 });
        const { bounds } = passes[0]!;
        const cell = bounds[1]! - bounds[0]!;
        for (const bound of bounds.subarray(1, 24)) {
          let top = Math.round(bound);
          for (let n = top - Math.round(0.4 * cell); n < bound + 0.4 * cell; n++)
            if (Math.abs(samples[n]!) > Math.abs(samples[top]!)) top = n;
          errors.push((top - bound) / cell);
        }
      }
      const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
      expect(deviation).to.be.closeTo(normal, 0.1 * normal);
    }
  });
});
