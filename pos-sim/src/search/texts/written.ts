// A card may be written wrongly: characters of right parity, and an LRC of other ones. What was heard, taken as it is, is such a text then, and
// a text with a right LRC is one that was made of it by taking good pulses for lost ones.

import { POLARITY, polarityPath, STEPS } from "./chain.js";
import { bitsWith, type Likely } from "./likeliest.js";
import type { CellMetrics } from "./weights.js";

/** Prior odds, as a logarithm, that a card is written so. */
const MISWRITTEN = -13.8;

/** How likely a text is, where the card may rather have been written as it was heard. @param heard - The likeliest bits, whatever they mean. */
export function asWritten(likely: Likely, heard: Uint8Array, metrics: CellMetrics): number {
  const { probability, symbolBits, direction, from, to } = likely;
  const text = bitsWith(likely, heard.length);
  const whole = heard.map((bit, k) => (k >= from && k < to ? text[k]! : bit));
  if (metrics.chain !== POLARITY || whole.every((bit, k) => bit === heard[k])) return probability;
  if (!isOfCharacters(heard.subarray(from, to), symbolBits, direction === "reverse")) return probability;
  return probability / (1 + Math.exp(MISWRITTEN + fitOf(metrics, heard) - fitOf(metrics, whole)));
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

/** Logarithm of the likelihood of bits over noise, in the polarity that fits. */
function fitOf({ cells, gain }: CellMetrics, bits: Uint8Array): number {
  const [one, other] = ([0, 1] as const).map((polarity) =>
    polarityPath(bits, 0, cells, polarity).reduce((sum, step, k) => sum + gain[k * STEPS + step]!, 0),
  );
  return Math.max(one!, other!);
}
