// Chance by seed, and what it does to octets.

export type Random = () => number;

/** A small seeded source (mulberry32): the same seed, the same run. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const INTERESTING = [0, 1, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1f, 0x40, 0x5f, 0x7f, 0x80, 0x9f, 0xbf, 0xd2, 0xf6, 0xff];

/** One to four changes: a bit, an interesting octet, a piece taken out, put in twice, or cut off. */
export function mutate(bytes: Uint8Array, random: Random, max: number): Uint8Array {
  let out = [...bytes];
  for (let change = 1 + Math.floor(random() * 4); change > 0; change--) {
    const at = Math.floor(random() * (out.length + 1));
    const kind = Math.floor(random() * 5);
    if (kind === 0 && at < out.length) out[at]! ^= 1 << Math.floor(random() * 8);
    if (kind === 1 && at < out.length) out[at] = pick(INTERESTING, random);
    if (kind === 2) out.splice(at, 1 + Math.floor(random() * 9));
    if (kind === 3) out.splice(at, 0, ...out.slice(at, at + 1 + Math.floor(random() * 9)));
    if (kind === 4 && random() < 0.3) out = out.slice(0, at);
  }
  return Uint8Array.from(out.slice(0, max));
}

export function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)]!;
}
