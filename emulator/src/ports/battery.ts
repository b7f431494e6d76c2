// Port battery: charge in millijoules, drained by time and by the coil. Contract: firmware/ports/battery.ts.
// The cell is a thin lithium pouch of about 15 mAh, counted at the 3 V of its end: a linear driver takes the same share of it at any voltage. The coil figures are those of notes on production emitters.

const MS_PER_S = 1000;

export interface BatteryOptions {
  /** Full charge, millijoules. */
  readonly capacityMj: number;
  readonly supplyV: number;
  /** Coil and switch, ohm. The driver limits the current to `coilMa`. */
  readonly coilOhm: number;
  readonly coilMa: number;
  /** Everything but the coil, milliwatts. */
  readonly idleMw: number;
  /** Share of the capacity that an emission may not touch: it keeps the card alive to report. */
  readonly reserve: number;
}

export const BATTERY: BatteryOptions = {
  capacityMj: 162_000,
  supplyV: 3,
  coilOhm: 2,
  coilMa: 150,
  idleMw: 0.06,
  reserve: 0.02,
};

export class Battery {
  readonly options: BatteryOptions;
  #chargeMj: number;
  #settledNs = 0;

  constructor(options: Partial<BatteryOptions> = {}, chargeMj?: number) {
    this.options = { ...BATTERY, ...options };
    this.#chargeMj = chargeMj ?? this.options.capacityMj;
  }

  get chargeMj(): number {
    return this.#chargeMj;
  }

  /** 0 to 100, rounded down. */
  get percent(): number {
    return Math.max(0, Math.min(100, Math.floor((this.#chargeMj / this.options.capacityMj) * 100 + 1e-9)));
  }

  set percent(value: number) {
    this.#chargeMj = (Math.max(0, Math.min(100, value)) / 100) * this.options.capacityMj;
  }

  /** Drawn from the supply while the coil is driven: a linear driver, so supply voltage times coil current. Milliwatts. */
  get emissionMw(): number {
    const { supplyV, coilOhm, coilMa } = this.options;
    return supplyV * Math.min(coilMa, (supplyV / coilOhm) * MS_PER_S);
  }

  /** What `ns` nanoseconds of emission take, millijoules. */
  emissionMj(ns: number): number {
    return (this.emissionMw * ns) / 1e9;
  }

  /** Takes `mj` out; false where that much was not there. */
  drain(mj: number): boolean {
    this.#chargeMj -= mj;
    if (this.#chargeMj >= 0) return true;
    this.#chargeMj = 0;
    return false;
  }

  /** Takes out what idling has cost until `nowNs`. */
  settle(nowNs: number): void {
    this.drain((this.options.idleMw * Math.max(0, nowNs - this.#settledNs)) / 1e9);
    this.#settledNs = nowNs;
  }

  /** The machine's clock starts at zero again. */
  rewind(): void {
    this.#settledNs = 0;
  }

  sustains(ms: number): boolean {
    const spare = this.#chargeMj - this.options.reserve * this.options.capacityMj;
    return ms >= 0 && spare >= this.emissionMj(ms * 1e6);
  }
}

export function batteryPort(battery: Battery, nowNs: () => number) {
  return {
    percent(): number {
      battery.settle(nowNs());
      return battery.percent;
    },
    sustains(ms: number): number {
      battery.settle(nowNs());
      return battery.sustains(ms) ? 1 : 0;
    },
  };
}
