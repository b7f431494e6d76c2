// What the standard allows of a stripe's timing (ISO/IEC 7811-2), of a card as it was written and of one in use. The figures are second
// hand: they were not checked against the standard's text, which is sold. A subinterval is held to be measured against half a cell.

export interface Limits {
  /** Either way, per cent of the nominal length: a cell, or half a cell. */
  readonly newPercent: number;
  readonly usedPercent: number;
}

export const CELL_LIMITS: Limits = { newPercent: 10, usedPercent: 15 };
export const SUBINTERVAL_LIMITS: Limits = { newPercent: 12, usedPercent: 20 };

/** Said wherever the limits are. */
export const LIMITS_ORIGIN =
  "ISO/IEC 7811-2: a cell may be 10 % off on a new card and 15 % on a used one, a subinterval 12 and 20 % of half a cell (second hand, not checked against the standard's text)";
