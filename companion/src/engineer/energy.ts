// What swipes have cost, and how many the cell has left: arithmetic on what the emulated battery counted.

import type { SeenEmission } from "../world/events.js";

export interface EnergyView {
  /** Of a swipe, millijoules. */
  readonly averageMj: number;
  /** Swipes as the average one until the reserve, which no emission may touch. */
  readonly swipesLeft: number;
  /** Without any swipe, until the cell is empty. */
  readonly idleDays: number;
}

const MS_PER_DAY = 86_400_000;

/** @param emissions - The oldest first; at least one */
export function energyOf(emissions: readonly SeenEmission[]): EnergyView {
  const averageMj = emissions.reduce((sum, { energyMj }) => sum + energyMj, 0) / emissions.length;
  const { chargeMj, reserveMj, idleMw } = emissions[emissions.length - 1]!.battery;
  return {
    averageMj,
    swipesLeft: Math.floor(Math.max(0, chargeMj - reserveMj) / averageMj),
    idleDays: chargeMj / idleMw / (MS_PER_DAY / 1000),
  };
}
