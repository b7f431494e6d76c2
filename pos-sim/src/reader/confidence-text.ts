// A confidence in words.

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
