// A reliability plot: what the reader claimed to be wrong, against how often it was, by decade of the claim.

import {
  AMBER,
  type Axis,
  BLUE,
  drawing,
  GRID,
  INK,
  LEFT,
  label,
  on,
  px,
  RED,
  RIGHT,
  SOFT,
  WIDTH,
} from "../inspect/chart.js";
import type { Decade } from "./reliability.js";

const TOP = 64;
const BOTTOM = 420;
/** Shares of swipes, as powers of ten: of less there is nothing to see in a hundred thousand. */
const LOWEST = -8;
/** Normal deviates of an interval that holds 95 of 100. */
const Z = 1.96;

/** An SVG with a column for each decade that has swipes. */
export function reliabilitySvg(decades: readonly Decade[]): string {
  const columns = decades.length;
  const x: Axis = { low: 0, high: columns, from: LEFT, to: WIDTH - RIGHT };
  const y: Axis = { low: LOWEST, high: 0, from: BOTTOM, to: TOP };
  const powers = Array.from({ length: -LOWEST + 1 }, (_, i) => LOWEST + i);
  const lines = powers.flatMap((power) => [
    `<line x1="${LEFT}" y1="${px(on(y, power))}" x2="${WIDTH - RIGHT}" y2="${px(on(y, power))}" stroke="${GRID}"/>`,
    label(LEFT - 8, on(y, power) + 4, share(10 ** power), 12, SOFT, 'text-anchor="end"'),
  ]);
  const parts = decades.flatMap(({ swipes, wrong, expected, from }, i) => {
    const [left, right] = [on(x, i), on(x, i + 1)];
    const middle = (left + right) / 2;
    const name = from === 0 ? `less than ${share(10 ** (1 - columns))}` : `${share(from)} to ${share(10 * from)}`;
    // A line each, as a column is no wider than the longest of them: numbers of a million and more too.
    const told = [
      `${wrong} wrong`,
      `of ${swipes}`,
      `${expected < 0.01 ? "< 0.01" : expected.toFixed(expected < 10 ? 2 : 0)} expected`,
    ];
    const below = [
      label(middle, BOTTOM + 20, name, 12, SOFT, 'text-anchor="middle"'),
      ...(swipes === 0 ? ["no swipes"] : told).map((line, n) =>
        label(middle, BOTTOM + 38 + 16 * n, line, 11, n === 2 || swipes === 0 ? SOFT : INK, 'text-anchor="middle"'),
      ),
    ];
    if (swipes === 0) return below;
    const at = (value: number): number => on(y, Math.max(LOWEST, Math.log10(Math.max(value, 1e-30))));
    const claimed = at(expected / swipes);
    const [low, high] = interval(wrong, swipes);
    // Never wrong: no dot, and an interval that reaches down.
    return [
      `<line x1="${px(left + 12)}" y1="${px(claimed)}" x2="${px(right - 12)}" y2="${px(claimed)}" stroke="${AMBER}" stroke-width="3"/>`,
      `<line x1="${px(middle)}" y1="${px(at(low))}" x2="${px(middle)}" y2="${px(at(high))}" stroke="${BLUE}" stroke-width="2"/>`,
      ...(wrong > 0 ? [low, high] : [high]).map(
        (end) =>
          `<line x1="${px(middle - 6)}" y1="${px(at(end))}" x2="${px(middle + 6)}" y2="${px(at(end))}" stroke="${BLUE}" stroke-width="2"/>`,
      ),
      wrong > 0 ? `<circle cx="${px(middle)}" cy="${px(at(wrong / swipes))}" r="5" fill="${BLUE}"/>` : "",
      ...below,
    ];
  });
  const threshold = on(x, 5);
  const total = decades.reduce((sum, { swipes }) => sum + swipes, 0);
  return drawing("Wrong, as claimed and as it came", `${total} swipes by the claimed chance to be wrong`, BOTTOM + 86, [
    ...lines,
    label(
      LEFT,
      48,
      "by the claimed chance to be wrong; bar: claimed, mean of the decade; dot: came wrong, with the interval of 95 in 100",
      12,
      SOFT,
    ),
    `<line x1="${px(threshold)}" y1="${TOP}" x2="${px(threshold)}" y2="${BOTTOM}" stroke="${RED}" stroke-dasharray="4 3"/>`,
    label(threshold + 6, TOP + 16, "called a read from here on", 12, RED),
    ...parts,
  ]);
}

/** Wilson's interval of a share. */
function interval(wrong: number, swipes: number): readonly [number, number] {
  const rate = wrong / swipes;
  const square = (Z * Z) / swipes;
  const middle = (rate + square / 2) / (1 + square);
  const half = (Z * Math.sqrt((rate * (1 - rate)) / swipes + square / (4 * swipes))) / (1 + square);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** A share of one, short. */
function share(value: number): string {
  if (value >= 0.99) return "1";
  return value >= 1e-3 ? String(Number(value.toPrecision(1))) : `1e${Math.round(Math.log10(value))}`;
}
