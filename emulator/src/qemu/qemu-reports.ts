// What the image's two serial lines carry (firmware/mcu/ports/line.c, runtime/bench.c), by number, and what its bench reports.

/** What came of a call of the crypto port. */
export interface QemuTrial {
  readonly trapped: boolean;
  readonly status: number;
  /** Of the board's timer, 25 MHz; with `icount` 40 instructions each. */
  readonly ticks: number;
  readonly memory: Uint8Array;
}

/** What the image has done since power-on. */
export interface QemuCounts {
  /** Of the board's timer, awake: with `icount` 40 instructions each. */
  readonly awakeTicks: number;
  /** Of these, until a pass began, the first one since counts were asked for; 0 where none did. */
  readonly firstEdgeTicks: number;
  /** Octets of the stack that were used, at most, and that there are. */
  readonly stackUsed: number;
  readonly stackSize: number;
}

/** A step by which the coil's current goes back after a pass. */
export interface QemuRampStep {
  /** Of the board's timer, from the last edge. */
  readonly ticks: number;
  /** What drives the coil: +-20 is all there is. */
  readonly level: number;
}

export const enum Order {
  Button = 1,
  Head = 2,
  Crypto = 3,
  Counts = 4,
  Trap = 5,
  Ramp = 6,
  Deep = 7,
}
export const enum Report {
  Ready = 1,
  Indicator = 2,
  Trap = 3,
  Pass = 4,
  Crypto = 5,
  Counts = 6,
  Ramp = 7,
}

const viewOf = (octets: Uint8Array): DataView => new DataView(octets.buffer, octets.byteOffset, octets.length);

export function trialOf(octets: Uint8Array): Omit<QemuTrial, "memory"> {
  const view = viewOf(octets);
  return {
    trapped: octets[0] === 1,
    status: view.getUint32(1, true),
    ticks: view.getUint32(5, true),
  };
}

const CRYPTO_ARGUMENTS = 6;

/** An order to try the crypto port: operation u8, six arguments u32, octets of memory u32. */
export function cryptoOrder(operation: number, args: readonly number[], size: number): Uint8Array {
  const order = new Uint8Array(1 + 4 * CRYPTO_ARGUMENTS + 4);
  order[0] = operation;
  for (const [i, value] of args.entries()) viewOf(order).setUint32(1 + 4 * i, value, true);
  viewOf(order).setUint32(1 + 4 * CRYPTO_ARGUMENTS, size, true);
  return order;
}

export function rampOf(octets: Uint8Array): readonly QemuRampStep[] {
  const view = viewOf(octets);
  return Array.from({ length: octets.length / 8 }, (_, i) => ({
    ticks: view.getUint32(8 * i, true),
    level: view.getInt32(8 * i + 4, true),
  }));
}

export function countsOf(octets: Uint8Array): QemuCounts {
  const view = viewOf(octets);
  return {
    awakeTicks: Number(view.getBigUint64(0, true)),
    firstEdgeTicks: Number(view.getBigUint64(8, true)),
    stackUsed: view.getUint32(16, true),
    stackSize: view.getUint32(20, true),
  };
}
