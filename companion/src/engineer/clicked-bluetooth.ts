// Bluetooth for flashing in a page. A card has another address after each start, and a browser lets a page have it by a click of its user alone: where the flasher
// looks for the card again the page asks for that click, and the flasher waits.

import type { CardLink, CardTransport, DiscoveredCard, WebBluetoothTransport } from "@enabling-card/sdk";
import { type Signal, signal } from "@preact/signals";

export class ClickedBluetooth implements CardTransport {
  readonly hidesIdentifiers = true;
  /** The flasher waits for `choose`. */
  readonly isAsking: Signal<boolean> = signal(false);
  readonly #transport: WebBluetoothTransport;
  /** A card was chosen, and not connected to since. */
  #isChosen = false;
  #chosen: () => void = () => undefined;

  constructor(transport: WebBluetoothTransport) {
    this.#transport = transport;
  }

  /** From a click. @throws {CardError} as `WebBluetoothTransport.choose` */
  async choose(signal?: AbortSignal): Promise<void> {
    await this.#transport.choose(signal);
    this.#isChosen = true;
    this.isAsking.value = false;
    this.#chosen();
  }

  async *discover(signal?: AbortSignal): AsyncGenerator<DiscoveredCard> {
    if (!this.#isChosen) await this.#click(signal);
    if (this.#isChosen && signal?.aborted !== true) yield* this.#transport.discover(signal);
  }

  connect(id: string, options?: { readonly signal?: AbortSignal }): Promise<CardLink> {
    return this.#transport.connect(id, options);
  }

  async connectLoader(id: string, options?: { readonly signal?: AbortSignal }): Promise<CardLink> {
    // What was chosen is good for one connection.
    this.#isChosen = false;
    return this.#transport.connectLoader!(id, options);
  }

  /** Resolves with the click, or `signal`: the flasher looks again then, and the page goes on asking. */
  #click(signal: AbortSignal | undefined): Promise<void> {
    this.isAsking.value = true;
    return new Promise<void>((resolve) => {
      this.#chosen = resolve;
      signal?.addEventListener("abort", () => resolve(), { once: true });
      if (signal?.aborted === true) resolve();
    });
  }
}
