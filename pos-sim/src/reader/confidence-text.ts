// A read's confidence in words.

/** A read's confidence for people: how far it is from one, as nearly all of it are nines. */
export function confidenceText(confidence: number): string {
  const doubt = 1 - confidence;
  return doubt < LEAST_DOUBT ? `over 1 - ${LEAST_DOUBT}` : `1 - ${doubt.toExponential(0)}`;
}

/** What is less is rounding. */
const LEAST_DOUBT = 1e-12;
