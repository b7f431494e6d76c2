// Port clock, and the machine's time: what is due when, in nanoseconds since the machine started. Contract: firmware/ports/clock.ts.
// Times are doubles: whole nanoseconds are exact for 104 days.

export const NS_PER_MS = 1_000_000;

export interface Due {
  readonly atNs: number;
  readonly fire: () => void;
  /** True where the virtual clock may go there by itself: the coil's end, a pretended press. */
  readonly auto: boolean;
}

/** What is to happen, by time; at one time, in the order it was asked for. */
export class Timeline {
  #nowNs = 0;
  readonly #due: Due[] = [];

  get nowNs(): number {
    return this.#nowNs;
  }

  schedule(atNs: number, fire: () => void, auto = false): Due {
    const due = { atNs, fire, auto };
    const after = this.#due.findIndex((other) => other.atNs > atNs);
    this.#due.splice(after < 0 ? this.#due.length : after, 0, due);
    return due;
  }

  cancel(due: Due | undefined): void {
    const at = due === undefined ? -1 : this.#due.indexOf(due);
    if (at >= 0) this.#due.splice(at, 1);
  }

  /** When the next thing is due; undefined where nothing is. */
  nextNs(): number | undefined {
    return this.#due[0]?.atNs;
  }

  /** When the next thing is due to which the clock may go by itself. */
  nextAutoNs(): number | undefined {
    return this.#due.find((due) => due.auto)?.atNs;
  }

  /** Takes the first thing due by `untilNs`, the clock set to its time. */
  take(untilNs: number): Due | undefined {
    const due = this.#due[0];
    if (due === undefined || due.atNs > untilNs) return undefined;
    this.#due.shift();
    this.#nowNs = Math.max(this.#nowNs, due.atNs);
    return due;
  }

  /** The power comes back: nothing is due, time begins again. */
  restart(): void {
    this.#due.length = 0;
    this.#nowNs = 0;
  }

  moveTo(ns: number): void {
    this.#nowNs = Math.max(this.#nowNs, ns);
  }
}

/** One module's alarm. */
export class Alarm {
  readonly #timeline: Timeline;
  readonly #ring: () => void;
  #due: Due | undefined;

  constructor(timeline: Timeline, ring: () => void) {
    this.#timeline = timeline;
    this.#ring = ring;
  }

  /** When it rings; undefined where it is not set. */
  get atNs(): number | undefined {
    return this.#due?.atNs;
  }

  cancel(): void {
    this.#timeline.cancel(this.#due);
    this.#due = undefined;
  }

  port() {
    return {
      now: (): bigint => BigInt(Math.floor(this.#timeline.nowNs / NS_PER_MS)),
      wakeAt: (ms: bigint): void => {
        this.cancel();
        const at = BigInt.asUintN(64, ms);
        // Later than a double counts nanoseconds is never.
        if (at === 0n || at > BigInt(Math.floor(Number.MAX_SAFE_INTEGER / NS_PER_MS))) return;
        this.#due = this.#timeline.schedule(Math.max(Number(at) * NS_PER_MS, this.#timeline.nowNs), () => {
          this.#due = undefined;
          this.#ring();
        });
      },
    };
  }
}
