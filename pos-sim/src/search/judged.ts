// What a stretch of cells says. A clock may run on from one text to the next, with zeros between them, as the card's own emissions do: each text is
// weighed in cells of its own, from amid its neighbour on one side to amid the one on the other.

import { TEXT_CELLS } from "../cells.js";
import { STRAYING } from "./fit/astray.js";
import { damageIn } from "./fit/damage.js";
import { DAMAGED } from "./fit/gains.js";
import { lossyMetrics } from "./fit/metrics.js";
import type { Weighed } from "./fit/weighed.js";
import type { View } from "./fitted.js";
import { bitsWith, CERTAIN, either, type Likely, likeliest, type Said } from "./texts/likeliest.js";
import { likelyFormats, mayGoOn } from "./texts/parity.js";
import { type CellMetrics, sliced } from "./texts/weights.js";

/** Cells beside a text that may hold another one with zeros before it. */
const ROOM = TEXT_CELLS;
/** A text beside another one is taken for one from there on. */
const BESIDE = 0.1;
/** How sure a text is at most over which something else lies, or whose pulses may be elsewhere. */
const DOUBTED = 0.99;

/** What a part of a stretch says as one text of some formats, likeliest first. */
type Judge = (from: number, to: number, formats: readonly (5 | 7)[]) => readonly Likely[];
type Formats = (bits: Uint8Array) => readonly (5 | 7)[];

/** Texts of a stretch, likeliest first. */
export function judged(view: View): readonly Likely[] {
  if (view.hopeless) return [];
  const { metricsBy, damagedBy, isHidden } = view;
  const held = { metricsBy: heldBy(metricsBy), ...(damagedBy && { damagedBy: heldBy(damagedBy) }), isHidden };
  return textsOf(view.reading.bits, likelyFormats, (...part) => judgedIn(view, held, ...part));
}

/**
 * What several passes say together, `bits` being those of one of them: which formats, bits of one pass alone do not tell.
 *
 * @param seenBy - What the samples of all have of each pulse: what they show of damage is the card's.
 */
export function judgedTogether(
  bits: Uint8Array,
  metricsBy: Metrics,
  seenBy?: (reverse: boolean) => Weighed,
): readonly Likely[] {
  const damage = seenBy === undefined ? "unseen" : damageIn(seenBy(false));
  const held: HeldMetrics = {
    metricsBy: heldBy(metricsBy),
    ...(damage !== "unseen" && { damagedBy: heldBy((reverse) => lossyMetrics(seenBy!(reverse))) }),
    isHidden: damage === "hidden",
  };
  return textsOf(
    bits,
    () => [5, 7],
    (from, to, formats) => shifted(saidBy(held, bits.length, from, to, formats).likely, from),
  );
}

/** True where a stretch has room for another text beside those that are sure. */
export function hasMore(bits: Uint8Array, likely: readonly Likely[], sure: number): boolean {
  const known = likely.filter(({ probability }) => probability > sure).sort((a, b) => a.from - b.from);
  const ends = [0, ...known.map(({ to }) => to)];
  return ends.some((end, i) => {
    const rest = bits.subarray(end, known[i]?.from ?? bits.length);
    return known.length === 0 ? likelyFormats(rest).length > 0 : rest.length >= ROOM && mayGoOn(rest);
  });
}

function textsOf(bits: Uint8Array, formatsOf: Formats, judge: Judge): readonly Likely[] {
  return textsIn(0, bits.length, formatsOf(bits)).sort((a, b) => b.probability - a.probability);

  function textsIn(from: number, to: number, formats: readonly (5 | 7)[]): Likely[] {
    const all = [...judge(from, to, formats)];
    const best = all[0];
    if (best === undefined || !isText(best)) return all;
    const amid = middleOf(best);
    const before = best.from - from < ROOM ? [] : textsIn(from, amid, formatsOf(bits.subarray(from, best.from)));
    const behind = to - best.to < ROOM ? [] : textsIn(amid, to, formatsOf(bits.subarray(best.to, to)));
    const [left, right] = [before.filter(isText), behind.filter(isText)];
    if (left.length === 0 && right.length === 0) return all;
    const own = [Math.max(from, ...left.map(middleOf)), Math.min(to, ...right.map(middleOf))] as const;
    return [...left, ...judge(...own, formats), ...right];
  }
}

const middleOf = ({ from, to }: Likely): number => Math.round((from + to) / 2);
const isText = ({ probability }: Likely): boolean => probability > BESIDE;
const isRead = ({ probability }: Likely): boolean => probability > CERTAIN;

type Metrics = (reverse: boolean) => CellMetrics;

/** The same, made once a direction. */
function heldBy(metricsBy: Metrics): Metrics {
  const held = new Map<boolean, CellMetrics>();
  return (reverse) => {
    const known = held.get(reverse) ?? metricsBy(reverse);
    held.set(reverse, known);
    return known;
  };
}

/** Metrics as cells are seen, and if they are damaged, where that may be: where nothing speaks for it, what is read is to be asked, and nothing else. */
interface HeldMetrics {
  readonly metricsBy: Metrics;
  readonly damagedBy?: Metrics;
  readonly isHidden: boolean | undefined;
}

/** What the cells from `from` to `to` say, whole or damaged. */
function saidBy(
  { metricsBy, damagedBy, isHidden }: HeldMetrics,
  cells: number,
  from: number,
  to: number,
  formats: readonly (5 | 7)[],
): Said {
  const said = likeliest(within(metricsBy, cells, from, to), formats);
  if (damagedBy === undefined || (isHidden && !said.likely.some(isRead))) return said;
  // Beside a text that is a read the other direction and format say nothing.
  const among = said.likely.find(isRead);
  return either(said, likeliest(within(damagedBy, cells, from, to), formats, said.total - DAMAGED, among), DAMAGED);
}

/** What the cells from `from` to `to` say, as one text. */
function judgedIn(
  { reading: { bits }, isOverlaid, clickedBy, astrayBy }: View,
  held: HeldMetrics,
  from: number,
  to: number,
  formats: readonly (5 | 7)[],
): Likely[] {
  if (formats.length === 0) return [];
  const cells = bits.length;
  const part = (by: Metrics) => within(by, cells, from, to);
  const inPlace = (one: Likely) => ({ ...one, from: one.from + from, to: one.to + from });
  let said = saidBy(held, cells, from, to, formats);
  const [best] = said.likely.map(inPlace);
  if (best !== undefined && best.probability > DOUBTED) {
    const at = [bitsWith(best, cells), best.from, best.to] as const;
    const astrayMetrics = astrayBy(...at);
    const astray = astrayMetrics && likeliest(part(heldBy(astrayMetrics)), formats, said.total - STRAYING);
    // What stands elsewhere leaves over what a click would.
    const isAstray = astray !== undefined && astray.total + STRAYING > said.total;
    const clicked = isAstray ? undefined : clickedBy(...at);
    if (clicked !== undefined) said = likeliest(part(heldBy(clicked)), formats);
    else if (astray !== undefined) said = either(said, astray, STRAYING);
  }
  return said.likely
    .map(inPlace)
    .map((one) =>
      one.probability > DOUBTED && isOverlaid(bitsWith(one, cells), one.from, one.to) ? doubted(one) : one,
    )
    .sort((a, b) => b.probability - a.probability);
}

function doubted(one: Likely): Likely {
  return { ...one, probability: Math.min(DOUBTED, one.probability) };
}

/** Metrics of the cells from `from` to `to` alone. */
function within(by: Metrics, cells: number, from: number, to: number): Metrics {
  return (reverse) => (reverse ? sliced(by(true), cells - to, cells - from) : sliced(by(false), from, to));
}

function shifted(likely: readonly Likely[], by: number): readonly Likely[] {
  return likely.map((one) => ({ ...one, from: one.from + by, to: one.to + by }));
}
