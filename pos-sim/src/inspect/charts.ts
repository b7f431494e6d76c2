// The charts of an inspection: level along a recording or a swipe, speed along a swipe, jitter against the standard's limits.
import type { Profile } from "../measure/gauge.js";
import type { Levels } from "../measure/levels.js";
import { CELL_LIMITS, type Limits, SUBINTERVAL_LIMITS } from "../measure/limits.js";
import type { CellMeasure } from "../measure/measure.js";
import type { SignalMeasures } from "../measure/report.js";
import { FARTHEST, spreadOf } from "../measure/spread.js";
import {
  AMBER,
  type Axis,
  BLUE,
  decimalsOf,
  drawing,
  INK,
  LEFT,
  label,
  on,
  px,
  RED,
  RIGHT,
  SOFT,
  ticks,
  timeAxis,
  valueAxis,
  WIDTH,
} from "./chart.js";

/** A place on a time axis. */
export interface Mark {
  readonly fromS: number;
  readonly toS: number;
  readonly name: string;
  readonly fault: boolean;
}

/** A time in which pulses are gone or weak. */
export type Stretch = Pick<Mark, "fromS" | "toS">;

const TOP = 44;
const FLOOR_DB = -90;
const LEVELS_DB = [0, -30, -60, -90];
/** Marks drawn on one chart, at most. */
const MARKS = 500;

/** Level in parts, with what was found marked, and where pulses are gone or weak. */
export function levelChart(
  title: string,
  levels: Levels,
  marks: readonly Mark[],
  weak: readonly Stretch[] = [],
): string {
  const bottom = 190;
  const top = TOP + 16;
  const x: Axis = { low: levels.fromS, high: levels.toS, from: LEFT, to: WIDTH - RIGHT };
  const y: Axis = { low: FLOOR_DB, high: 0, from: bottom, to: top + 8 };
  const parts = valueAxis(y, LEVELS_DB, LEFT, WIDTH - RIGHT, (value) => `${value} dB`);
  const step = (levels.toS - levels.fromS) / levels.partsDb.length;
  const tops = levels.partsDb.map((level, i) => {
    const height = px(on(y, Math.max(FLOOR_DB, Math.min(0, level))));
    return `V${height}H${px(on(x, levels.fromS + (i + 1) * step))}`;
  });
  const isWithin = ({ fromS, toS }: Stretch): boolean => toS > levels.fromS && fromS < levels.toS;
  const shade = ({ fromS, toS }: Stretch, colour: string, opacity: number): string => {
    const from = Math.max(x.from, on(x, fromS));
    const width = Math.max(2, Math.min(x.to, on(x, toS)) - from);
    return `<rect x="${px(from)}" y="${top}" width="${px(width)}" height="${bottom - top}" fill="${colour}" fill-opacity="${opacity}"/>`;
  };
  const within = marks.filter(isWithin).slice(0, MARKS);
  parts.push(...within.map((mark) => shade(mark, mark.fault ? RED : BLUE, 0.13)));
  const gone = weak.filter(isWithin).slice(0, MARKS);
  parts.push(`<path d="M${LEFT} ${bottom}${tops.join("")}V${bottom}z" fill="${BLUE}" fill-opacity="0.55"/>`);
  // Above the level, which is high in parts that have good pulses beside those that are gone.
  parts.push(...gone.map((stretch) => shade(stretch, AMBER, 0.4)));
  if (gone.length > 0) parts.push(label(WIDTH - RIGHT, 26, WEAK_LEGEND, 12, SOFT, 'text-anchor="end"'));
  parts.push(...names(within, x, top - 5));
  parts.push(...timeAxis(x, bottom));
  const loudest = Math.max(...levels.partsDb);
  const said = Number.isFinite(loudest) ? `at most ${loudest} dB of full scale` : "silence";
  return drawing(title, said, bottom + 30, parts);
}

const WEAK_LEGEND = "amber: pulses gone or weak, to 16 cells";

/** From left to right, as many as have room. */
function names(marks: readonly Mark[], x: Axis, line: number): string[] {
  let free = LEFT;
  return [...marks]
    .sort((a, b) => a.fromS - b.fromS)
    .flatMap(({ fromS, name, fault }) => {
      const width = name.length * 6.6;
      const at = Math.min(Math.max(x.from, on(x, fromS)), WIDTH - RIGHT - width);
      if (at < free) return [];
      free = at + width + 8;
      return [label(at, line, name, 12, fault ? RED : INK, 'font-weight="600"')];
    });
}

/**
 * Speed along a swipe: the hand's, and of a read that is shown each cell's; of another over the times of its level, which stands above it.
 *
 * @param of - Whose.
 */
export function speedChart(
  of: string,
  { levels, speed, shown }: Omit<Profile, "spread">,
  measures: SignalMeasures,
): string {
  const bottom = 206;
  const each = shown?.cells ?? [];
  const { fromS, toS, partsIps } = speed;
  const step = (toS - fromS) / partsIps.length;
  const parted = partsIps.map((ips, i) => ({ atS: fromS + (i + 0.5) * step, ips }));
  // Between the middles of two parts, and of a read that is shown at every cell: nothing is drawn where nothing was measured.
  const hand = shown?.hand ?? (parted.length > 1 ? parted : [fromS, toS].map((atS) => ({ atS, ips: partsIps[0]! })));
  const all = [...hand, ...each].map(({ ips }) => ips);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = Math.max(0.06 * high, 0.12 * (high - low));
  const times = shown === undefined ? levels : speed;
  const x: Axis = { low: times.fromS, high: times.toS, from: LEFT, to: WIDTH - RIGHT };
  const y: Axis = { low: Math.max(0, low - room), high: high + room, from: bottom, to: TOP };
  const line = hand.map(({ atS, ips }) => `${px(on(x, atS))} ${px(on(y, ips))}`);
  const values = ticks(y, 5);
  const decimals = decimalsOf(values, y);
  const parts = [
    ...valueAxis(y, values, LEFT, WIDTH - RIGHT, (value) => value.toFixed(decimals)),
    ...each.map(
      ({ atS, ips }) =>
        `<circle cx="${px(on(x, atS))}" cy="${px(on(y, ips))}" r="2.2" fill="${BLUE}" fill-opacity="0.45"/>`,
    ),
    `<path d="M${line.join("L")}" fill="none" stroke="${AMBER}" stroke-width="2" stroke-linejoin="round"/>`,
    ...timeAxis(x, bottom),
    label(
      WIDTH - RIGHT,
      26,
      each.length > 0 ? "line: the hand; dots: single cells" : "the hand's speed",
      12,
      SOFT,
      'text-anchor="end"',
    ),
  ];
  const { slowestIps, fastestIps } = measures.speed;
  const about = `from ${slowestIps.toFixed(1)} to ${fastestIps.toFixed(1)} inches a second`;
  return drawing(`${of}: speed along the data, inches a second`, about, bottom + 30, parts);
}

/** How cells and the halves of ones of a read that is shown are spread, with the standard's limits. @param of - Whose. */
export function jitterChart(of: string, cells: readonly CellMeasure[]): string {
  const halves = cells.flatMap(({ halves: both = [] }) => [...both]);
  const deviations = cells.map(({ deviation }) => deviation);
  const outside = (values: readonly number[], limit: number): number =>
    values.filter((value) => Math.abs(value) > limit).length;
  const about =
    `${outside(deviations, CELL_LIMITS.newPercent)} of ${cells.length} cells and ` +
    `${outside(halves, SUBINTERVAL_LIMITS.newPercent)} of ${halves.length} subintervals are outside a new card's limits`;
  const counted = (values: readonly number[]) => ({ bars: spreadOf(values), each: `${values.length}`, unit: "" });
  return jitterDrawing(of, about, counted(deviations), counted(halves));
}

/** The same of one that is not: shares, without order or number. */
export function jitterShares(
  of: string,
  { cells, subintervals }: Profile["spread"],
  worst: SignalMeasures["jitter"],
): string {
  const about = `the worst cell is ${worst?.cells.worstPercent.toFixed(0)} % off`;
  const shares = (bars: readonly number[]) => ({ bars, each: "share of all", unit: " %" });
  return jitterDrawing(of, about, shares(cells), shares(subintervals));
}

interface Bars {
  /** From -60 to 60 per cent. */
  readonly bars: readonly number[];
  readonly each: string;
  readonly unit: string;
}

function jitterDrawing(of: string, about: string, cells: Bars, halves: Bars): string {
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  const parts = [
    ...histogram("cells, per cent of a cell", cells, CELL_LIMITS, LEFT, middle - 28),
    ...histogram("subintervals, per cent of half a cell", halves, SUBINTERVAL_LIMITS, middle + 28, WIDTH - RIGHT),
  ];
  return drawing(`${of}: jitter, deviation from the hand's clock`, about, BOTTOM + 42, parts);
}

const BOTTOM = 216;
/** Room that a limit's name takes beside its line, px; two names need so much between theirs; and so much a number below. */
const NAME_PX = 66;
const INSIDE_PX = 130;
const NUMBER_PX = 44;
/** Least reach of a histogram to either side, per cent; what lies beyond the farthest is in its last bars. */
const REACH = 24;

function histogram(name: string, all: Bars, limits: Limits, left: number, right: number): string[] {
  const most = all.bars.reduce((far, bar, i) => (bar > 0 ? Math.max(far, Math.abs(i - FARTHEST)) : far), 0);
  const reach = Math.max(REACH, most);
  const bins = 2 * reach + 1;
  const counts = all.bars.slice(FARTHEST - reach, FARTHEST + reach + 1);
  const x: Axis = { low: -reach - 0.5, high: reach + 0.5, from: left, to: right };
  const y: Axis = { low: 0, high: Math.max(1, ...counts), from: BOTTOM, to: TOP + 60 };
  const width = (right - left) / bins;
  const colour = (per: number): string =>
    Math.abs(per) > limits.usedPercent ? RED : Math.abs(per) > limits.newPercent ? AMBER : BLUE;
  const bars = counts.map((count, i) =>
    count === 0
      ? ""
      : `<rect x="${px(left + i * width + 0.5)}" y="${px(on(y, count))}" width="${px(width - 1)}" height="${px(BOTTOM - on(y, count))}" fill="${colour(i - reach)}"/>`,
  );
  const counted = ticks(y, 4).filter(Number.isInteger);
  return [
    label(left, TOP + 4, `${name} (${all.each})`, 12.5, SOFT),
    ...valueAxis(y, counted, left, right, (value) => `${value}${all.unit}`),
    `<line x1="${left}" y1="${BOTTOM}" x2="${px(right)}" y2="${BOTTOM}" stroke="${SOFT}"/>`,
    ...bars.filter((bar) => bar !== ""),
    ...limitLines(x, limits),
    label(on(x, 0), BOTTOM + 19, "0 %", 12, SOFT, 'text-anchor="middle"'),
  ];
}

/** Both limits either way, with their names above and their numbers below. */
function limitLines(x: Axis, { newPercent, usedPercent }: Limits): string[] {
  const [inner, outer] = [on(x, newPercent), on(x, usedPercent)];
  const between = inner - on(x, -newPercent);
  // Where the inner lines stand close together they share a name; the outer ones' stand outside, where there is room.
  const newNames = between < INSIDE_PX ? "shared" : "inside";
  const usedNames = x.to - outer < NAME_PX ? "inside" : "outside";
  const below = outer - inner < NUMBER_PX ? 1 : 0;
  return [
    ...limitLine(x, newPercent, "new card", AMBER, newNames, 1, below),
    ...limitLine(x, usedPercent, "used card", RED, usedNames, 0, 0),
  ];
}

/** @param row - Of the names, from above. @param below - Row of the numbers. */
function limitLine(
  x: Axis,
  percent: number,
  name: string,
  ink: string,
  names: "inside" | "outside" | "shared",
  row: number,
  below: number,
): string[] {
  const line = TOP + 28 + 16 * row;
  const named = (at: number): string => {
    const side = at > 0 === (names === "outside") ? 1 : -1;
    return label(on(x, at) + 4 * side, line, name, 11.5, ink, `text-anchor="${side > 0 ? "start" : "end"}"`);
  };
  return [
    ...[-percent, percent].flatMap((at) => [
      `<line x1="${px(on(x, at))}" y1="${line - 8}" x2="${px(on(x, at))}" y2="${BOTTOM}" stroke="${ink}" stroke-dasharray="4 3"/>`,
      label(on(x, at), BOTTOM + 19 + 15 * below, `${at} %`, 12, ink, 'text-anchor="middle"'),
    ]),
    ...(names === "shared"
      ? [label(on(x, 0), line, name, 11.5, ink, 'text-anchor="middle"')]
      : [-percent, percent].map(named)),
  ];
}
