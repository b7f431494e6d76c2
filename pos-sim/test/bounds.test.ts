// What is kept of a recording that does not end is forgotten again, or not kept beyond so much.
import { expect } from "chai";
import { Reader, swipeSignal, synthesise } from "../src/index.js";
import { Attempts, type FailedSwipe } from "../src/reader/attempts.js";
import { Burst } from "../src/reader/burst.js";
import { type Suspect, withOneMore } from "../src/reader/candidates.js";
import { Claims } from "../src/reader/claims.js";
import type { Failure } from "../src/reader/frame.js";
import { Slicer } from "../src/reader/slicer.js";
import { fittedByReversals } from "../src/search/fitted.js";
import { judged } from "../src/search/judged.js";
import { Searcher } from "../src/search/searcher.js";
import { normal } from "../src/signal/random.js";
import { trackBits } from "../src/signal/stripe.js";
import { ByteSource } from "../src/wav/byte-source.js";
import { readHead } from "../src/wav/wav-format.js";

const RATE = 48_000;

describe("what a reader keeps of the past", () => {
  it("forgets what was read farther back than a search may come", () => {
    const claims = new Claims(20 * RATE);
    expect(claims.claim(0, 1000)).to.equal(true);
    claims.readIn(19 * RATE, 20 * RATE);
    expect(claims.isRead(0, 1000)).to.equal(true);
    claims.readIn(21 * RATE, 22 * RATE);
    expect(claims.isRead(0, 1000)).to.equal(false);
  });

  it("forgets doubts that are behind, and keeps 4,096 of those ahead", () => {
    const claims = new Claims(RATE);
    for (let i = 0; i < 5000; i++) claims.doubt(RATE + 10 * i);
    expect(claims.claim(0, 1000)).to.equal(true);
    expect(claims.readIn(0, 1000)).to.have.length(1);
    /** Beside something that was read. */
    const asked = (place: number) => {
      claims.claim(place + 100, place + 101);
      return claims.readIn(place, place + 200);
    };
    expect(asked(RATE)).to.equal(undefined);
    expect(asked(RATE + 10 * 4990)).to.have.length(1);
    claims.doubt(RATE + 60_000);
    expect(asked(RATE + 60_000)).to.equal(undefined);
  });

  it("tells failed swipes before their time where more than 256 pieces wait", () => {
    const told: FailedSwipe[] = [];
    const attempts = new Attempts({
      ...{ sampleRateHz: RATE, isRead: () => false, measure: () => ({}) },
      onFailed: (failed) => void told.push(failed),
    });
    const bits = Uint8Array.from([
      ...new Array(25).fill(0),
      ...trackBits(2, ";9999991234567893=?"),
      ...new Array(25).fill(0),
    ]);
    const failureAt = (from: number): Failure => ({
      ...{ code: "LRC", at: from, from, to: from + 14 * bits.length, cells: bits.length, direction: "forward" },
      strip: { bits, bounds: new Float64Array(bits.length + 1), frameFrom: 25, frameBits: bits.length - 50 },
      followed: { start: true, end: true },
    });
    for (let i = 0; i < 255; i++) attempts.failure(failureAt(i * RATE));
    attempts.settle(0);
    expect(told).to.have.length(0);
    attempts.failure(failureAt(255 * RATE));
    attempts.settle(0);
    expect(told.length).to.be.greaterThan(0);
  });

  it("keeps 20 candidates at most, the likeliest, however many are found", () => {
    let kept: Suspect[] = [];
    for (let i = 0; i < 1000; i++) {
      const place = { startS: i, endS: i + 0.1 };
      const odds = { probability: i === 0 ? 0.9 : 0.1 + 1e-6 * i, characterConfidence: [] };
      const text = { track: 2, data: `;${i}?`, direction: "forward", masked: false } as const;
      kept = withOneMore(kept, { ...text, ...odds, ...place, passes: [place] }, []);
      expect(kept.length).to.be.at.most(20);
    }
    const best = [...kept].sort((a, b) => b.probability - a.probability).slice(0, 3);
    expect(best.map(({ data }) => data)).to.deep.equal([";0?", ";999?", ";998?"]);
  });

  it("keeps a thousand failed swipes, and tells those behind them all the same", () => {
    const rate = 16_000;
    const { samples } = swipeSignal({ track: 2, text: ";9999991234567893=2911?", ips: 40, sampleRateHz: rate });
    const bad = new Float32Array(samples.length + 0.06 * rate);
    bad.set(samples);
    bad.fill(0, samples.length >> 1, Math.floor(0.6 * samples.length));
    let told = 0;
    const reader = new Reader(rate, { onFailed: () => void told++ });
    for (let i = 0; i < 1010; i++) reader.push(bad);
    expect(reader.finish().failed).to.have.length(1000);
    expect(told).to.equal(1010);
  }).timeout(120_000);

  it("of a WAV's format chunk is 64 octets, whatever it claims", async () => {
    const head = Buffer.alloc(20);
    head.write("RIFF", 0);
    head.writeUInt32LE(0xffff_fff0, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(0x7fff_fff0, 16);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    async function* endless() {
      yield head;
      for (let i = 0; i < 64; i++) {
        yield Buffer.alloc(1 << 16);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    const error = await readHead(new ByteSource(endless())).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "WAV_CUT");
    expect(most).to.be.lessThan(64 << 20);
  });
});

describe("the time that is spent", () => {
  it("on a burst is twelve cells an edge: runs of another cell each are not all followed through all of it", () => {
    const { slice } = Slicer.prototype;
    let cells = 0;
    let longest = 0;
    Slicer.prototype.slice = function (...run) {
      const strip = slice.apply(this, run);
      cells += strip.bits.length;
      longest = Math.max(longest, strip.bits.length);
      return strip;
    };
    try {
      const limits = { minCell: 1, maxCell: 1e4, slowestCell: 1e4, pause: 1e9, age: 1e12, longest: 1e12 };
      const nothing = (): void => undefined;
      const burst = new Burst(0, limits, nothing, nothing, nothing);
      let [at, width, step] = [0, 10, 1.27];
      for (let i = 0; i < 8000; i++) {
        // Eight intervals alike, then eight that a clock still takes for cells.
        if (i % 8 === 0) width *= step;
        if (width > 100 || width < 5) step = width > 100 ? 1 / 1.27 : 1.27;
        at += width;
        burst.add(at, 1);
      }
      burst.settle(Number.POSITIVE_INFINITY);
    } finally {
      Slicer.prototype.slice = slice;
    }
    expect(longest).to.be.greaterThan(7000);
    expect(cells).to.be.within(6 * 8000, 12 * 8000 + longest);
  });

  it("on two seconds of a recording is that of 16 stretches", () => {
    const rate = 48_000;
    const samples = new Float32Array(2 * rate);
    for (let i = 0; i < 24; i++) {
      const swipe = synthesise(i + 1, { cellUs: 200, characters: 20, snrDb: 20 });
      samples.set(swipe.samples.subarray(0, samples.length - 4000 * i), 4000 * i);
    }
    const found = new Set<string>();
    const searcher = new Searcher(rate, {
      ...{ longestCell: 0.005 * rate, decided: () => Number.POSITIVE_INFINITY, readIn: () => undefined },
      onSighting: ({ data, probability }) => void (probability > 0.9 && found.add(data)),
    });
    searcher.push(samples, 0, samples.length);
    searcher.finish();
    expect(found).to.have.length(16);
  }).timeout(60_000);

  it("on reversals that lie anywhere is none: nothing is judged of them", () => {
    const bits = [...new Array(25).fill(0), ...trackBits(2, ";9999991234567893=29111011234567890?"), 0, 0, 0, 0, 0, 0];
    const cell = 16;
    const fitted = (jitter: number) => {
      const next = normal(5);
      const places = bits.flatMap((bit, k) => (bit === 1 ? [k, k + 0.5] : [k]));
      const list = places
        .map((place) => cell * (place + jitter * next()))
        .sort((a, b) => a - b)
        .map((at, i) => ({ at, cell, height: 1, sign: i % 2 === 0 ? 1 : -1 }));
      const bounds = Float64Array.from({ length: bits.length + 1 }, (_, k) => cell * k);
      return fittedByReversals({ bounds, list, met: () => 0, variance: 1e-4, noisy: 0.01 }).view();
    };
    const readable = fitted(0.1);
    expect(readable.hopeless).to.equal(false);
    expect(judged(readable)).to.have.length.greaterThan(0);
    const anywhere = fitted(0.4);
    expect(anywhere.reading.jitter).to.be.greaterThan(0.21);
    expect(anywhere.hopeless).to.equal(true);
    expect(judged({ ...readable, hopeless: true })).to.deep.equal([]);
  });
});
