import { expect } from "chai";
import { strFromU8, unzipSync } from "fflate";
import {
  coilSignal,
  edgesCsv,
  edgesSr,
  edgesVcd,
  PosError,
  readSamples,
  samplesCsv,
  samplesSr,
  samplesVcd,
  swipeLabels,
  swipeSignal,
  swipeSvg,
  synthesise,
  writtenReads,
  writtenReversals,
} from "../src/index.js";
import { trackBits } from "../src/signal/stripe.js";
import { emission, TRACKS } from "./swipes.js";

const signal = coilSignal(emission());
const { reads } = readSamples(signal.samples, signal.sampleRateHz, { cells: true });

/** Checks that tags nest, and gives all text by tag. */
function parse(svg: string): { tag: string; attributes: string; text: string }[] {
  const found: { tag: string; attributes: string; text: string }[] = [];
  const open: string[] = [];
  for (const [, close, tag, attributes, self, text] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*?)(\/?)>([^<]*)/g)) {
    if (close === "/") expect(open.pop()).to.equal(tag);
    else {
      if (self !== "/") open.push(tag!);
      found.push({ tag: tag!, attributes: attributes!, text: text!.trim() });
    }
  }
  expect(open).to.deep.equal([]);
  return found;
}

describe("the picture of a swipe", () => {
  const svg = swipeSvg(signal, reads, { title: "Tracks <1> & 2" });
  const elements = parse(svg);
  const texts = elements.filter(({ tag }) => tag === "text");

  it("is well formed, with its title escaped", () => {
    expect(elements[0]!.tag).to.equal("svg");
    expect(svg).to.include("Tracks &lt;1&gt; &amp; 2");
    expect(svg).to.not.match(/NaN|Infinity|undefined/);
  });

  it("shows every bit and every character once, in rows", () => {
    const bits = texts.filter(({ text }) => /^[01]$/.test(text) && !text.includes(" "));
    const frames = [TRACKS[1].length + 1, TRACKS[2].length + 1];
    const drawn = reads.reduce((sum, { cells }) => sum + cells!.bits.length, 0);
    expect(drawn).to.be.greaterThan(frames[0]! * 7 + 2 * frames[1]! * 5);
    const characters = texts.filter(
      ({ attributes }) => attributes.includes('font-size="14"') && attributes.includes("600"),
    );
    expect(characters).to.have.length(frames[0]! + 2 * frames[1]!);
    expect(
      characters
        .slice(0, TRACKS[1].length)
        .map(({ text }) => text)
        .join(""),
    ).to.equal(TRACKS[1].replaceAll(" ", "\u2423"));
    expect(bits.length).to.be.at.least(drawn);
    expect(svg.match(/<g>/g)).to.have.length.within(6, 12);
  });

  it("stays within its page", () => {
    const [, width, height] = /viewBox="0 0 ([0-9]+) ([0-9]+)"/.exec(svg)!.map(Number);
    for (const { attributes } of elements) {
      const [x, y] = ["x", "y"].map((name) => Number(new RegExp(` ${name}="([-0-9.]+)"`).exec(attributes)?.[1] ?? 0));
      expect(x).to.be.within(0, width!);
      expect(y).to.be.within(0, height!);
    }
  });

  it("holds neither bits nor waveform of a card outside the test range", () => {
    const other = swipeSignal({ track: 2, text: ";4000001234567899=30121011777700000042?", ips: 20 });
    const found = readSamples(other.samples, other.sampleRateHz, { cells: true }).reads;
    const picture = swipeSvg(other, found);
    expect(picture).to.include("400000******7899").and.not.include("1777700000042");
    const points = [...picture.matchAll(/[ML]([0-9.]+) [0-9.]+/g)].length;
    expect(points).to.be.lessThan(200);
  });

  it("shows a recording without reads, and a very long one in part", () => {
    const silent = { samples: new Float32Array(4410), sampleRateHz: 44_100 };
    expect(swipeSvg(silent, [])).to.include("nothing was read");
    expect(swipeSvg(signal, reads, { maxRows: 2 })).to.match(/and [0-9]+ more rows/);
  });
});

describe("edges for other tools", () => {
  const sent = emission();

  it("as VCD: header, rising times, the coil's direction turning at each", () => {
    const lines = edgesVcd(sent).trimEnd().split("\n");
    expect(lines).to.include("$timescale 1 ns $end").and.include("$enddefinitions $end");
    const changes = lines.slice(lines.indexOf("$end") + 1);
    const times = changes.filter((line) => line.startsWith("#")).map((line) => Number(line.slice(1)));
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    expect(times).to.have.length(sent.edgesNs.length + 1);
    const levels = changes.filter((line) => line.endsWith("!"));
    levels.forEach((line, i) => void expect(line).to.equal(`${(i + 1) % 2}!`));
  });

  it("as CSV, and samples too", () => {
    const rows = edgesCsv(sent).trimEnd().split("\n");
    expect(rows.slice(0, 3)).to.deep.equal(["time_ns,direction,interval_ns", "0,1,", "400000,0,400000"]);
    expect(rows).to.have.length(sent.edgesNs.length + 1);
    const samples = samplesCsv({ samples: Float32Array.of(0, -0.5), sampleRateHz: 8000 });
    expect(samples).to.equal("time_s,value\n0.0000000,0.000000000\n0.0001250,-0.500000000\n");
    const step = Float32Array.of(2 ** -23);
    expect(
      Number(samplesCsv({ samples: step, sampleRateHz: 8_000 }).split(",").at(-1)),
      "a step of 24 bits",
    ).to.be.closeTo(2 ** -23, 1e-9);
  });

  it("as a sigrok session: two wires, a sample a microsecond, low again behind the end", () => {
    const files = unzipSync(edgesSr({ edgesNs: [2_000, 3_000, 5_400], durationNs: 7_000 }));
    expect(strFromU8(files.version!)).to.equal("2");
    expect(strFromU8(files.metadata!)).to.contain("samplerate=1000000 Hz\n").and.contain("probe2=active\n");
    expect([...files["logic-1-1"]!]).to.deep.equal([0, 0, 3, 2, 2, 3, 3, 1]);
    expect([...unzipSync(edgesSr({ edgesNs: [], durationNs: 0 }))["logic-1-1"]!]).to.deep.equal([0]);
    expect(() => edgesSr({ edgesNs: [], durationNs: 61e9 }))
      .to.throw(PosError)
      .with.property("code", "BAD_ARGUMENT");
  });

  it("as a sigrok session of samples: 32-bit floats; the same signal gives the same file", () => {
    const file = samplesSr({ samples: Float32Array.of(0, -0.5, 1), sampleRateHz: 8000 });
    const { buffer, byteOffset } = unzipSync(file)["analog-1-1-1"]!;
    const view = new DataView(buffer, byteOffset, 12);
    expect([0, 4, 8].map((at) => view.getFloat32(at, true))).to.deep.equal([0, -0.5, 1]);
    expect(samplesSr({ samples: Float32Array.of(0, -0.5, 1), sampleRateHz: 8000 })).to.deep.equal(file);
  });
});

describe("a made-up recording's other files", () => {
  const made = synthesise(3, { track: 1, repeats: { count: 2, reversed: [1] }, jitter: { normal: 0.03 } });

  it("a VCD has each sample's time and value, to its end", () => {
    const reversals = writtenReversals(made);
    const lines = samplesVcd(made, reversals).trimEnd().split("\n");
    const body = lines.slice(lines.lastIndexOf("$end") + 1);
    let value = 0;
    const values = new Map<number, number>();
    let turns = 0;
    let before = 0;
    for (let i = 0; i < body.length - 1; i += 2) {
      const [ns, said] = [Number(body[i]!.slice(1)), body[i + 1]!];
      expect(ns).to.be.at.least(before);
      before = ns;
      if (said.startsWith("r")) values.set(ns, Number(said.slice(1, -2)));
      else turns++;
    }
    expect(turns).to.equal(reversals.length);
    const ones = trackBits(1, made.text).filter((bit) => bit === 1).length;
    expect(turns).to.equal(2 * (ones + 25 + 79 * 7 + 25 + 1));
    made.samples.forEach((sample, i) => {
      value = values.get(Math.round((i / 48_000) * 1e9)) ?? value;
      if (!(Math.abs(value - sample) < 1e-6)) throw new Error(`sample ${i}`);
    });
    expect(body.at(-1)).to.equal(`#${Math.round((made.samples.length / 48_000) * 1e9)}`);
  });

  it("labels say where each swipe and its cells lie, as a reader finds them", () => {
    const { reads: found } = readSamples(made.samples, made.sampleRateHz, { cells: true });
    const labels = swipeLabels(made);
    expect(labels.map(({ direction }) => direction)).to.deep.equal(["forward", "reverse"]);
    for (const [i, { startS, endS, cellsS }] of labels.entries()) {
      expect(found[i]!.startS).to.be.closeTo(startS, 3e-5);
      expect(found[i]!.endS).to.be.closeTo(endS, 3e-5);
      expect(cellsS).to.have.length(25 + 79 * 7 + 25 + 1);
      expect(cellsS[25]).to.equal(startS);
      expect(cellsS.at(-26)).to.equal(endS);
    }
  });

  it("a picture has what was written, whatever a reader finds", () => {
    const drowned = synthesise(3, { snrDb: -10 });
    const texts = parse(swipeSvg(drowned, writtenReads(drowned, 0))).map(({ text }) => text);
    expect(texts.filter((text) => /^[0-9;=?<>:]$/.test(text) && text !== "").join(""))
      .to.include(";")
      .and.include("?");
    const bits = texts.filter((text) => /^[01]$/.test(text));
    expect(bits.length).to.be.above(250);
    const read = writtenReads(made, 0.03);
    const { cells } = readSamples(made.samples, made.sampleRateHz, { cells: true }).reads[1]!;
    const written = read[1]!.cells!;
    const frame = ({ bits: all, frameFrom, frameBits }: NonNullable<typeof cells>) =>
      Array.from(all.subarray(frameFrom, frameFrom + frameBits)).join("");
    expect(frame(written)).to.equal(frame(cells!));
  });
});
