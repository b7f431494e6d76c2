import { expect } from "chai";
import { drawn } from "../src/bench/drawn.js";
import { limitOf } from "../src/bench/genie.js";
import { benchReader, benchReading, type ReaderBench, type ReadingBench, reliabilitySvg } from "../src/bench/index.js";
import { lossDb } from "../src/bench/loss.js";
import { rowsNamed, Tally } from "../src/bench/reading.js";
import { Reliability } from "../src/bench/reliability.js";
import { ROWS, type Row } from "../src/bench/rows.js";
import { swipeOf } from "../src/bench/swipes.js";
import { PosError } from "../src/errors.js";
import { synthesise } from "../src/synth/synth.js";

describe("the bench", () => {
  it("gives samples a second of silence, swipes and sounds: reads of swipes alone", async function () {
    this.timeout(60_000);
    const rows: ReaderBench[] = [];
    for await (const row of benchReader(1)) rows.push(row);
    expect(rows.map(({ kind }) => kind)).to.include.members(["silence", "clean swipes", "swipes, 3 dB", "music-like"]);
    for (const { kind, reads, samplesPerSecond, asked } of rows) {
      expect(samplesPerSecond, kind).to.be.greaterThan(0);
      if (asked !== undefined) expect(asked, kind).to.be.at.least(0.2e6);
      if (!kind.startsWith("swipes") && kind !== "clean swipes") expect(reads, kind).to.equal(0);
    }
    const readsOf = (wanted: string) => rows.find(({ kind }) => kind === wanted)?.reads;
    expect(readsOf("clean swipes")).to.be.greaterThan(1);
    expect(readsOf("swipes, 3 dB")).to.be.greaterThan(0);
  });

  it("can be left between two pieces, and tells how far it is", async () => {
    const abort = new AbortController();
    const told: [string, number, number][] = [];
    const error = await (async () => {
      const options = {
        signal: abort.signal,
        onProgress: (...progress: [string, number, number]) => {
          told.push(progress);
          abort.abort();
        },
      };
      for await (const _ of benchReader(20, options));
    })().catch((thrown: unknown) => thrown);
    expect(error).to.include({ name: "PosError", code: "ABORTED" });
    expect(told.map(([kind, , total]) => [kind, total])).to.deep.equal([["silence", 20]]);
  });
});

describe("claims against outcomes", () => {
  const reliability = new Reliability();
  for (let i = 0; i < 20; i++) reliability.add(0.7, i >= 5);
  for (let i = 0; i < 10; i++) reliability.add(1 - 2e-6, true);
  reliability.add(1, true);
  const { decades } = reliability;

  it("are counted by decade of the claimed chance to be wrong, with how many should have been wrong", () => {
    expect(String(decades[3]!.from)).to.equal("0.0001");
    expect(decades.map(({ swipes }) => swipes)).to.deep.equal([20, 0, 0, 0, 0, 10, 0, 0, 1]);
    expect(decades.map(({ wrong }) => wrong)).to.deep.equal([5, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(decades[0]!.expected).to.be.closeTo(6, 1e-9);
    expect(decades[5]!.expected).to.be.closeTo(2e-5, 1e-9);
    expect(decades.at(-1)).to.include({ from: 0, swipes: 1 });
  });

  it("are drawn: of each decade its swipes, and a dot where some were wrong", () => {
    const svg = reliabilitySvg(decades);
    for (const said of [
      "5 wrong",
      "of 20",
      "0 wrong",
      "of 10",
      "of 1",
      "6.00 expected",
      "&lt; 0.01 expected",
      "no swipes",
    ])
      expect(svg).to.contain(`>${said}<`);
    expect(svg.match(/<circle/g)).to.have.length(1);
    expect(svg).not.to.contain("NaN").and.not.to.contain("&amp;");
  });

  it("are drawn with labels that never meet, of few swipes and of very many", () => {
    const many = decades.map(({ from }) => ({ from, swipes: 12_345_678, wrong: 1_234_567, expected: 1_234_567 }));
    for (const drawn of [decades, many, new Reliability().decades]) {
      const lines = new Map<string, (readonly [number, number])[]>();
      const text = /<text x="([0-9.]+)" y="([0-9.]+)" font-size="([0-9]+)" [^>]*text-anchor="middle"[^>]*>([^<]*)</g;
      for (const [, x, y, size, said] of reliabilitySvg(drawn).matchAll(text)) {
        // As wide as in a wide face: DejaVu Sans has 0.55 of its size a character of these.
        const half = 0.5 * 0.6 * Number(size) * said!.replaceAll(/&[a-z]+;/g, "&").length;
        lines.set(y!, [...(lines.get(y!) ?? []), [Number(x) - half, Number(x) + half]]);
      }
      expect(lines.size).to.be.at.least(2);
      for (const [y, places] of lines)
        for (const [i, [from]] of places.entries())
          if (i > 0) expect(from, `labels at ${y}`).to.be.above(places[i - 1]![1]);
    }
  });
});

describe("the distance to the limit", () => {
  it("is how much noisier the genie's swipes could be", () => {
    const limit = (snrDb: number): number => 100 / (1 + Math.exp(-2 * snrDb));
    const points = [-2, -1, 0, 1, 2].map((snrDb) => ({ snrDb, reader: limit(snrDb - 0.25), limit: limit(snrDb) }));
    expect(lossDb(points)).to.be.closeTo(0.25, 0.01);
    expect(lossDb(points.map((point) => ({ ...point, reader: 0 })))).to.equal(undefined);
  });

  it("is of conditions within their ranges, a cell's energy as told", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { conditions, pw50 } = drawn(seed, -1);
      const { characters, cellUs, snrDb } = conditions;
      expect(characters).to.be.within(20, 40);
      expect(cellUs).to.be.within(150, 2700);
      expect(pw50).to.be.within(0.15, 0.4);
      expect(snrDb! + 10 * Math.log10(cellUs! / 300)).to.be.closeTo(-1, 1e-9);
    }
  });
});

describe("the rows", () => {
  const named = (words: string) => rowsNamed(words).map(({ name }) => name);

  it("are named by whole words: a number is that number", () => {
    expect(named("0 dB")).to.deep.equal(["white noise 0 dB"]);
    expect(named("40 dB")).to.deep.equal([]);
    expect(named("-40 dB")).to.deep.equal(["quiet, -40 dB"]);
    expect(named("3 dB")).to.deep.equal(["white noise 3 dB", "coil's pulses, 3 dB", "a dropout of two cells, 3 dB"]);
    expect(named("jitter 1")).to.deep.equal([]);
    expect(named("jitter 15 %")).to.deep.equal(["jitter 15 %, 30 dB"]);
    expect(named("wander")).to.have.length(2);
    expect(named("5 ips")).to.deep.equal(["5 ips"]);
    expect(named("+-10 %")).to.have.length(2);
    expect(named("")).to.have.length(ROWS.length);
    expect(named("(")).to.deep.equal([]);
  });

  it("are those that are asked for, each with what it must reach", async () => {
    const rows: ReadingBench[] = [];
    for await (const row of benchReading({ swipes: 2, seed: 1, only: ["jitter 3"] })) rows.push(row);
    expect(rows).to.have.length(1);
    expect(rows[0]).to.deep.include({
      swipes: 2,
      valid: 100,
      wrong: 0,
      target: { valid: 100, first: 100 },
      reached: true,
    });
    const both: ReadingBench[] = [];
    for await (const row of benchReading({ swipes: 1, seed: 1, only: ["50 ips", "clean", "50"] })) both.push(row);
    expect(both.map(({ row }) => row)).to.deep.equal(["clean", "50 ips"]);
    expect(() => benchReading({ only: ["clean", "no such row"] }))
      .to.throw(PosError, '"no such row"')
      .that.includes({ code: "BAD_ARGUMENT" });
  });
});

describe("a row", () => {
  const tallied = (row: Omit<Row, "name">, seeds: readonly number[]): ReadingBench => {
    const tally = new Tally({ name: "one", ...row });
    for (const seed of seeds) tally.read(swipeOf(seed, row.conditions));
    return tally.result;
  };

  it("says how many dB the reader is behind the genie, where not all can be read", async () => {
    const rows: ReadingBench[] = [];
    for await (const row of benchReading({ swipes: 60, only: ["white noise -2", "white noise 3"] })) rows.push(row);
    const [plenty, scarce] = rows as [ReadingBench, ReadingBench];
    expect(plenty.behindDb).to.deep.equal({});
    expect(scarce.behindDb!.valid).to.be.within(-1, 1);
    expect(scarce.limit!.valid).to.be.within(5, 60);
  });

  it("is enough where the genie has no more, though more is asked", () => {
    // Of these the genie is certain of none, and has each of them first.
    const row = tallied({ conditions: { snrDb: -2 }, limited: true, valid: 20, first: 95 }, [3, 4, 7, 8]);
    expect(row).to.deep.include({ valid: 0, first: 100, limit: { valid: 0, first: 100 }, reached: true });
  });

  it("is short where less is read than is asked, and than the genie has", () => {
    const jittery = { conditions: { jitter: { normal: 0.15 }, snrDb: 30 }, valid: 100 };
    expect(tallied(jittery, [1, 2])).to.deep.include({ valid: 0, reached: false });
    const clean = { conditions: { level: 1e-4 }, limited: true, first: 100 } as const;
    expect(tallied(clean, [1]).reached).to.equal(false);
  });
});

describe("the genie", () => {
  const limits = (snrDb: number) => {
    const all = Array.from({ length: 40 }, (_, i) => limitOf(synthesise(i + 1, { snrDb })));
    const count = (which: "valid" | "first") => all.reduce((sum, limit) => sum + Number(limit[which]), 0);
    return { valid: count("valid"), first: count("first") };
  };

  it("is certain of most swipes at -1 dB, of few at -3 dB, of all at 3 dB", () => {
    // 84, 1 and 100 of a hundred on 3,000 swipes; likeliest first 100, 91 and 100.
    const [low, lower, high] = [limits(-1), limits(-3), limits(3)];
    expect(low.valid).to.be.within(26, 39);
    expect(lower.valid).to.be.at.most(5);
    expect(lower.first).to.be.within(30, 40);
    expect(high).to.deep.equal({ valid: 40, first: 40 });
  }).timeout(60_000);
});
