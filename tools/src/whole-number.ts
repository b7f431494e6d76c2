// Whole numbers on the command line.

import { InvalidArgumentError } from "commander";

/** Reads a number from `min` to `max`, or says which ones there are. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
    return value;
  };
