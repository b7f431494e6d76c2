// Whether bits may be characters at all, before anybody weighs what they say.

/**
 * How telling a run of characters is: those of right parity less those of wrong, squared, over how many they are. In a hundred cells accident
 * has as much once in twelve times, in two hundred and fifty once in four; no fewer than nine characters have it.
 */
const TELLING = 8.5;
/** Where not all of the swipe is seen. */
const SOME = 6;
/** How far behind the better one a format may be. */
const BEHIND = 10;

const FORMATS = [5, 7] as const;

/** Formats whose parity the bits keep, as they are: of the other one there is no trace. */
export function likelyFormats(bits: Uint8Array): readonly (5 | 7)[] {
  const runs = FORMATS.map((symbolBits) => parityRun(bits, symbolBits, TELLING));
  const most = Math.max(...runs);
  return FORMATS.filter((_, i) => runs[i]! > 0 && runs[i]! >= most - BEHIND);
}

/** True where bits around a run of zeros may be a part of a swipe. */
export function mayGoOn(bits: Uint8Array): boolean {
  return FORMATS.some((symbolBits) => parityRun(bits, symbolBits, SOME) > 0);
}

/**
 * Most characters of right parity, less those of wrong, that follow one another, in any phase; 0 where accident makes as many. Zeros alone
 * say nothing, and ones alone, which keep parity by chance, are a tone.
 */
function parityRun(bits: Uint8Array, symbolBits: 5 | 7, telling: number): number {
  let most = 0;
  for (let first = 0; first < symbolBits; first++) {
    let run = 0;
    let length = 0;
    for (let at = first; at + symbolBits <= bits.length; at += symbolBits) {
      let ones = 0;
      for (let i = 0; i < symbolBits; i++) ones += bits[at + i]!;
      if (ones > 0) length++;
      run += ones % 2 === 1 && ones < symbolBits ? 1 : -1;
      if (run <= 0) [run, length] = [0, 0];
      else if (run > most && run * run >= telling * length) most = run;
    }
  }
  return most;
}
