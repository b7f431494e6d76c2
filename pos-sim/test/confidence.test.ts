import { expect } from "chai";
import { inspectionPage, inspectionSvg, leastSure, ninesOf, swipeSignal, swipeSvg, synthesise } from "../src/index.js";
import { inspected, made, parse, STRANGERS } from "./inspected.js";

describe("how sure each character is", () => {
  it("is told by its nines, a digit each", () => {
    expect(ninesOf([0.2, 0.899, 0.9, 0.99, 0.995, 0.999, 1 - 2e-5, 1 - 1e-9, 1 - 1e-15, 1])).to.equal("0012234999");
    expect(ninesOf([])).to.equal("");
  });

  it("is least where the first of the least lies", () => {
    expect(leastSure([1, 0.5, 0.9, 0.5])).to.deep.equal({ character: 2, confidence: 0.5 });
    expect(leastSure([])).to.equal(undefined);
  });

  it("stands in the picture below each character of a noisy read, in either direction", async () => {
    for (const direction of ["forward", "reverse"] as const) {
      const inspection = await made({ snrDb: 0, direction });
      const { data, characterConfidence } = inspection.reads[0]!;
      const elements = parse(inspectionSvg(inspection)).filter(({ tag }) => tag === "text");
      const place = (name: string, attributes: string) =>
        Number(new RegExp(` ${name}="([0-9.]+)"`).exec(attributes)![1]);
      const below = elements
        .filter(({ attributes }) => attributes.includes('font-size="9.5"'))
        .map(({ text, attributes }) => ({ text, at: 1e5 * place("y", attributes) + place("x", attributes) }))
        .sort((a, b) => a.at - b.at);
      const told = characterConfidence.map((one) => `1 - ${(1 - one).toExponential(0)}`);
      if (direction === "reverse") told.reverse();
      expect(below.map(({ text }) => text)).to.deep.equal(told);
      expect(told).to.have.length(data.length);
      expect(elements.map(({ text }) => text)).to.include("below a character: how sure it is, unless over 1 - 1e-9");
    }
  });

  it("is not written below those that are as good as certain, nor of what was made and not read", async () => {
    const small = (svg: string) => parse(svg).filter(({ attributes }) => attributes.includes('font-size="9.5"'));
    expect(small(inspectionSvg(await made({}))).filter(({ tag }) => tag === "text")).to.deep.equal([]);
    expect(swipeSvg(synthesise(1), [])).to.not.include("how sure it is");
  });

  it("stands in the page, for each character of reads and candidates", async () => {
    for (const snrDb of [-0.5, -4]) {
      const inspection = await made({ snrDb });
      const shown = [...inspection.reads, ...inspection.candidates].filter(({ masked }) => !masked);
      expect(shown).to.have.length(1);
      const { data, characterConfidence } = shown[0]!;
      const page = parse(inspectionPage(inspection));
      const from = page.findIndex(({ tag }) => tag === "details");
      const texts = page.slice(from).flatMap(({ tag, text }) => (tag === "code" ? [text] : []));
      expect(texts.slice(0, data.length).join("").replaceAll("&gt;", ">")).to.equal(data);
      const least = leastSure(characterConfidence)!;
      expect(page[from + 1]!.text).to.include(`least sure is number ${least.character}, `);
    }
  });

  it("is not told of a card outside the test range", async () => {
    const inspection = await inspected([swipeSignal({ track: 2, text: STRANGERS[2], ips: 20, jitter: 0.05 })]);
    expect(inspection.reads[0]!.masked).to.equal(true);
    expect(inspectionPage(inspection)).to.not.include("<details>");
    expect(inspectionSvg(inspection)).to.not.include("how sure it is");
  });
});
