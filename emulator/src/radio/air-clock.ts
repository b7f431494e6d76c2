// Time on the air, in microseconds: `real` follows the wall clock, `virtual` moves when told, `free` is virtual and runs to the next thing that is
// due whenever this process has nothing else to do, as fast as it can.

import { type Due, NS_PER_MS, Timeline } from "../ports/clock.js";

export type AirTime = "real" | "virtual" | "free";

const NS_PER_US = 1_000;

export class AirClock {
  readonly #kind: AirTime;
  readonly #timeline = new Timeline();
  readonly #originMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #soon: ReturnType<typeof setImmediate> | undefined;
  #running = false;

  constructor(kind: AirTime) {
    this.#kind = kind;
  }

  get nowUs(): number {
    if (this.#kind === "real" && !this.#running) this.#timeline.moveTo(this.#wallNs());
    return this.#timeline.nowNs / NS_PER_US;
  }

  schedule(atUs: number, fire: () => void): Due {
    const due = this.#timeline.schedule(atUs * NS_PER_US, fire);
    this.#wait();
    return due;
  }

  cancel(due: Due | undefined): void {
    this.#timeline.cancel(due);
  }

  /** Virtual time moves on; all that is due on the way happens at its time. */
  advance(ms: number): void {
    const until = this.#timeline.nowNs + ms * NS_PER_MS;
    this.#run(until);
    this.#timeline.moveTo(until);
  }

  /** Nothing is due any more. */
  close(): void {
    this.#timeline.restart();
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
  }

  #wallNs(): number {
    return (performance.now() - this.#originMs) * NS_PER_MS;
  }

  #run(untilNs: number): void {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let due = this.#timeline.take(untilNs); due !== undefined; due = this.#timeline.take(untilNs)) due.fire();
    } finally {
      this.#running = false;
    }
  }

  #wait(): void {
    if (this.#running || this.#kind === "virtual") return;
    const next = this.#timeline.nextNs();
    if (next === undefined) return;
    if (this.#kind === "free") {
      this.#soon ??= setImmediate(() => {
        this.#soon = undefined;
        this.#run(this.#timeline.nextNs() ?? 0);
        this.#wait();
      });
      return;
    }
    clearTimeout(this.#timer);
    const ms = Math.max(0, (next - this.#wallNs()) / NS_PER_MS);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run(this.#wallNs());
      this.#wait();
    }, ms);
  }
}
