import { expect } from "chai";
import {
  type Conditions,
  encodeWav,
  type Inspection,
  inspectionPage,
  inspectionSvg,
  readWavFile,
  type Signal,
  swipeSignal,
  synthesise,
  type TrackNumber,
  type WavReadOptions,
} from "../src/index.js";
import { trackBits } from "../src/signal/stripe.js";

/** A made-up number outside the test range. */
const STRANGER = "4000001234567899";
const STRANGERS: Readonly<Record<TrackNumber, string>> = {
  1: `%B${STRANGER}^DOE/JANE^30121011777700000042?`,
  2: `;${STRANGER}=30121011777700000042?`,
  3: `;01${STRANGER}=${"7".repeat(40)}?`,
};

async function inspected(signals: readonly Signal[], options: WavReadOptions = {}): Promise<Inspection> {
  const bytes = encodeWav(
    signals.map(({ samples }) => samples),
    signals[0]!.sampleRateHz,
  );
  async function* file() {
    yield bytes;
  }
  return { ...(await readWavFile(file(), { measures: true, pictured: 3, ...options })), name: "a <b> & c.wav" };
}

const made = (conditions: Conditions, seed = 2) => inspected([synthesise(seed, conditions)]);

interface Element {
  readonly tag: string;
  readonly attributes: string;
  readonly text: string;
}

/** Elements in their order; tags nest, attributes are quoted, and no entity is unknown. */
function parse(document: string): Element[] {
  const body = document.replace(/^<!doctype html>\n/, "").replace(/<style>[^<]*<\/style>/, "<style></style>");
  const open: string[] = [];
  const found: Element[] = [];
  let end = 0;
  for (const match of body.matchAll(/<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z0-9:-]+="[^"<>]*")*) ?(\/?)>([^<>]*)/g)) {
    const [whole, close, tag, attributes, self, text] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    expect(match.index, body.slice(end, end + 80)).to.equal(end);
    end = match.index + whole.length;
    expect(text.replaceAll(/&(amp|lt|gt|quot|#[0-9]+);/g, "")).to.not.include("&");
    if (close === "/") expect(open.pop()).to.equal(tag);
    else {
      if (self !== "/") open.push(tag);
      found.push({ tag, attributes, text: text.trim() });
    }
  }
  expect(end).to.equal(body.length);
  expect(open).to.deep.equal([]);
  expect(document).to.not.match(/NaN|Infinity|undefined/);
  return found;
}

/** Coordinates of all paths: what a waveform would need. */
const points = (document: string): number =>
  [...document.matchAll(/ d="([^"]*)"/g)].reduce((sum, [, d]) => sum + d!.split(/[MLHV]/).length - 1, 0);

describe("the page of an inspection", () => {
  it("is well formed, and so is the picture, whatever was read", async () => {
    const cases = [
      await made({}),
      await made({ track: 1, jitter: { normal: 0.05 } }),
      await made({ track: 3, direction: "reverse" }),
      await made({ repeats: { count: 4, reversed: [1] } }),
      await made({ dropouts: { count: 2, cells: 10 } }),
      await made({ snrDb: -4 }),
      await inspected([{ samples: new Float32Array(44_100), sampleRateHz: 44_100 }]),
      await inspected([{ samples: new Float32Array(44_100).fill(0.5), sampleRateHz: 44_100 }]),
      await inspected([swipeSignal({ track: 2, text: STRANGERS[2], ips: 20 })]),
    ];
    for (const inspection of cases) {
      const page = inspectionPage(inspection);
      expect(page.startsWith('<!doctype html>\n<html lang="en">\n')).to.equal(true);
      parse(page);
      expect(parse(inspectionSvg(inspection))[0]!.tag).to.equal("svg");
    }
  });

  it("needs nothing from elsewhere", async () => {
    const page = inspectionPage(await made({}));
    expect(page).to.include("default-src 'none'");
    expect(page).to.not.match(/<script|<link|<img|src=|href=|url\(|@import/);
    expect(page.replaceAll("http://www.w3.org/2000/svg", "")).to.not.match(/https?:/);
  });

  it("speaks to screen readers: headings in order, tables with captions, pictures with titles", async () => {
    const elements = parse(inspectionPage(await made({ snrDb: 20 })));
    const tags = elements.map(({ tag }) => tag);
    expect(tags.filter((tag) => tag === "h1")).to.have.length(1);
    expect(elements.filter(({ tag }) => tag === "h2").map(({ text }) => text)).to.deep.equal([
      "Reads",
      "Read 1: track 2 at 0.027 s",
      "How to read this",
    ]);
    tags.forEach((tag, i) => {
      if (tag === "table") expect(tags[i + 1]).to.equal("caption");
      if (tag === "svg")
        expect([tags[i + 1], elements[i]!.attributes.includes('role="img"')]).to.deep.equal(["title", true]);
    });
    expect(tags.filter((tag) => tag === "svg")).to.have.length(3);
    for (const { attributes } of elements.filter(({ tag }) => tag === "th")) expect(attributes).to.include("scope=");
  });

  it("fits 1280 px, for light and dark", async () => {
    const page = inspectionPage(await made({ track: 1 }));
    for (const [, width] of page.matchAll(/ width="([0-9]+)"/g)) expect(Number(width)).to.be.at.most(1180);
    expect(page).to.include("prefers-color-scheme: dark").and.include("color-scheme: light dark");
  });

  it("shows bits and characters of a read, its speed and its jitter with the limits", async () => {
    const inspection = await made({ jitter: { normal: 0.04 } });
    const elements = parse(inspectionPage(inspection));
    const texts = elements.filter(({ tag }) => tag === "text").map(({ text }) => text);
    expect(texts.filter((text) => /^[01]$/.test(text)).length).to.be.at.least(200);
    for (const text of ["new card", "used card"]) expect(texts.filter((one) => one === text)).to.have.length(4);
    expect(texts).to.include.members(["-10 %", "15 %", "12 %", "-20 %"]);
    expect(elements.filter(({ tag }) => tag === "circle").length).to.be.within(190, 200);
    const cells = elements.map(({ text }) => text);
    const { cells: worst } = inspection.reads[0]!.signal!.jitter!;
    expect(cells).to.include(`${worst.worstOfNewPercent.toFixed(0)} %`);
    expect(cells.join()).to.include(`${worst.worstPercent.toFixed(1)} % of a cell`);
    expect(inspectionPage(inspection)).to.include(
      "not checked against the standard&quot;s text".replace("&quot;", "'"),
    );
  });

  it("pictures the first reads, and lists all", async () => {
    const inspection = await made({ repeats: { count: 5 } });
    const page = parse(inspectionPage(inspection));
    expect(inspection.reads.map(({ profile }) => profile !== undefined)).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(page.filter(({ tag, text }) => tag === "h2" && text.startsWith("Read "))).to.have.length(3);
    expect(page.filter(({ tag, text }) => tag === "td" && text === "forward")).to.have.length(5);
    expect(page.some(({ text }) => text.includes("the first 3 found are pictured below"))).to.equal(true);
    expect(parse(inspectionSvg(inspection)).filter(({ tag }) => tag === "svg")).to.have.length(1 + 3 * 3);
  });

  it("times its pictures by the recording", async () => {
    const { samples, sampleRateHz } = synthesise(2);
    const late = new Float32Array(sampleRateHz * 3);
    late.set(samples, sampleRateHz * 2);
    const texts = parse(inspectionSvg(await inspected([{ samples: late, sampleRateHz }]))).map(({ text }) => text);
    expect(texts.filter((text) => /^20[0-9]{2}\.[0-9] ms$/.test(text)).length).to.be.at.least(3);
    expect(texts).to.include("read 1").and.include("2.04 s");
  });

  it("marks the place where nothing was read, and says why", async () => {
    const inspection = await made({ dropouts: { count: 2, cells: 10 } });
    const { diagnosis } = inspection;
    expect(diagnosis!.code).to.equal("LOST_SYNC");
    const texts = parse(inspectionPage(inspection)).map(({ text }) => text);
    expect(texts.filter((text) => text === "LOST_SYNC").length).to.be.at.least(2);
    expect(texts.join("\n")).to.include(diagnosis!.sentence).and.include("may be anybody&#8217;s card");
    for (const { sentence } of diagnosis!.signal!.weaknesses) expect(texts).to.include(sentence);
  });

  it("shows the level at least where nothing was even attempted, however short the recording", async () => {
    const inspection = await made({ snrDb: 40, hum: { height: 10, hz: 50 } });
    expect(inspection.diagnosis!.profile).to.equal(undefined);
    const texts = parse(inspectionSvg(inspection)).map(({ text }) => text);
    expect(texts).to.include("Level of the whole recording");
    expect(parse(inspectionPage(inspection)).map(({ text }) => text)).to.include("Level of the whole recording");
  });

  it("is of the channel that heard something", async () => {
    const { samples, sampleRateHz } = synthesise(2, { dropouts: { count: 2, cells: 10 } });
    for (const level of [0, 0.5]) {
      const still = { samples: new Float32Array(samples.length).fill(level), sampleRateHz };
      const { diagnosis, levels } = await inspected([still, { samples, sampleRateHz }]);
      expect(diagnosis!.code).to.equal("LOST_SYNC");
      expect(levels!.partsDb).to.deep.equal((await inspected([{ samples, sampleRateHz }])).levels!.partsDb);
    }
  });

  it("colours what is outside the limits", async () => {
    const bars = async (normal: number) => {
      const svg = inspectionSvg(await made({ jitter: { normal } }));
      return ["#b46a00", "#b3261e"].map((colour) => svg.split(`fill="${colour}"/>`).length > 1);
    };
    expect(await bars(0.005)).to.deep.equal([false, false]);
    expect(await bars(0.06)).to.deep.equal([true, true]);
  });

  it("pictures each swipe that was not read, numbered, beside those that were", async () => {
    const parts = [
      synthesise(1).samples,
      synthesise(1, { dropouts: { count: 2, cells: 10 } }).samples,
      synthesise(3, { snrDb: -3 }).samples,
    ].flatMap((part) => [part, new Float32Array(24_000)]);
    const samples = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    const inspection = await inspected([{ samples, sampleRateHz: 48_000 }]);
    const elements = parse(inspectionPage(inspection));
    const headings = elements.filter(({ tag }) => tag === "h2").map(({ text }) => text);
    expect(headings.filter((text) => /swipe|Read [0-9]/.test(text)).map((text) => text.split(/[,:]/)[0])).to.deep.equal(
      [...["Read 1", "Failed swipe 1", "Failed swipe 2"]],
    );
    expect(elements.map(({ text }) => text)).to.include(inspection.failed[0]!.sentence);
    const titles = parse(inspectionSvg(inspection)).flatMap(({ tag, text }) => (tag === "title" ? [text] : []));
    for (const of of ["Read 1", "Failed swipe 1", "Failed swipe 2"])
      for (const what of ["speed along the data", "jitter, deviation"])
        expect(
          titles.filter((title) => title.startsWith(`${of}: ${what}`)),
          `${of} ${what}`,
        ).to.have.length(1);
    const marks = elements.filter(({ tag, text }) => tag === "text" && /^(read|failed) [0-9]$/.test(text));
    expect(marks.map(({ text }) => text)).to.deep.equal(["read 1", "failed 1", "failed 2"]);
  });

  it("shows candidates", async () => {
    const inspection = await made({ snrDb: -4 });
    expect(inspection.candidates).to.have.length.greaterThan(0);
    const texts = parse(inspectionPage(inspection)).map(({ text }) => text);
    expect(texts).to.include("Candidates").and.include(inspection.candidates[0]!.data.replaceAll(">", "&gt;"));
  });

  it("escapes the recording's name", async () => {
    expect(inspectionPage(await made({}))).to.include("<h1>a &lt;b&gt; &amp; c.wav</h1>");
  });
});

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
