import { expect } from "chai";
import { inspectionPage, inspectionSvg, swipeSignal, synthesise } from "../src/index.js";
import { faultPictures, readPictures } from "../src/inspect/inspection.js";
import { inspected, made, parse, STRANGERS } from "./inspected.js";

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

  it("draws the hand's speed at its times, however it changes", async () => {
    const [read] = (await made({ speed: { ratio: 3 } })).reads;
    const { speed, shown } = read!.profile!;
    const step = (speed.toS - speed.fromS) / speed.partsIps.length;
    for (const [i, ips] of speed.partsIps.entries()) {
      const middle = speed.fromS + (i + 0.5) * step;
      const cell = shown!.cells.findLast(({ atS }) => atS <= middle)!;
      expect(ips / cell.ips, `part ${i}`).to.be.closeTo(1, 0.03);
    }
  });

  it("draws the hand's line along its clock, cell by cell, from end to end", async () => {
    const inspection = await made({ speed: { hand: true }, jitter: { normal: 0.03 }, snrDb: 30 });
    const { signal, profile } = inspection.reads[0]!;
    const { hand, cells } = profile!.shown!;
    expect(hand).to.have.length(201);
    expect(hand[0]!.atS).to.be.closeTo(profile!.speed.fromS, 1e-4);
    expect(hand.at(-1)!.atS).to.be.closeTo(profile!.speed.toS, 1e-4);
    const { slowestIps, fastestIps } = signal!.speed;
    for (const { ips } of hand) expect(ips).to.be.within(0.98 * slowestIps, 1.02 * fastestIps);
    for (const { atS, ips } of cells) {
      const [a, b] = [hand.findLast((one) => one.atS <= atS)!, hand.find((one) => one.atS > atS)!];
      expect((a.ips + b.ips) / 2 / ips).to.be.closeTo(1, 0.2);
    }
    const [, line] = /<path d="([^"]*)" fill="none" stroke="#b46a00"/.exec(inspectionSvg(inspection))!;
    expect(line!.split("L")).to.have.length(201);
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
    expect(texts.filter((text) => /^2\.0[0-9]{3} s$/.test(text)).length).to.be.at.least(3);
    expect(texts).to.include("read 1").and.include("2.04 s");
  });

  it("begins and ends all its pictures at the same places on paper", async () => {
    for (const conditions of [{ snrDb: 20 }, { dropouts: { count: 2, cells: 10 }, snrDb: 30 }]) {
      const elements = parse(inspectionSvg(await made(conditions)));
      const lines = elements.flatMap(({ tag, attributes }) => {
        const found = / x1="([0-9.]+)" y1="([0-9.]+)" x2="([0-9.]+)" y2="\2"/.exec(attributes);
        return tag === "line" && found !== null ? [[Number(found[1]), Number(found[3])] as const] : [];
      });
      expect(lines.length).to.be.at.least(8);
      const firsts = lines.map(([from]) => from).filter((from) => from < 500);
      expect([...new Set(firsts)]).to.deep.equal([92]);
      expect(Math.max(...lines.map(([, to]) => to))).to.be.at.most(1160 - 32);
      const heads = elements.filter(({ attributes }) => attributes.includes('font-weight="600"'));
      for (const { attributes } of heads.filter(({ text }) => /^(Read|Failed swipe) 1/.test(text)))
        expect(attributes).to.include(' x="92"');
      const histograms = lines.filter(([from, to]) => from > 500 || to < 600).map(([from, to]) => to - from);
      expect([...new Set(histograms.filter((width) => width > 400))]).to.deep.equal([490]);
    }
  });

  it("has one time axis for a failed swipe's level and its speed", async () => {
    const { failed } = await made({ dropouts: { count: 2, cells: 10 }, snrDb: 30 });
    const [level, speed] = faultPictures("Failed swipe 1", failed[0]!);
    const axis = (svg: string) =>
      parse(svg).flatMap(({ tag, text, attributes }) =>
        tag === "text" && / s$/.test(text) ? [`${/ x="([0-9.]+)"/.exec(attributes)![1]}: ${text}`] : [],
      );
    expect(axis(level!).length).to.be.at.least(4);
    expect(axis(speed!)).to.deep.equal(axis(level!));
  });

  it("tells speeds by as many digits as tell its lines apart", async () => {
    for (const [conditions, digits] of [
      [{}, 0],
      [{ speed: { ratio: 3 } }, 0],
      [{ cellUs: 3500 }, 1],
    ] as const) {
      const [, speed] = readPictures((await made({ ...conditions, snrDb: 40 })).reads[0]!, 1);
      const values = parse(speed!).flatMap(({ text }) => (/^[0-9.]+$/.test(text) ? [text] : []));
      expect(values.length).to.be.at.least(2);
      expect(new Set(values).size, values.join()).to.equal(values.length);
      for (const value of values) expect(value.split(".")[1]?.length ?? 0, value).to.equal(digits);
    }
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

  it("shows in the level of a swipe that was not read where its pulses are gone, as the report says", async () => {
    const amber = (document: string): number => document.split('fill="#b46a00" fill-opacity="0.4"').length - 1;
    const inspection = await made({ dropouts: { count: 2, cells: 10 } });
    const { dropouts } = inspection.failed[0]!.signal!;
    expect(dropouts.length).to.be.at.least(1);
    expect(amber(inspectionSvg(inspection))).to.equal(dropouts.length);
    expect(amber(inspectionPage(inspection))).to.equal(dropouts.length);
    expect(inspectionSvg(inspection)).to.include("amber: pulses gone or weak");
    const noisy = inspectionSvg(await made({ snrDb: -3 }));
    expect(noisy).to.include("level along the swipe").and.to.not.include("amber: pulses gone or weak");
    expect(amber(noisy)).to.equal(0);
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

  it("never says that all is within bounds beside figures that are not", async () => {
    for (const conditions of [
      { snrDb: 11, cellUs: 230 },
      { snrDb: 12, leadingZeros: 8 },
      { clip: 0.1, snrDb: 30 },
      {},
    ] as const) {
      const inspection = await made(conditions);
      const { jitter, leadingZeros } = inspection.reads[0]!.signal!;
      const isBeyond = jitter!.cells.worstOfNewPercent > 100 || leadingZeros! < 10;
      const page = inspectionPage(inspection);
      expect(page.includes("within all bounds"), JSON.stringify(conditions)).to.equal(!isBeyond);
      if (!isBeyond) continue;
      expect(page).to.match(
        /Beyond a bound, and no fault of the card:<\/p>\n<ul><li>(worst (half )?cell|only 8 zeros seen)/,
      );
    }
  });

  it("escapes the recording's name", async () => {
    expect(inspectionPage(await made({}))).to.include("<h1>a &lt;b&gt; &amp; c.wav</h1>");
  });
});
