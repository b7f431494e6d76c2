// What happened to an emulated card, as the records that a card on a microcontroller keeps in its RAM: wire/card-log.ts. Twin: firmware/mcu/runtime/log.c.

import { LOG_RECORD_SIZE, LOG_RECORDS, LogEvent } from "@enabling-card/wire";
import type { EmulatedCard } from "../card.js";
import { MODULES } from "../modules.js";
import { NS_PER_MS } from "../ports/clock.js";
import type { TraceEvent } from "../trace.js";

const U16_MAX = 0xffff;

export class LogRecords {
  readonly #card: EmulatedCard;
  #records: Uint8Array[] = [];
  #made = 0;

  /** Of what happens from now on; a card that runs already begins with its start. */
  constructor(card: EmulatedCard) {
    this.#card = card;
    if (card.on) this.#begin();
    card.trace.subscribe((event) => this.#seen(event));
  }

  /** The last ones since the card's start, the oldest first, one behind the other. */
  octets(): Uint8Array {
    const all = new Uint8Array(this.#records.length * LOG_RECORD_SIZE);
    for (const [i, record] of this.#records.entries()) all.set(record, i * LOG_RECORD_SIZE);
    return all;
  }

  #seen(event: TraceEvent): void {
    const { atNs } = event;
    if (event.kind === "start") this.#begin();
    else if (event.kind === "trap") this.#add(atNs, LogEvent.Trapped, MODULES[event.module].id);
    else if (event.kind === "line" && event.up) this.#add(atNs, LogEvent.LineUp, this.#card.lineChunk);
    else if (event.kind === "line") this.#add(atNs, LogEvent.LineDown, 0);
    else if (event.kind === "pass") this.#add(atNs, LogEvent.Played, this.#card.battery.percent);
    else if (event.kind === "update") this.#add(atNs, LogEvent.Updating, 0);
  }

  #begin(): void {
    this.#records = [];
    this.#made = 0;
    this.#add(0, LogEvent.Started, this.#card.startReason);
  }

  #add(atNs: number, event: LogEvent, detail: number): void {
    const record = new Uint8Array(LOG_RECORD_SIZE);
    const view = new DataView(record.buffer);
    view.setUint32(0, Math.floor(atNs / NS_PER_MS), true);
    view.setUint32(4, ++this.#made, true);
    view.setUint8(8, event);
    view.setUint16(10, Math.min(detail, U16_MAX), true);
    this.#records = [...this.#records, record].slice(-LOG_RECORDS);
  }
}
