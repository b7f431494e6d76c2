// A card's log as it comes over its serial line: kept up to a bound, paused for whoever reads. Records say what happened to the machine; no key, track or
// account number has a place in one (wire/card-log.ts).

import { type CardLogRecord, followLog, LogMemory } from "@enabling-card/sdk";
import { LineKind, LOG_RECORDS } from "@enabling-card/wire";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Fault, faultOf } from "./fault.js";
import type { Lines, LineWay } from "./ways.js";

/** A record, or how many were lost before the next one. */
export type LogLine =
  | ({ readonly kind: "record"; readonly id: number } & CardLogRecord)
  | { readonly kind: "lost"; readonly id: number; readonly count: number };

/** Lines that are kept, the newest. */
export const LINES_MAX = 1_000;

export class LogBook {
  readonly #lines: Lines;
  readonly #kept: Signal<readonly LogLine[]> = signal([]);
  readonly #following: Signal<LineWay | undefined> = signal(undefined);
  /** Nothing was heard yet since it is followed. */
  readonly isSilent: Signal<boolean> = signal(true);
  readonly problem: Signal<Fault | undefined> = signal(undefined);
  /** Up to which line is shown; all of them where it is undefined. */
  readonly pausedAt: Signal<number | undefined> = signal(undefined);
  #abort: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #memory = new LogMemory();
  #last: number | undefined;
  #id = 0;

  constructor(lines: Lines) {
    this.#lines = lines;
  }

  get kept(): ReadonlySignal<readonly LogLine[]> {
    return this.#kept;
  }

  /** By which line it is followed; undefined where it is not. */
  get following(): ReadonlySignal<LineWay | undefined> {
    return this.#following;
  }

  /** Follows the log until `stop`, or the line is gone. */
  async follow(way: LineWay): Promise<void> {
    if (this.#following.value !== undefined) return;
    this.problem.value = undefined;
    try {
      const line = await this.#lines.take(way);
      const abort = new AbortController();
      this.#abort = abort;
      this.#following.value = way;
      this.isSilent.value = true;
      const unhear = line.onClose(() => abort.abort());
      this.#running = followLog(line, {
        ...{ signal: abort.signal, memory: this.#memory },
        onRecord: (record) => this.#heard(record),
        onFrame: (kind) => {
          if (kind === LineKind.Log) this.isSilent.value = false;
        },
      })
        .then(() => undefined)
        .catch((error: unknown) => {
          this.problem.value = faultOf(error);
        })
        .finally(() => {
          unhear();
          if (this.#abort === abort) this.#following.value = undefined;
        });
    } catch (error) {
      this.problem.value = faultOf(error);
    }
  }

  /** Stops, and leaves the line to whoever flashes. @returns by which line it was followed */
  async rest(): Promise<LineWay | undefined> {
    const way = this.#following.value;
    this.#abort?.abort();
    await this.#running;
    return way;
  }

  /** The card was started again meanwhile: all that it has is new. */
  startedAnew(): void {
    this.#memory = new LogMemory();
    this.#last = undefined;
  }

  async stop(): Promise<void> {
    await this.rest();
    await this.#lines.close();
  }

  pause(): void {
    this.pausedAt.value = this.#id;
  }

  goOn(): void {
    this.pausedAt.value = undefined;
  }

  clear(): void {
    this.#kept.value = [];
    this.goOn();
  }

  #heard(record: CardLogRecord): void {
    const lost = record.number - (this.#last ?? record.number - 1) - 1;
    this.#last = record.number;
    const more: LogLine[] = lost > 0 ? [{ kind: "lost", id: ++this.#id, count: lost }] : [];
    more.push({ kind: "record", id: ++this.#id, ...record });
    this.#kept.value = [...this.#kept.value, ...more].slice(-LINES_MAX);
  }
}

/** A line as `ecard logs` writes it: seconds since the card's start. */
export function logText(line: LogLine): string {
  if (line.kind === "lost") return `${line.count} records were lost: the card keeps its last ${LOG_RECORDS}`;
  const { ms, level, event, detail } = line;
  return `${(ms / 1000).toFixed(3).padStart(10)} ${level.padEnd(8)} ${event.padEnd(10)} ${detail}`.trimEnd();
}
