// Where a hand's speed changes back and forth: what a clock of a steady hand cannot follow.
import type { SpeedSwing } from "./report.js";

/** Cells before and behind, whose mean a steady hand's speed keeps: a threefold acceleration exactly, a hand's arc within 2 %. */
const REACH = 16;
/** Less is a steady hand's, per cent. */
const STEADY_PERCENT = 4;

/**
 * @param speeds - Of each cell of the frame, in any unit.
 * @param frameFrom - The frame's first cell.
 * @param characterOf - The character at a place in cells.
 */
export function swingOf(
  speeds: readonly number[],
  frameFrom: number,
  characterOf: (place: number) => number | undefined,
): SpeedSwing | undefined {
  let percent = 0;
  let place = 0;
  for (let i = REACH; i < speeds.length - REACH; i++) {
    const there = 100 * ((2 * speeds[i]!) / (speeds[i - REACH]! + speeds[i + REACH]!) - 1);
    if (Math.abs(there) > Math.abs(percent)) [percent, place] = [there, i];
  }
  if (Math.abs(percent) < STEADY_PERCENT) return undefined;
  const character = characterOf(frameFrom + place);
  return { percent, ...(character !== undefined && { character }) };
}
