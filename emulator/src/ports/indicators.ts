// Port indicators: what the card's lights show, and have shown. Contract: firmware/ports/indicators.ts.

import { Indicator } from "@enabling-card/wire";

export const INDICATOR_NAMES: Readonly<Record<Indicator, string>> = {
  [Indicator.Off]: "off",
  [Indicator.Pairing]: "pairing",
  [Indicator.Ask]: "ask",
  [Indicator.Armed]: "armed",
  [Indicator.Sending]: "sending",
  [Indicator.Done]: "done",
  [Indicator.Refused]: "refused",
  [Indicator.Choice1]: "means 1",
  [Indicator.Choice2]: "means 2",
  [Indicator.Choice3]: "means 3",
  [Indicator.Choice4]: "means 4",
  [Indicator.Choice5]: "means 5",
  [Indicator.Choice6]: "means 6",
  [Indicator.Choice7]: "means 7",
  [Indicator.Choice8]: "means 8",
};

export interface Shown {
  readonly atNs: number;
  readonly indicator: Indicator;
}

/** Longest log kept; the oldest go first. */
const LOG_MAX = 1000;

export class Indicators {
  #log: Shown[] = [];
  onShow: ((indicator: Indicator) => void) | undefined;

  get now(): Indicator {
    return this.#log.at(-1)?.indicator ?? Indicator.Off;
  }

  /** Everything shown, oldest first. */
  get log(): readonly Shown[] {
    return this.#log;
  }

  show(indicator: Indicator, atNs: number): void {
    if (INDICATOR_NAMES[indicator] === undefined) return;
    if (this.#log.length === LOG_MAX) this.#log.shift();
    this.#log.push({ atNs, indicator });
    this.onShow?.(indicator);
  }

  port(nowNs: () => number) {
    return { show: (pattern: number): void => this.show(pattern as Indicator, nowNs()) };
  }
}
