// How many grants a token may have: a bucket that each one fills and time drains. So it is known how far an ATC can have gone since any moment, and a store
// that is restored goes on behind that (restore.ts).

import type { Level } from "./store.js";

/** Seconds that drain one grant. */
export const GRANT_S = 10;
/** Grants that an empty bucket holds. */
export const GRANTS_AT_ONCE = 1000;
const FULL_S = GRANTS_AT_ONCE * GRANT_S;

/** The level with one grant more at `now`, seconds since 1970; undefined where it would run over. */
export function filled({ level_s, level_at }: Level, now: number): Level | undefined {
  const level = Math.max(0, level_s - Math.max(0, now - level_at)) + GRANT_S;
  return level > FULL_S ? undefined : { level_s: level, level_at: Math.max(now, level_at) };
}

/** Grants of one token between two moments, at most, whatever its level was. */
export function mostGrants(from: number, to: number): number {
  return GRANTS_AT_ONCE + Math.ceil(Math.max(0, to - from) / GRANT_S);
}

/** As full as it can be. */
export function full(now: number): Level {
  return { level_s: FULL_S, level_at: now };
}
