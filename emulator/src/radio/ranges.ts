// What a command's parameters may be (Core 6.0, Vol 4 Part E 7): what lies outside is answered by 0x12, Invalid HCI Command Parameters, and nothing
// happens. A controller that took an interval of nothing would never get past it.

import { readU16 } from "./hci.js";
import type { ConnectionParameters } from "./link-layer.js";

const CONNECTION_UNIT_US = 1_250;
const SUPERVISION_UNIT_US = 10_000;

type Range = readonly [least: number, most: number];
const isIn = (value: number, [least, most]: Range) => value >= least && value <= most;
/** Two numbers behind each other, the first not above the second, both in the range. */
const isSpan = (octets: Uint8Array, at: number, range: Range) =>
  isIn(readU16(octets, at), range) && isIn(readU16(octets, at + 2), range) && isOrdered(octets, at);
const isOrdered = (octets: Uint8Array, at: number) => readU16(octets, at) <= readU16(octets, at + 2);

/** In 1.25 ms, events, and 10 ms (7.8.12, 7.8.18). */
const CONNECTION_INTERVAL: Range = [6, 3_200];
const LATENCY: Range = [0, 499];
const SUPERVISION: Range = [10, 3_200];
/** In 0.625 ms (7.8.10, 7.8.5). */
const SCAN_TIME: Range = [4, 0x4000];
const ADVERTISING_INTERVAL: Range = [0x20, 0x4000];
/** Octets and microseconds (7.8.33, 7.8.35). */
const DATA_OCTETS: Range = [27, 251];
const DATA_TIME: Range = [328, 17_040];
/** 7.1.6. */
const DISCONNECT_REASONS: readonly number[] = [0x05, 0x13, 0x14, 0x15, 0x1a, 0x29, 0x3b];
const ADVERTISING_MAX = 31;

/** Intervals, latency, supervision time-out and lengths of events at `at`; undefined where they may not be. The interval is the longest of those allowed. */
export function connectionParameters(octets: Uint8Array, at: number): ConnectionParameters | undefined {
  const latency = readU16(octets, at + 4);
  const intervalUs = readU16(octets, at + 2) * CONNECTION_UNIT_US;
  const supervisionUs = readU16(octets, at + 6) * SUPERVISION_UNIT_US;
  const fits =
    isSpan(octets, at, CONNECTION_INTERVAL) &&
    isIn(latency, LATENCY) &&
    isIn(readU16(octets, at + 6), SUPERVISION) &&
    supervisionUs > (1 + latency) * intervalUs * 2 &&
    isOrdered(octets, at + 8);
  return fits ? { intervalUs, latency, supervisionUs } : undefined;
}

/** A scan's interval, and the window in it, at `at`. */
export function scanFits(octets: Uint8Array, at: number): boolean {
  const [interval, window] = [readU16(octets, at), readU16(octets, at + 2)];
  return isIn(interval, SCAN_TIME) && isIn(window, SCAN_TIME) && window <= interval;
}

/** The longest data PDU by the octets, and by the time on the air at 1 Mbit/s, that are at `at`; 0 where they may not be. */
export function dataOctets(parameters: Uint8Array, at: number): number {
  const [octets, timeUs] = [readU16(parameters, at), readU16(parameters, at + 2)];
  return isIn(octets, DATA_OCTETS) && isIn(timeUs, DATA_TIME) ? Math.min(octets, Math.floor(timeUs / 8) - 14) : 0;
}

/** LE Set Scan Parameters: type, times, own address, filter. */
export function scanParametersFit(octets: Uint8Array): boolean {
  return areUpTo(octets, { 0: 1, 5: 3, 6: 3 }) && scanFits(octets, 1);
}

/** LE Create Connection without the connection's own: scan, filter, addresses. */
export function initiationFits(octets: Uint8Array): boolean {
  return scanFits(octets, 0) && areUpTo(octets, { 4: 1, 5: 3, 12: 3 });
}

/** LE Set Advertising Parameters: intervals, type, addresses, channels, filter. */
export function advertisingFits(octets: Uint8Array): boolean {
  const channels = octets[13]!;
  return isSpan(octets, 0, ADVERTISING_INTERVAL) && areUpTo(octets, { 4: 4, 5: 3, 6: 1, 13: 7, 14: 3 }) && channels > 0;
}

/** Octets of advertising or of a scan's answer, behind their number. */
export function advertisedFits([length]: Uint8Array): boolean {
  return length! <= ADVERTISING_MAX;
}

export function reasonFits(reason: number): boolean {
  return DISCONNECT_REASONS.includes(reason);
}

/** No octet, by its place, above the most that it may be. */
export function areUpTo(octets: Uint8Array, most: Readonly<Record<number, number>>): boolean {
  return Object.entries(most).every(([at, limit]) => octets[Number(at)]! <= limit);
}
