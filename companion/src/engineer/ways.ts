// How this page comes to a card's loader and log: the table's serial line, a serial port of this computer, or Bluetooth. One line is open at a time, and
// flashing and the log share it.

import { type UpdateLine, type WebSerialPort, webSerialLine } from "@enabling-card/sdk";
import { tableLine } from "./table-line.js";

export type Way = "table" | "port" | "air";
export type LineWay = Exclude<Way, "air">;

interface EngineersNavigator {
  readonly serial?: { requestPort(): Promise<WebSerialPort> };
  readonly bluetooth?: unknown;
}

const { serial, bluetooth } = navigator as EngineersNavigator;

/** What is said where a browser lacks a way, with what to use in its place. */
const MISSING = {
  port: "This browser has no serial ports for pages: use Chrome, Edge or Opera on a computer, or ecard flash IMAGE --port PATH.",
  air: "This browser has no Web Bluetooth for this page: use Chrome, Edge or Opera, over https or on this computer, or ecard flash IMAGE --device ble.",
} as const;

/** Why a way is not to be had here; undefined where it is. */
export function lacking(way: Way): string | undefined {
  if (way === "port" && serial === undefined) return MISSING.port;
  if (way === "air" && bluetooth === undefined) return MISSING.air;
  return undefined;
}

export class Lines {
  readonly #table: { readonly url: string; readonly token: string } | undefined;
  #open: { readonly way: LineWay; readonly line: UpdateLine } | undefined;

  /** @param table - Where its serial line is, and what lets a page in */
  constructor(table: { readonly url: string; readonly token: string } | undefined) {
    this.#table = table;
  }

  /**
   * The line that is open already, or a new one; of a port the browser asks its user, from a click alone.
   *
   * @throws {CardError} `CARD_NOT_FOUND`; a DOMException where the user chose no port
   */
  async take(way: LineWay): Promise<UpdateLine> {
    if (this.#open?.way === way) return this.#open.line;
    await this.close();
    const line =
      way === "port"
        ? await webSerialLine(await serial!.requestPort())
        : await tableLine(this.#table!.url, this.#table!.token);
    this.#open = { way, line };
    line.onClose(() => {
      if (this.#open?.line === line) this.#open = undefined;
    });
    return line;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.line.close();
  }
}
