// The reader's table: conditions, what must be reached (valid and right, first candidate right, in per cent), and how far any reader can get.

import type { Conditions } from "../synth/conditions.js";

export interface Row {
  readonly name: string;
  readonly conditions: Conditions;
  /** Per cent that must be valid and right, and whose first candidate must be right; undefined where nothing is asked. */
  readonly valid?: number;
  readonly first?: number;
  /** White noise alone: the genie of genie.ts says the limit. */
  readonly limited?: true;
}

const clean = { valid: 100, first: 100 } as const;
/** Cells of a track 2 swipe at so many inches a second. */
const ips = (speed: number): Conditions => ({ cellUs: 1e6 / 75 / speed });
const white = (snrDb: number, valid?: number, first?: number): Row => ({
  name: `white noise ${snrDb} dB`,
  conditions: { snrDb },
  limited: true,
  ...(valid !== undefined && { valid }),
  ...(first !== undefined && { first }),
});
const moved = (percent: number, valid?: number, first?: number): Row => ({
  name: `jitter ${percent} %, 30 dB`,
  conditions: { jitter: { normal: percent / 100 }, snrDb: 30 },
  ...(valid !== undefined && { valid }),
  ...(first !== undefined && { first }),
});
const repeated = (snrDb: number, valid: number, first: number): Row => ({
  name: `three repeats, one reversed, ${snrDb} dB`,
  conditions: { snrDb, repeats: { count: 3, reversed: [1] } },
  valid,
  first,
});

const damaged = (name: string, count: number, cells: number, snrDb: number): Row => ({
  name: `${name}, ${snrDb} dB`,
  conditions: { snrDb, dropouts: { count, cells } },
});

export const ROWS: readonly Row[] = [
  { name: "clean", conditions: {}, ...clean },
  { name: "reverse", conditions: { direction: "reverse" }, ...clean },
  { name: "3x acceleration", conditions: { speed: { ratio: 3 } }, ...clean },
  { name: "5 ips", conditions: ips(5), ...clean },
  { name: "50 ips", conditions: ips(50), ...clean },
  { name: "60 ips", conditions: ips(60), ...clean },
  { name: "8 kHz, 20 ips", conditions: { ...ips(20), sampleRateHz: 8_000 }, ...clean },
  { name: "clipped to a third", conditions: { clip: 1 / 3, snrDb: 40 }, ...clean },
  { name: "quiet, -40 dB", conditions: { level: 0.01, snrDb: 40 }, ...clean },
  { name: "hum, half the peak", conditions: { hum: { height: 0.5, hz: 50 }, snrDb: 40 }, ...clean },
  { name: "wander", conditions: { wander: { height: 0.5, hz: 2 }, snrDb: 40 }, ...clean },
  white(20, 100, 100),
  white(10, 100, 100),
  white(6, 100, 100),
  white(3, 100, 100),
  white(0, 97, 100),
  white(-1, 75, 99),
  white(-2, 20, 95),
  white(-3, undefined, 80),
  white(-4, undefined, 50),
  repeated(-4, 95, 99),
  repeated(-6, 50, 90),
  moved(3, 100, 100),
  moved(6, 100, 100),
  moved(10, 88, 99),
  moved(12, 25, 93),
  moved(15, undefined, 65),
  { name: "6 dB, 3x acceleration", conditions: { snrDb: 6, speed: { ratio: 3 } }, valid: 99, first: 100 },
  { name: "10 dB, a hand's speed", conditions: { snrDb: 10, speed: { hand: true } }, valid: 99, first: 100 },
  {
    name: "15 dB, edges +-10 %, 3x, wander 0.3",
    conditions: { snrDb: 15, jitter: { uniform: 0.1 }, speed: { ratio: 3 }, wander: { height: 0.3, hz: 2 } },
    valid: 98,
    first: 100,
  },
  { name: "coil's pulses, 3 dB", conditions: { snrDb: 3, pulse: { tau: 0.1 } }, valid: 99, first: 100 },
  {
    name: "track 1, 60 ips, 96 kHz, 20 dB",
    conditions: { track: 1, sampleRateHz: 96_000, cellUs: 79.4, snrDb: 20 },
    ...clean,
  },
  damaged("a dropout of four cells", 1, 4, 20),
  damaged("three dropouts of a cell", 3, 1, 20),
  damaged("a dropout of two cells", 1, 2, 3),
  {
    name: "edges +-10 %, a dropout, 30 dB",
    conditions: { snrDb: 30, jitter: { uniform: 0.1 }, dropouts: { count: 1, cells: 1 } },
  },
];
