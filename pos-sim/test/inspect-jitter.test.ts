import { expect } from "chai";
import { jitterShares } from "../src/inspect/charts.js";
import { type Element, parse } from "./inspected.js";

interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const numberOf = ({ attributes }: Element, name: string): number =>
  Number(new RegExp(` ${name}="([^"]*)"`).exec(attributes)![1]);

/** Widths of DejaVu Sans, a wide face, em; all others are narrower than 0.64. */
const WIDTHS: Readonly<Record<string, number>> = { " ": 0.32, "-": 0.36, "%": 0.95, w: 0.82, r: 0.41 };

function boxOf(element: Element): Box {
  const [x, y, size] = ["x", "y", "font-size"].map((name) => numberOf(element, name)) as [number, number, number];
  const width = size * [...element.text].reduce((sum, one) => sum + (WIDTHS[one] ?? 0.64), 0);
  const anchor = /text-anchor="([a-z]*)"/.exec(element.attributes)?.[1] ?? "start";
  const left = x - width * { start: 0, middle: 0.5, end: 1 }[anchor as "start" | "middle" | "end"];
  return { text: element.text, left, right: left + width, top: y - 0.76 * size, bottom: y + 0.1 * size };
}

const across = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

describe("a histogram of jitter", () => {
  /** Bars as high as they can be, from `-reach` to `reach`. */
  const elements = (reach: number): Element[] => {
    const bars = Array.from({ length: 121 }, (_, i) => (Math.abs(i - 60) <= reach ? 1 : 0));
    const none = { rmsPercent: 0, worstPercent: 0, worstOfNewPercent: 0, worstOfUsedPercent: 0 };
    return parse(jitterShares("Read 1", { cells: bars, subintervals: bars }, { reversalsPercent: 0, cells: none }));
  };

  for (const [name, range] of [
    ["of an even swipe", [0, 24]],
    ["of an uneven one", [25, 60]],
  ] as const) {
    it(`${name} has its words apart from each other, its lines and bars, and within its margins`, () => {
      for (let reach = range[0]; reach <= range[1]; reach++) {
        const drawn = elements(reach);
        const texts = drawn.filter(({ tag }) => tag === "text").map(boxOf);
        for (const limit of ["-20 %", "-15 %", "-12 %", "-10 %", "10 %", "12 %", "15 %", "20 %"])
          expect(texts.filter(({ text }) => text === limit).length, limit).to.be.at.least(1);
        for (const limit of ["new card", "used card"])
          expect(texts.filter(({ text }) => text === limit).length, limit).to.be.within(2, 4);
        const solid = drawn.flatMap((element): Box[] => {
          if (element.tag === "rect" && element.attributes.includes(" x=")) {
            const [x, y] = [numberOf(element, "x"), numberOf(element, "y")];
            const [width, height] = [numberOf(element, "width"), numberOf(element, "height")];
            return [{ text: "a bar", left: x, right: x + width, top: y, bottom: y + height }];
          }
          if (!element.attributes.includes("stroke-dasharray")) return [];
          const [x, top, bottom] = ["x1", "y1", "y2"].map((one) => numberOf(element, one)) as [number, number, number];
          return [{ text: "a limit's line", left: x, right: x, top, bottom }];
        });
        for (const [i, one] of texts.entries()) {
          expect(one.left, one.text).to.be.at.least(0);
          expect(one.right, one.text).to.be.at.most(1160 - 24);
          for (const other of [...texts.slice(i + 1), ...solid])
            expect(across(one, other), `reach ${reach}: ${one.text} and ${other.text}`).to.equal(false);
        }
      }
    });
  }
});
