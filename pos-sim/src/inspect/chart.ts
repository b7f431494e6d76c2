// Axes, and what every chart of an inspection shares. Plain SVG with fixed colours; a page may turn them for the dark.

import { LEFT } from "../export/layout.js";

export { LEFT, RIGHT } from "../export/layout.js";

export const WIDTH = 1160;

export const INK = "#1c2430";
export const SOFT = "#5b6675";
export const GRID = "#e3e6ea";
export const BLUE = "#2458a6";
export const AMBER = "#b46a00";
export const RED = "#b3261e";

export interface Axis {
  readonly low: number;
  readonly high: number;
  /** Where they lie on paper, px. */
  readonly from: number;
  readonly to: number;
}

/** Where a value lies, px. */
export const on = ({ low, high, from, to }: Axis, value: number): number =>
  from + ((value - low) / (high - low || 1)) * (to - from);

/** Round values within an axis, about `count` of them. */
export function ticks({ low, high }: Axis, count: number): number[] {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10);
  const found: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(n * step);
  return found;
}

/** How many tell ticks apart. */
export function decimalsOf(marks: readonly number[], { low, high }: Axis): number {
  const step = (marks[1] ?? high) - (marks[0] ?? low);
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** An SVG document with its title, for eyes and for screen readers. */
export function drawing(title: string, about: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif">`,
    `<title>${escaped(`${title}: ${about}`)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fdfdfb"/>`,
    label(LEFT, 26, title, 15, INK, 'font-weight="600"'),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Lines and numbers of a value axis, from `left` to `right`. */
export function valueAxis(
  y: Axis,
  values: readonly number[],
  left: number,
  right: number,
  name: (value: number) => string,
): string[] {
  return values.flatMap((value) => [
    `<line x1="${px(left)}" y1="${px(on(y, value))}" x2="${px(right)}" y2="${px(on(y, value))}" stroke="${GRID}"/>`,
    label(left - 8, on(y, value) + 4, name(value), 12, SOFT, 'text-anchor="end"'),
  ]);
}

/** A time axis: its line, and numbers below it. */
export function timeAxis(x: Axis, bottom: number): string[] {
  const line = `<line x1="${px(x.from)}" y1="${bottom}" x2="${px(x.to)}" y2="${bottom}" stroke="${SOFT}"/>`;
  const marks = ticks(x, 8);
  const decimals = decimalsOf(marks, x);
  const numbers = marks.flatMap((value) => {
    const at = on(x, value);
    // Near an end a number leans inwards, so that it stays on the paper.
    const anchor = at > x.to - 30 ? "end" : at < x.from + 10 ? "start" : "middle";
    return [
      `<line x1="${px(at)}" y1="${bottom}" x2="${px(at)}" y2="${bottom + 5}" stroke="${SOFT}"/>`,
      label(at, bottom + 19, `${value.toFixed(decimals)} s`, 12, SOFT, `text-anchor="${anchor}"`),
    ];
  });
  return [line, ...numbers];
}

export const label = (x: number, y: number, content: string, size: number, fill: string, more = ""): string =>
  `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${fill}" ${more}>${escaped(content)}</text>`;

export const px = (value: number): string => String(Math.round(value * 10) / 10);

export const escaped = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
