// Octaves that found frames in the same place, and what they agree on.
import type { Frame } from "./frame.js";

/** A frame with less than this share of the votes of all octaves is contradicted. */
const MAJORITY = 0.75;

/** Frames in groups that lie over each other, in the order of time. */
export function grouped(frames: readonly Frame[]): Frame[][] {
  const groups: Frame[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const frame of [...frames].sort((a, b) => a.from - b.from)) {
    if (frame.from < end - SHARED_CELLS * frame.cell) groups[groups.length - 1]!.push(frame);
    else groups.push([frame]);
    end = groups[groups.length - 1]!.length === 1 ? frame.to : Math.max(end, frame.to);
  }
  return groups;
}

/** Frames that share more cells than that cannot both be there. */
const SHARED_CELLS = 4;

/** The frame with the most votes in a group, and whether it is beyond contradiction. */
export function elected(group: readonly Frame[]): { readonly frame: Frame; readonly agreed: boolean } {
  const votes = new Map<string, { best: Frame; levels: Map<number, number> }>();
  for (const one of group) {
    const key = `${one.direction}${one.data}`;
    const entry = votes.get(key) ?? { best: one, levels: new Map<number, number>() };
    // The octave with the least jitter places the edges best.
    if (one.jitter < entry.best.jitter) entry.best = one;
    entry.levels.set(one.level, Math.max(one.confidence, entry.levels.get(one.level) ?? 0));
    votes.set(key, entry);
  }
  let total = 0;
  let most = 0;
  let frame = group[0]!;
  for (const entry of votes.values()) {
    // Each character's parity halves the chance that accident made the frame: a short one inside a long one is nothing.
    const sum = [...entry.levels.values()].reduce((a, b) => a + b, 0) * 2 ** Math.min(60, entry.best.data.length);
    total += sum;
    if (sum > most) {
      most = sum;
      frame = entry.best;
    }
  }
  return { frame, agreed: most >= MAJORITY * total };
}
