import { expect } from "chai";
import {
  type Inspection,
  inspectionPage,
  inspectionSvg,
  swipeSignal,
  synthesise,
  type TrackNumber,
} from "../src/index.js";
import { trackBits } from "../src/signal/stripe.js";
import { inspected, made, parse, points, STRANGERS } from "./inspected.js";

describe("an inspection of a card outside the test range", () => {
  for (const track of [1, 2, 3] as const) {
    it(`shows neither bits, cells nor waveform of its track ${track}`, async () => {
      const text = STRANGERS[track];
      const inspection = await inspected([swipeSignal({ track, text, ips: 20, jitter: 0.05, acceleration: 1.3 })]);
      const [read] = inspection.reads;
      expect(read!.masked).to.equal(true);
      expect(read).to.not.have.property("cells");
      expect(read!.profile).to.not.have.property("shown");
      hidesAll(inspection, text, track);
      // 24 parts at most, of 16 cells and more.
      expect(read!.profile!.speed.partsIps).to.have.length.within(1, 24);
      const cells = trackBits(track === 3 ? 2 : track, text).length;
      expect(cells / read!.profile!.speed.partsIps.length).to.be.at.least(16);
      expect(inspectionPage(inspection)).to.include("it is masked, and so are its bits, cells and waveform");
    });
  }

  it("places its dropouts by character alone", async () => {
    const signal = swipeSignal({ track: 2, text: STRANGERS[2], ips: 20 });
    const cell = 44_100 / (20 * 75);
    signal.samples.fill(0, Math.floor(882 + 110 * cell), Math.ceil(882 + 113 * cell));
    const { reads, diagnosis } = await inspected([signal]);
    const { dropouts, cellUs, leadingZeros } = reads[0]?.signal ?? diagnosis!.signal!;
    expect(dropouts).to.have.length(1);
    const [{ atS, lengthUs, character } = { atS: 0, lengthUs: 0 }] = dropouts;
    expect(atS).to.be.closeTo(inParts(0.02, cellUs), 1e-4);
    expect(leadingZeros).to.equal(22);
    expect(Math.abs(lengthUs / cellUs - Math.round(lengthUs / cellUs))).to.be.below(1e-6);
    expect(character).to.equal(18);
  });

  it("places the dropouts of a read by parts alone, too", async () => {
    const signal = swipeSignal({ track: 2, text: STRANGERS[2], ips: 20 });
    const cell = 44_100 / (20 * 75);
    signal.samples.fill(0, Math.floor(882 + 130 * cell), Math.ceil(882 + 132 * cell));
    const [read] = (await inspected([signal])).reads;
    expect(read!.masked).to.equal(true);
    const { dropouts, cellUs } = read!.signal!;
    expect(dropouts).to.have.length(1);
    const { atS, ...gap } = dropouts[0]!;
    expect(atS).to.be.closeTo(inParts(0.02, cellUs, 130), 1e-4);
    expect(gap).to.deep.equal({ lengthUs: 2 * cellUs, cells: 2, pulsePercent: 0, character: 22 });
  });

  it("shows how its jitter is spread in whole shares: not how many cells, or ones, there are", async () => {
    const [read] = (await inspected([swipeSignal({ track: 2, text: STRANGERS[2], ips: 20, jitter: 0.05 })])).reads;
    for (const bars of Object.values(read!.profile!.spread)) {
      expect(bars).to.have.length(121);
      expect(bars.every(Number.isInteger)).to.equal(true);
      expect(bars.reduce((sum, bar) => sum + bar, 0)).to.be.within(100, 130);
    }
  });

  it("is not seen beside a read right behind it, or before it", async () => {
    const zeros = new Array<number>(40).fill(0);
    const shown = trackBits(2, ";9999991234567893=29111011234567890?");
    const hidden = trackBits(2, STRANGERS[2]);
    for (const bits of [
      [...hidden, ...zeros, ...shown],
      [...shown, ...zeros, ...hidden],
    ]) {
      const { reads } = await inspected([swipeSignal({ track: 2, text: "", bits, ips: 20 })]);
      const [masked, read] = [reads.find((one) => one.masked)!, reads.find((one) => !one.masked)!];
      const { startS, samples, sampleRateHz } = read.profile!.shown!;
      const endS = startS + samples.length / sampleRateHz;
      // Whole zeros lie between, wherever the other's last character has its last one.
      const apart = masked.startS < read.startS ? startS - masked.endS : masked.startS - endS;
      expect(apart).to.be.at.least(masked.cellUs * 1e-6);
      expect(samples.length / sampleRateHz).to.be.above(read.endS - read.startS);
    }
  });

  it("is not pictured, whatever it comes with", async () => {
    const { shown } = (await made({})).reads[0]!.profile!;
    const inspection = await inspected([swipeSignal({ track: 2, text: STRANGERS[2], ips: 20 })]);
    const reads = inspection.reads.map((read) => ({ ...read, profile: { ...read.profile!, shown: shown! } }));
    hidesAll({ ...inspection, reads }, STRANGERS[2], 2);
  });

  it("shows nothing of a swipe that failed, nor of one beside a read that is shown", async () => {
    const bits = trackBits(2, STRANGERS[2]);
    bits[100]! ^= 1;
    const failed = swipeSignal({ track: 2, text: STRANGERS[2], bits, ips: 20 });
    const alone = await inspected([failed]);
    expect(alone.reads).to.deep.equal([]);
    expect(alone.diagnosis!.profile).to.not.have.property("shown");
    hidesAll(alone, STRANGERS[2], 2);

    const test = synthesise(2, { sampleRateHz: 44_100 });
    const both = new Float32Array(test.samples.length + failed.samples.length);
    both.set(test.samples);
    both.set(failed.samples, test.samples.length);
    const beside = await inspected([{ samples: both, sampleRateHz: 44_100 }]);
    expect(beside.reads).to.have.length(1);
    const { shown } = beside.reads[0]!.profile!;
    expect(shown!.startS + shown!.samples.length / 44_100).to.be.below((test.samples.length + 882) / 44_100);
  });

  it("gives no samples of a masked read to anybody who asks for pictures", async () => {
    const { reads } = await inspected([swipeSignal({ track: 2, text: STRANGERS[2], ips: 20 })], { cells: true });
    const numbers = JSON.stringify(reads[0], (_, value: unknown) => (ArrayBuffer.isView(value) ? "samples" : value));
    expect(numbers).to.not.include('"samples"').and.not.include("bounds");
  });
});

/** Where the 16 cells begin in which a cell lies, from a swipe's first cell on. */
const inParts = (startS: number, cellUs: number, cell = 110): number =>
  startS + Math.floor(cell / 16) * 16 * cellUs * 1e-6;

/** No text of the card, no bit, no cell, and no path with more points than the few parts have. */
function hidesAll(inspection: Inspection, text: string, track: TrackNumber): void {
  for (const document of [inspectionPage(inspection), inspectionSvg(inspection)]) {
    const elements = parse(document);
    expect(document).to.not.include(text.slice(8, 16)).and.not.include("777777").and.not.include("DOE");
    const digits = elements.filter(({ tag, text: said }) => tag === "text" && /^[01]$/.test(said));
    expect(digits, `track ${track}`).to.have.length(0);
    expect(elements.filter(({ tag }) => tag === "circle")).to.have.length(0);
    expect(points(document)).to.be.below(120);
    expect(document).to.not.match(/subintervals, per cent of half a cell \([0-9]/);
  }
}
