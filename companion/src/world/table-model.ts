// What is known of the table, as signals.

import { type Signal, signal } from "@preact/signals";
import type { HeardSwipe, SeenEmission, TableFacts, TableView, TillAnswer } from "./events.js";
import type { WorldClient } from "./world-client.js";

/** Swipes that are kept, for their energy. */
const EMISSIONS_MAX = 50;

export class TableModel {
  readonly view: Signal<TableView>;
  /** The last swipe that the till's head heard, and what the till says of it. */
  readonly heard: Signal<HeardSwipe | undefined> = signal(undefined);
  readonly answer: Signal<TillAnswer | undefined> = signal(undefined);
  /** What the coil played since this page was loaded, the newest last. */
  readonly emissions: Signal<readonly SeenEmission[]> = signal([]);
  readonly pairingCode: string;
  readonly client: WorldClient;
  readonly #listeners = new Set<(answer: TillAnswer) => void>();

  constructor(client: WorldClient, { table, pairingCode }: TableFacts) {
    this.client = client;
    this.view = signal(table);
    this.pairingCode = pairingCode;
  }

  /** Hears each answer of the till from now on. Returns how to stop. */
  onAnswer(listener: (answer: TillAnswer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  follow(signal: AbortSignal): Promise<void> {
    return this.client.follow((event) => {
      if (event.kind === "table") {
        const { kind: _, ...view } = event;
        this.view.value = view;
      } else if (event.kind === "heard") {
        this.heard.value = event;
        this.answer.value = undefined;
      } else if (event.kind === "emission") {
        const { kind: _, ...seen } = event;
        // Edges of the newest one alone: they are many.
        const before = this.emissions.value.map(({ edgesNs: __, ...one }) => one);
        this.emissions.value = [...before, seen].slice(-EMISSIONS_MAX);
      } else {
        this.answer.value = event.answer;
        for (const listener of this.#listeners) listener(event.answer);
      }
    }, signal);
  }
}
