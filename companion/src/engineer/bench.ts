// What an engineer has on the page, which stays where another page is opened meanwhile: the image, the flashing, the log.

import { type Signal, signal } from "@preact/signals";
import { Flashing } from "./flashing.js";
import type { ChosenImage } from "./image-file.js";
import { LogBook } from "./log-book.js";
import { Lines, lacking, type Way } from "./ways.js";

export class Bench {
  readonly image: Signal<ChosenImage | undefined> = signal(undefined);
  readonly way: Signal<Way>;
  readonly log: LogBook;
  readonly flashing: Flashing;

  /**
   * @param table - The table's serial line, where there is a table
   * @param until - Another tab has the card: all lines are let go
   */
  constructor(table: { readonly url: string; readonly token: string } | undefined, until: AbortSignal) {
    const lines = new Lines(table);
    this.way = signal(table !== undefined ? "table" : lacking("port") === undefined ? "port" : "air");
    this.log = new LogBook(lines);
    this.flashing = new Flashing(lines, this.log);
    until.addEventListener("abort", () => {
      this.flashing.cancel();
      void this.log.stop();
    });
  }
}
