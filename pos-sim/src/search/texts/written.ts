// A card may be written wrongly: characters of right parity, and an LRC of other ones. What was heard, taken as it is, is such a text then, and
// a text with a right LRC is one that was made of it by taking some of it for noise.

import { REVERSALS } from "./chain.js";
import { freePath } from "./free-path.js";
import { bitsWith, type Likely } from "./likeliest.js";
import type { CellMetrics } from "./weights.js";

/** Prior odds, as a logarithm, that a card is written so; each LRC is as likely then as another. */
const MISWRITTEN = -13.8;

/** How likely a text is, where the card may rather have been written as it was heard. @param heard - The likeliest bits, whatever they mean. */
export function asWritten(likely: Likely, heard: Uint8Array, metrics: CellMetrics): number {
  const { probability, symbolBits, direction, from, to } = likely;
  const text = bitsWith(likely, heard.length);
  const whole = heard.map((bit, k) => (k >= from && k < to ? text[k]! : bit));
  if (metrics.chain === REVERSALS || whole.every((bit, k) => bit === heard[k])) return probability;
  if (!isOfCharacters(heard.subarray(from, to), symbolBits, direction === "reverse")) return probability;
  const odds = MISWRITTEN - (symbolBits - 1) * Math.LN2;
  return probability / (1 + Math.exp(odds + freePath(metrics, heard).score - freePath(metrics, whole).score));
}

/** True where every character, the LRC among them, has odd parity. */
function isOfCharacters(bits: Uint8Array, symbolBits: number, reversed: boolean): boolean {
  const inOrder = reversed ? bits.toReversed() : bits;
  for (let at = 0; at < inOrder.length; at += symbolBits) {
    let ones = 0;
    for (let i = 0; i < symbolBits; i++) ones += inOrder[at + i]!;
    if (ones % 2 === 0) return false;
  }
  return true;
}
