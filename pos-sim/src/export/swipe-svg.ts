// A picture of a swipe: the waveform in rows, and under it the cells, their bits and the characters that they make.
// Of reads outside the test ranges not even the waveform is in the file: it could be read off the paper.
import { decibels } from "../measure/levels.js";
import { CHARACTER_DOUBT, confidenceText } from "../reader/confidence-text.js";
import type { Read } from "../reader/read.js";
import { CERTAIN } from "../search/texts/likeliest.js";
import type { Signal } from "../signal/signal.js";
import { LEFT, type Marks, marksOf, RIGHT, rowsOf, type Span } from "./layout.js";

export interface SvgOptions {
  readonly title?: string;
  /** Rows drawn at most; what follows is named in a last line. */
  readonly maxRows?: number;
  /** Of the paper, px. */
  readonly width?: number;
  /** Time of the signal's first sample where it is a part of a recording, seconds: the reads' times are the recording's. */
  readonly startS?: number;
}

const WIDTH = 1560;
const TOP = 148;
/** A row from top to bottom: waveform, bits, characters, gap. */
const WAVE = 84;
const BITS = 18;
const SYMBOLS = 24;
const GAP = 34;
const ROW = WAVE + BITS + SYMBOLS + GAP;
/** Narrowest cell on paper: a digit of 10 px with room around it. */
const CELL_PX = 10;

const INK = "#1c2430";
const SOFT = "#6b7685";
const COLOURS = {
  sentinel: ["#d6efdf", "#14663a"],
  data: ["#e4ecf7", "#1b3f73"],
  lrc: ["#fbe6c8", "#8a5200"],
} as const;

/** What every row is drawn on. */
interface Paper {
  readonly width: number;
  readonly perSecond: number;
  readonly startS: number;
  readonly signal: Signal;
  readonly peak: number;
}

/**
 * An SVG document.
 *
 * @param reads - Of the same signal, made with `cells: true`; others are drawn without their bits.
 */
export function swipeSvg(signal: Signal, reads: readonly Read[], options: SvgOptions = {}): string {
  const { title = "Swipe", maxRows = 60, width = WIDTH, startS = 0 } = options;
  const marks = reads.map((read) => marksOf(earlier(read, startS)));
  const whole = windowOf(signal, marks);
  const inside = width - LEFT - RIGHT;
  const perSecond = scaleOf(whole, marks, inside);
  const all = rowsOf(whole, inside / perSecond, marks);
  const rows = all.slice(0, maxRows);
  const peak = Math.max(
    1e-9,
    signal.samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
  );
  const height = TOP + rows.length * ROW + (all.length > rows.length ? 40 : 16);

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fdfdfb"/>`,
    ...header(title, signal, reads, peak),
  ];
  const paper = { width, perSecond, startS, signal, peak };
  rows.forEach((row, i) => {
    parts.push(...drawRow(row, TOP + i * ROW, paper, marks));
  });
  if (all.length > rows.length) {
    const end = seconds(whole.toS + startS);
    parts.push(text(LEFT, height - 16, `... and ${all.length - rows.length} more rows, to ${end}`, 13, SOFT));
  }
  parts.push("</svg>");
  return `${parts.join("\n")}\n`;
}

/** A read by the time of the signal's own first sample. */
function earlier(read: Read, startS: number): Read {
  if (startS === 0) return read;
  const { cells } = read;
  return {
    ...read,
    startS: read.startS - startS,
    endS: read.endS - startS,
    ...(cells && { cells: { ...cells, bounds: cells.bounds.map((at) => at - startS) } }),
  };
}

function header(title: string, signal: Signal, reads: readonly Read[], peak: number): string[] {
  const seconds = signal.samples.length / signal.sampleRateHz;
  const summary = reads.map((read) => {
    const arrow = read.direction === "forward" ? "\u2192" : "\u2190";
    return `Track ${read.track} ${arrow}  ${read.cellUs.toFixed(0)} \u00b5s a bit, jitter ${read.jitterPercent.toFixed(1)} %`;
  });
  const about = `${ms(seconds)} at ${(signal.sampleRateHz / 1000).toFixed(1)} kHz, peak ${Math.round(decibels(peak))} dB of full scale`;
  const parts = [
    text(LEFT, 46, escaped(title), 25, INK, 'font-weight="600"'),
    text(
      LEFT,
      74,
      escaped([about, ...(summary.length > 0 ? summary : ["nothing was read"])].slice(0, 5).join("   \u00b7   ")),
      14,
      SOFT,
    ),
  ];
  let x = LEFT;
  const entries = [
    ["sentinel", "start and end sentinel"],
    ["data", "character"],
    ["lrc", "LRC"],
  ] as const;
  for (const [kind, name] of entries) {
    parts.push(
      `<rect x="${x}" y="94" width="16" height="16" rx="3" fill="${COLOURS[kind][0]}" stroke="${COLOURS[kind][1]}" stroke-opacity="0.35"/>`,
    );
    parts.push(text(x + 23, 107, name, 13, SOFT));
    x += 48 + name.length * 6.7;
  }
  parts.push(
    `<rect x="${x}" y="94" width="16" height="16" fill="#f1f3f6"/>`,
    text(x + 23, 107, "cell of a one", 13, SOFT),
  );
  parts.push(text(x + 142, 107, "p", 12, "#a2389b", 'font-weight="600"'), text(x + 156, 107, "parity bit", 13, SOFT));
  if (reads.some(({ masked, characterConfidence }) => !masked && characterConfidence.length > 0))
    parts.push(text(x + 240, 107, "below a character: how sure it is, unless over 1 - 1e-9", 13, SOFT));
  return parts;
}

function drawRow(row: Span, top: number, paper: Paper, marks: readonly Marks[]): string[] {
  const { width, perSecond, startS, signal, peak } = paper;
  const x = (seconds: number): number => LEFT + (seconds - row.fromS) * perSecond;
  const middle = top + WAVE / 2;
  const bottom = top + WAVE;
  const end = x(row.toS);
  const inRow = ({ fromS, toS }: Span): boolean => (fromS + toS) / 2 >= row.fromS && (fromS + toS) / 2 < row.toS;
  const parts = [
    `<g>`,
    text(LEFT - 14, middle + 4, seconds(row.fromS + startS), 12, SOFT, 'text-anchor="end"'),
    `<line x1="${LEFT}" y1="${middle}" x2="${px(end)}" y2="${middle}" stroke="#e3e6ea"/>`,
  ];
  const ones: string[] = [];
  const edges: string[] = [];
  const digits: string[] = [];
  for (const { bits, symbols, read } of marks) {
    for (const mark of bits) {
      if (!inRow(mark)) continue;
      const [from, to] = [x(mark.fromS), x(mark.toS)];
      if (mark.bit === 1) ones.push(`M${px(from)} ${top}H${px(to)}V${bottom}H${px(from)}z`);
      edges.push(`M${px(from)} ${top}V${bottom + 4}`, `M${px(to)} ${top}V${bottom + 4}`);
      const colour = mark.kind === "parity" ? "#a2389b" : mark.kind === "zero" ? "#b3bac4" : INK;
      digits.push(`<text x="${px((from + to) / 2)}" y="${bottom + 15}" fill="${colour}">${mark.bit}</text>`);
    }
    for (const symbol of symbols) if (inRow(symbol)) parts.push(drawSymbol(symbol, x, bottom + BITS));
    if (read.startS >= row.fromS && read.startS < row.toS) {
      const name =
        read.direction === "forward" ? `track ${read.track} \u2192` : `\u2190 track ${read.track}, backwards`;
      // Near the right end the name runs to the left, so that it stays on the paper.
      const late = x(read.startS) + name.length * 8 > width;
      const anchor = late ? 'font-weight="600" text-anchor="end"' : 'font-weight="600"';
      parts.push(text(late ? width - RIGHT : x(read.startS), top - 6, name, 12, INK, anchor));
    }
  }
  if (ones.length > 0) parts.push(`<path d="${ones.join("")}" fill="#f1f3f6"/>`);
  if (edges.length > 0)
    parts.push(`<path d="${[...new Set(edges)].join("")}" stroke="#d5dae1" stroke-width="0.7" fill="none"/>`);
  const hidden = marks.filter(({ read }) => read.masked).map(({ read }) => read);
  parts.push(
    `<path d="${wave(row, x, middle, signal, peak, hidden)}" fill="none" stroke="#2458a6" stroke-width="1.15" stroke-linejoin="round"/>`,
  );
  if (digits.length > 0) {
    parts.push(
      `<g font-family="'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="9.5" text-anchor="middle">${digits.join("")}</g>`,
    );
  }
  for (const read of hidden) parts.push(...cover(read, row, x, top));
  parts.push("</g>");
  return parts;
}

function drawSymbol(symbol: Marks["symbols"][number], x: (s: number) => number, top: number): string {
  const [fill, ink] = COLOURS[symbol.kind];
  const [from, to] = [x(symbol.fromS) + 1, x(symbol.toS) - 1];
  const shown = symbol.text === " " ? "\u2423" : symbol.text;
  return `<rect x="${px(from)}" y="${top}" width="${px(Math.max(1, to - from))}" height="${SYMBOLS - 2}" rx="3" fill="${fill}"/>${text((from + to) / 2, top + 16, escaped(shown), 14, ink, 'text-anchor="middle" font-weight="600"')}${drawConfidence(symbol, (from + to) / 2, top + SYMBOLS + 8)}`;
}

/** Of a character that is not as good as certain; amber where a text as sure would be no read. */
function drawConfidence({ confidence = 1 }: Marks["symbols"][number], x: number, y: number): string {
  if (1 - confidence <= CHARACTER_DOUBT) return "";
  return text(
    x,
    y,
    confidenceText(confidence),
    9.5,
    confidence < CERTAIN ? COLOURS.lrc[1] : SOFT,
    'text-anchor="middle"',
  );
}

/** A band in place of a read that may not be shown. */
function cover(read: Read, row: Span, x: (s: number) => number, top: number): string[] {
  const from = Math.max(row.fromS, read.startS);
  const to = Math.min(row.toS, read.endS);
  if (to <= from) return [];
  const band = `<rect x="${px(x(from))}" y="${top}" width="${px(x(to) - x(from))}" height="${WAVE + BITS}" fill="#eceae4"/>`;
  if (from > read.startS) return [band];
  return [band, text(x(from) + 12, top + WAVE / 2 + 5, `masked: ${escaped(read.data)}`, 14, INK)];
}

/** Points of a row, without those of hidden reads; where several samples share a pixel, their least and greatest. */
function wave(
  row: Span,
  x: (s: number) => number,
  middle: number,
  signal: Signal,
  peak: number,
  hidden: readonly Read[],
): string {
  const { samples, sampleRateHz } = signal;
  const from = Math.max(0, Math.floor(row.fromS * sampleRateHz));
  const to = Math.min(samples.length - 1, Math.ceil(row.toS * sampleRateHz));
  const step = Math.max(1, Math.floor(sampleRateHz / ((x(1) - x(0)) * 2)));
  const scale = (WAVE / 2 - 5) / peak;
  let path = "";
  let pen = "M";
  for (let i = from; i <= to; i += step) {
    const time = i / sampleRateHz;
    if (hidden.some(({ startS, endS }) => time >= startS && time <= endS)) {
      pen = "M";
      continue;
    }
    let low = i;
    let high = i;
    for (let n = i; n < Math.min(i + step, to + 1); n++) {
      if (samples[n]! < samples[low]!) low = n;
      if (samples[n]! > samples[high]!) high = n;
    }
    for (const n of low === high ? [low] : low < high ? [low, high] : [high, low]) {
      path += `${pen}${px(x(n / sampleRateHz))} ${px(middle - samples[n]! * scale)}`;
      pen = "L";
    }
  }
  return path;
}

/** What is worth drawing: the reads with their zeros, or everything. */
function windowOf(signal: Signal, marks: readonly Marks[]): Span {
  const end = signal.samples.length / signal.sampleRateHz;
  if (marks.length === 0) return { fromS: 0, toS: end };
  const spans = marks.flatMap(({ read, bits }) => [{ fromS: read.startS, toS: read.endS }, ...bits]);
  const margin = 0.002;
  return {
    fromS: Math.max(0, spans.reduce((least, { fromS }) => Math.min(least, fromS), end) - margin),
    toS: Math.min(end, spans.reduce((most, { toS }) => Math.max(most, toS), 0) + margin),
  };
}

/** Pixels a second: the shortest cell is wide enough for its digit; without reads, ten rows. */
function scaleOf(whole: Span, marks: readonly Marks[], width: number): number {
  const shortest = marks.reduce((least, { read }) => Math.min(least, read.cellUs * 1e-6), Number.POSITIVE_INFINITY);
  if (shortest < Number.POSITIVE_INFINITY) return CELL_PX / shortest;
  return (10 * width) / Math.max(1e-6, whole.toS - whole.fromS);
}

function text(x: number, y: number, content: string, size: number, fill: string, more = ""): string {
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${fill}" xml:space="preserve" ${more}>${content}</text>`;
}

const px = (value: number): string => String(Math.round(value * 10) / 10);
/** A time of the recording, to a tenth of a millisecond: as the charts and all sentences, in seconds. */
const seconds = (time: number): string => `${time.toFixed(4)} s`;
const ms = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
const escaped = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
