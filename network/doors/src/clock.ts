// The clock of a service that is told no other.

/** Seconds since 1970. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
