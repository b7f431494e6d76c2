import { expect } from "chai";
import fc from "fast-check";
import { coilSignal, disturb, Reader, type ReaderResult, readSamples, type Signal, swipeSignal } from "../src/index.js";
import { emission, legalText, PASSES, TRACKS } from "./swipes.js";

const read = ({ samples, sampleRateHz }: Signal, options = {}): ReaderResult =>
  readSamples(samples, sampleRateHz, options);
const heard = (result: ReaderResult): string[] =>
  result.reads.map(({ track, direction, data }) => `${track} ${direction} ${data}`);
const SENT = [`1 forward ${TRACKS[1]}`, `2 forward ${TRACKS[2]}`, `2 reverse ${TRACKS[2]}`];

describe("the reader", () => {
  for (const track of [1, 2, 3] as const) {
    it(`gives back any legal text of track ${track}, whichever way it is swiped`, () => {
      fc.assert(
        fc.property(
          legalText[track],
          fc.constantFrom("forward", "reverse"),
          fc.integer({ min: 3, max: 30 }),
          (text, direction, ips) => {
            const result = read(swipeSignal({ track, text, ips, direction }));
            expect(heard(result)).to.deep.equal([`${track} ${direction} ${text}`]);
            expect(result.diagnosis).to.equal(null);
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it("hears all three passes of a card's emission with one head", () => {
    expect(heard(read(coilSignal(emission())))).to.deep.equal(SENT);
  });

  it("hears three repeats of it, at 20 dB and with a base line that sways", () => {
    const signal = coilSignal(emission({ passes: [...PASSES, ...PASSES, ...PASSES] }), { level: 0.3 });
    const disturbed = disturb(signal, { snrDb: 20, seed: 3, wander: { height: 0.5, hz: 2 } });
    expect(heard(read(disturbed))).to.deep.equal([...SENT, ...SENT, ...SENT]);
  });

  it("follows a card that changes its bit period between passes", () => {
    for (const [first, second] of [
      [400, 300],
      [300, 400],
      [400, 280],
      [500, 250],
      [250, 500],
    ] as const) {
      const one = emission({ cellUs: first, passes: [PASSES[0]!] });
      const two = emission({ cellUs: second, passes: [PASSES[1]!] });
      const shift = one.edgesNs.at(-1)!;
      const edgesNs = [
        ...one.edgesNs,
        ...Array.from(two.edgesNs)
          .slice(1)
          .map((edge) => edge + shift),
      ];
      const result = read(coilSignal({ edgesNs, durationNs: shift + two.durationNs }));
      expect(heard(result), `${first} to ${second} us`).to.deep.equal(SENT.slice(0, 2));
    }
  });

  it("says how it was swiped: when, how fast, how evenly", () => {
    const [first] = read(coilSignal(emission())).reads;
    expect(first).to.include({ lrc: true, masked: false });
    expect(first!.startS).to.be.closeTo(0.03 + 25 * 400e-6, 1e-4);
    expect(first!.endS - first!.startS).to.be.closeTo((TRACKS[1].length + 1) * 7 * 400e-6, 1e-4);
    expect(first!.cellUs).to.be.closeTo(400, 1);
    expect(first!.jitterPercent).to.be.lessThan(1.5);
    expect(first!.confidence).to.be.greaterThan(0.999);
  });

  it("is less sure of a swipe that jitters more", () => {
    const sure = [0, 0.1, 0.17, 0.22].map((jitter) => {
      const swipes = [1, 2, 3, 4, 5].map(
        (seed) => read(swipeSignal({ track: 2, text: TRACKS[2], ips: 20, jitter, seed })).reads[0],
      );
      return swipes.reduce((sum, found) => sum + (found?.confidence ?? 0), 0);
    });
    expect(sure[0]).to.be.closeTo(5, 1e-4);
    expect(sure[1]).to.be.closeTo(5, 1e-4);
    expect(sure[3]).to.be.lessThan(sure[1]!).and.at.most(sure[2]!);
  });

  it("says of each character how sure it is, either way: one whose reversal lies off is the least sure", () => {
    for (const direction of ["forward", "reverse"] as const) {
      const signal = swipeSignal({ track: 2, text: TRACKS[2], ips: 20, direction, jitter: 0.04, seed: 3 });
      const { cells } = read(signal, { cells: true }).reads[0]!;
      const { bounds, frameFrom, frameBits } = cells!;
      const wanted = 20;
      const bit = direction === "forward" ? frameFrom + wanted * 5 + 2 : frameFrom + frameBits - wanted * 5 - 3;
      // The signal about one boundary comes a quarter of a cell late.
      const [at, cell] = [bounds[bit]! * signal.sampleRateHz, (bounds[bit + 1]! - bounds[bit]!) * signal.sampleRateHz];
      const samples = signal.samples.slice();
      const [from, to, late] = [Math.round(at - 0.2 * cell), Math.round(at + 0.4 * cell), Math.round(0.2 * cell)];
      for (let n = from; n < to; n++) samples[n] = signal.samples[n - late]!;
      const [found] = readSamples(samples, signal.sampleRateHz).reads;
      const sure = found!.characterConfidence;
      expect(sure).to.have.length(TRACKS[2].length);
      for (const chance of sure) expect(chance).to.be.within(found!.confidence - 1e-9, 1);
      expect(sure.indexOf(Math.min(...sure)), direction).to.equal(wanted);
    }
  });

  it("reads only the track that was asked for, and takes short data of track 3 at its word", () => {
    const signal = coilSignal(emission());
    expect(heard(read(signal, { track: 1 }))).to.deep.equal([SENT[0]]);
    expect(heard(read(signal, { track: 2 }))).to.deep.equal([SENT[1], SENT[2]]);
    const short = swipeSignal({ track: 3, text: ";019999991234567893=1?", ips: 10 });
    expect(read(short).reads[0]!.track).to.equal(2);
    expect(read(short, { track: 3 }).reads[0]!.track).to.equal(3);
  });

  it("gives the cells of each bit when asked", () => {
    const { reads } = read(coilSignal(emission()), { cells: true });
    const { cells, data, startS } = reads[1]!;
    expect(cells!.symbolBits).to.equal(5);
    expect(cells!.frameBits).to.equal((data.length + 1) * 5);
    expect(cells!.bounds).to.have.length(cells!.bits.length + 1);
    expect(cells!.bounds[cells!.frameFrom]).to.equal(startS);
    expect([...cells!.bits.subarray(cells!.frameFrom, cells!.frameFrom + 5)]).to.deep.equal([1, 1, 0, 1, 0]);
    expect(reads[0]).to.have.property("cells");
    expect(read(coilSignal(emission())).reads[0]).to.not.have.property("cells");
  });

  it("hands a read out as soon as its swipe is over, whatever the size of the blocks", () => {
    const swipe = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 });
    const samples = new Float32Array(3 * 44_100);
    samples.set(swipe.samples, 0);
    samples.set(swipe.samples, 2 * 44_100);
    const whole = readSamples(samples, 44_100);
    for (const size of [1, 97, 4096, 8192, 50_000]) {
      const reader = new Reader(44_100);
      const early = [];
      for (let at = 0; at < samples.length; at += size) {
        const block = samples.slice(at, at + size);
        for (const found of reader.push(block)) early.push({ found, at });
        block.fill(Number.NaN); // the block is the caller's again
      }
      const result = reader.finish();
      expect(heard(result)).to.deep.equal(heard(whole));
      expect(early[0]!.found).to.deep.equal(result.reads[0]);
      expect(early[0]!.at).to.be.lessThan(swipe.samples.length + 44_100 * 0.1 + size);
    }
  });

  it("reads what is loud, faint, clipped, on a hum, or upside down", () => {
    const clean = swipeSignal({ track: 2, text: TRACKS[2], ips: 20, level: 0.3 });
    const scaled = (gain: number): Signal => ({
      ...clean,
      samples: clean.samples.map((x) => Math.round(x * gain * 32_768) / 32_768),
    });
    const variants: [string, Signal][] = [
      ["faint: 50 steps of a converter", scaled(0.005)],
      ["upside down", scaled(-1)],
      ["clipped to a seventh", disturb(clean, { gain: 23 })],
      ["on a hum of twice its height", disturb(clean, { wander: { height: 2, hz: 50 } })],
      ["beside its base line", { ...clean, samples: clean.samples.map((x) => x + 0.5) }],
    ];
    for (const [what, signal] of variants) expect(heard(read(signal)), what).to.deep.equal([`2 forward ${TRACKS[2]}`]);
  });

  it("is not thrown by numbers that are none", () => {
    const { samples, sampleRateHz } = swipeSignal({ track: 2, text: TRACKS[2], ips: 20 });
    samples.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 100);
    expect(heard(readSamples(samples, sampleRateHz))).to.deep.equal([`2 forward ${TRACKS[2]}`]);
    const { diagnosis } = readSamples(new Float32Array(48_000).fill(Number.POSITIVE_INFINITY), 48_000);
    expect(diagnosis?.sentence).to.not.match(/Infinity|NaN/);
  });

  it("takes a swipe with few zeros around it", () => {
    for (const leadingZeros of [8, 22]) {
      for (const trailingZeros of [0, 1, 5]) {
        const swipe = { track: 2, text: TRACKS[2], ips: 20, leadingZeros, trailingZeros } as const;
        expect(heard(read(swipeSignal(swipe))), `${leadingZeros} and ${trailingZeros}`).to.have.length(1);
      }
    }
  });

  it("refuses a rate that no recording has", () => {
    for (const rate of [0, 299, 1e6, Number.NaN]) {
      expect(() => new Reader(rate))
        .to.throw()
        .with.property("code", "BAD_ARGUMENT");
    }
  });

  it("shows a PAN outside the test ranges masked, without its cells", () => {
    const text = ";4000000000000000=30121011777700000042?";
    const [found] = read(swipeSignal({ track: 2, text, ips: 20 }), { cells: true }).reads;
    expect(found).to.include({ data: ";400000******0000=3012101?", masked: true, lrc: true });
    expect(found).to.not.have.property("cells");
    const [allowed] = read(swipeSignal({ track: 2, text, ips: 20 }), { testIins: ["400000"] }).reads;
    expect(allowed).to.include({ data: text, masked: false });
  });
});
