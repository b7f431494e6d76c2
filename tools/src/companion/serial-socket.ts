// The serial line of the table's card on a WebSocket: octets both ways, as a cable between its pads and a computer has them, at the pace of 115,200 baud. One page
// at a time; an empty message says that the line is the page's.

import { setTimeout as pause } from "node:timers/promises";
import type { WebSocket } from "ws";

/** The card's end of the cable. */
export interface SerialEnd {
  /** @returns what the card says to these octets */
  hear(octets: Uint8Array): Uint8Array;
}

/** 8N1: ten bits an octet. */
const OCTETS_A_MS = 115_200 / 10 / 1000;
/** Octets of a page that wait for their turn, at most: a loader allows two packets under way. Who has more to say is no flasher. */
const WAITING_MAX = 65_536;
const EMPTY = new Uint8Array(0);

export class SerialSocket {
  readonly #end: SerialEnd;
  #socket: WebSocket | undefined;

  constructor(end: SerialEnd) {
    this.#end = end;
  }

  /** A page asks for the line: it is closed where another one has it. */
  serve(socket: WebSocket): void {
    socket.on("error", () => undefined); // "close" follows
    if (this.#socket !== undefined) {
      socket.close();
      return;
    }
    this.#socket = socket;
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    let waiting = 0;
    let turn: Promise<void> = Promise.resolve();
    socket.on("message", (data, isBinary) => {
      const octets = isBinary && Buffer.isBuffer(data) ? Uint8Array.from(data) : undefined;
      waiting += octets?.length ?? 0;
      if (octets === undefined || waiting > WAITING_MAX) {
        socket.terminate();
        return;
      }
      turn = turn.then(async () => {
        await pause(octets.length / OCTETS_A_MS);
        waiting -= octets.length;
        if (this.#socket !== socket) return;
        const said = this.#end.hear(octets);
        if (said.length > 0) socket.send(said, () => undefined);
      });
    });
    socket.send(EMPTY, () => undefined);
  }

  /** The cable is pulled out: whoever has the line loses it. */
  unplug(): void {
    this.#socket?.terminate();
    this.#socket = undefined;
  }
}
