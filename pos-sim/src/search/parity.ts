// Whether bits may be characters at all, before anybody weighs what they say.

/** Characters of right parity, less those of wrong, that some run must have: accident makes eight or so. */
const RUN_MIN = 9;
/** And of all characters that are not zeros alone: accident makes a third, a swipe that can be read two thirds and more. */
const SHARE_MIN = 0.45;
/** How far behind the better one a format may be. */
const BEHIND = 10;

const FORMATS = [5, 7] as const;

/** Formats whose parity the bits keep, as they are: of the other one there is no trace. */
export function likelyFormats(bits: Uint8Array): readonly (5 | 7)[] {
  const runs = FORMATS.map((symbolBits) => parityRun(bits, symbolBits, RUN_MIN));
  const most = Math.max(...runs);
  return FORMATS.filter((_, i) => runs[i]! > 0 && runs[i]! >= most - BEHIND);
}

/** True where bits around a run of zeros may be a part of a swipe. */
export function mayGoOn(bits: Uint8Array): boolean {
  return FORMATS.some((symbolBits) => parityRun(bits, symbolBits, FEW) > 0);
}

/** Characters that a run must have where not all of the swipe is seen. */
const FEW = 6;

/**
 * Most characters of right parity in a row, less those of wrong, in any phase; 0 where accident makes as many. Ones alone, which keep it by
 * chance, are a tone.
 */
function parityRun(bits: Uint8Array, symbolBits: 5 | 7, least: number): number {
  let most = 0;
  for (let first = 0; first < symbolBits; first++) {
    let run = 0;
    let best = 0;
    let symbols = 0;
    for (let at = first; at + symbolBits <= bits.length; at += symbolBits) {
      let ones = 0;
      for (let i = 0; i < symbolBits; i++) ones += bits[at + i]!;
      if (ones > 0) symbols++;
      run = Math.max(0, run + (ones % 2 === 1 && ones < symbolBits ? 1 : -1));
      if (run > best) best = run;
    }
    if (best >= least && best >= SHARE_MIN * symbols && best > most) most = best;
  }
  return most;
}
