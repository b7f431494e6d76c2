// Where the virtual clock goes by itself, so that a card plays without anybody who moves its time.

import type { Timeline } from "./ports/clock.js";
import { type Coil, EMISSION_GAP_NS } from "./ports/coil.js";

/** The pass's end, a pretended press, or the pause before the next pass, ns; undefined where none of them is due. @param alarmNs - The wallet's. */
export function autoNs(timeline: Timeline, { lastEndNs }: Coil, alarmNs: number | undefined): number | undefined {
  const due = timeline.nextAutoNs();
  const isPause = alarmNs !== undefined && lastEndNs !== undefined && alarmNs - lastEndNs <= EMISSION_GAP_NS;
  const pause = isPause ? alarmNs : undefined;
  if (due === undefined || pause === undefined) return due ?? pause;
  return Math.min(due, pause);
}
