// What a stretch of cells says. A clock may run on from one text to the next, with zeros between them, as the card's own emissions do: each text is
// weighed in cells of its own, from amid its neighbour on one side to amid the one on the other.

import { DAMAGED } from "./fit/gains.js";
import type { View } from "./fitted.js";
import { bitsWith, either, type Likely, likeliest } from "./texts/likeliest.js";
import { likelyFormats } from "./texts/parity.js";
import { type CellMetrics, sliced } from "./texts/weights.js";

/** Cells beside a text that may hold another one with zeros before it. */
const ROOM = 60;
/** A text beside another one is taken for one from there on. */
const BESIDE = 0.01;
/** How sure a text is at most over which something else lies. */
const OVERLAID = 0.99;

/** Texts of a stretch, likeliest first. */
export function judged(view: View): readonly Likely[] {
  if (view.hopeless) return [];
  const metrics = [heldBy(view.metricsBy), view.damagedBy && heldBy(view.damagedBy)] as const;
  const { bits } = view.reading;
  return textsIn(0, bits.length, likelyFormats(bits)).sort((a, b) => b.probability - a.probability);

  function textsIn(from: number, to: number, formats: readonly (5 | 7)[]): Likely[] {
    const all = judgedIn(view, metrics, from, to, formats);
    const best = all[0];
    if (best === undefined || !isText(best)) return all;
    const amid = middleOf(best);
    const before = best.from - from < ROOM ? [] : textsIn(from, amid, likelyFormats(bits.subarray(from, best.from)));
    const behind = to - best.to < ROOM ? [] : textsIn(amid, to, likelyFormats(bits.subarray(best.to, to)));
    const [left, right] = [before.filter(isText), behind.filter(isText)];
    if (left.length === 0 && right.length === 0) return all;
    const own = [Math.max(from, ...left.map(middleOf)), Math.min(to, ...right.map(middleOf))] as const;
    return [...left, ...judgedIn(view, metrics, ...own, formats), ...right];
  }
}

const middleOf = ({ from, to }: Likely): number => Math.round((from + to) / 2);
const isText = ({ probability }: Likely): boolean => probability > BESIDE;

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

/** What the cells from `from` to `to` say, as one text. */
function judgedIn(
  { reading: { bits }, isOverlaid }: View,
  [metricsBy, damagedBy]: readonly [Metrics, Metrics | undefined],
  from: number,
  to: number,
  formats: readonly (5 | 7)[],
): Likely[] {
  if (formats.length === 0) return [];
  const cells = bits.length;
  const within = (by: Metrics) => (reverse: boolean) =>
    reverse ? sliced(by(true), cells - to, cells - from) : sliced(by(false), from, to);
  const whole = likeliest(within(metricsBy), formats);
  const likely =
    damagedBy === undefined
      ? whole.likely
      : either(whole, likeliest(within(damagedBy), formats, whole.total - DAMAGED), DAMAGED);
  return likely
    .map((text): Likely => {
      const one = { ...text, from: text.from + from, to: text.to + from };
      const doubted = one.probability > OVERLAID && isOverlaid(bitsWith(one, cells), one.from, one.to);
      return doubted ? { ...one, probability: OVERLAID } : one;
    })
    .sort((a, b) => b.probability - a.probability);
}
