// What happened in the card, for people and tests: names, sizes and times. Never keys, contents of mail, or track data.

import type { ModuleName } from "./modules.js";

export type TraceEvent = { readonly atNs: number } & (
  | { readonly kind: "start" }
  | { readonly kind: "power-lost" }
  | { readonly kind: "update" }
  | { readonly kind: "line"; readonly up: boolean }
  | { readonly kind: "chunk"; readonly direction: "to-card" | "to-phone"; readonly length: number }
  | {
      readonly kind: "mail";
      readonly from: ModuleName | "machine" | "loader";
      readonly to: ModuleName | "machine" | "loader";
      readonly name: string;
      readonly length: number;
    }
  | { readonly kind: "courier"; readonly name: string; readonly delivered: number }
  | { readonly kind: "mail-dropped"; readonly to: ModuleName | "machine" | "loader"; readonly name: string }
  | { readonly kind: "vault-write"; readonly item: string; readonly length: number }
  | { readonly kind: "flash-write"; readonly record: string; readonly length: number }
  | {
      readonly kind: "pass";
      readonly emission: number;
      readonly edges: number;
      readonly durationNs: number;
      readonly complete: boolean;
    }
  | { readonly kind: "head-contact"; readonly noticed: boolean }
  | { readonly kind: "button"; readonly pressed: boolean }
  | { readonly kind: "indicator"; readonly name: string }
  | { readonly kind: "trap"; readonly module: ModuleName; readonly message: string }
  | { readonly kind: "violation"; readonly message: string }
);

type Untimed<T> = T extends unknown ? Omit<T, "atNs"> : never;

/** Longest log kept; the oldest go first. */
const LOG_MAX = 10_000;

export class Trace {
  readonly #nowNs: () => number;
  readonly #listeners = new Set<(event: TraceEvent) => void>();
  #events: TraceEvent[] = [];

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  get events(): readonly TraceEvent[] {
    return this.#events;
  }

  clear(): void {
    this.#events = [];
  }

  /** Hears of everything from now on. Returns how to stop. */
  subscribe(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(event: Untimed<TraceEvent>): void {
    const timed = { atNs: this.#nowNs(), ...event } as TraceEvent;
    if (this.#events.length >= LOG_MAX) this.#events.splice(0, LOG_MAX / 2);
    this.#events.push(timed);
    for (const listener of this.#listeners) listener(timed);
  }
}
