// A confidence in words, and those of a text's characters.

/** For people: a share while there is doubt worth one, then how far it is from one, as nearly all of it are nines. */
export function confidenceText(confidence: number): string {
  const doubt = 1 - confidence;
  if (doubt > DOUBT) return `${(100 * confidence).toFixed(confidence < FAINT ? 1 : 0)} %`;
  return doubt < LEAST_DOUBT ? `over 1 - ${LEAST_DOUBT}` : `1 - ${doubt.toExponential(0)}`;
}

/** From there on a share would round to all. */
const DOUBT = 0.01;
/** Shares below keep a decimal. */
const FAINT = 0.1;
/** What is less is rounding. */
const LEAST_DOUBT = 1e-12;

/** What is told of a character's doubt at most: `--json` rounds there. */
export const CHARACTER_DOUBT = 1e-9;

/** A digit for each character: the nines of its confidence. 2 is 99 % and more, 9 is nine nines and more. */
export function ninesOf(confidences: readonly number[]): string {
  return confidences.map((one) => Math.min(9, Math.floor(ROUNDED - Math.log10(Math.max(0, 1 - one))))).join("");
}

/** So that 99 % are two nines: 1 - 0.99 is a little more than 0.01. */
const ROUNDED = 1e-9;

/** The character that is least sure, the start sentinel being number 1; undefined of none. */
export function leastSure(
  confidences: readonly number[],
): { readonly character: number; readonly confidence: number } | undefined {
  if (confidences.length === 0) return undefined;
  const confidence = Math.min(...confidences);
  return { character: 1 + confidences.indexOf(confidence), confidence };
}
