// What a way to the card must give: bytes only. Framing, queueing and encryption live above it; one adapter a platform.

import type { CardError } from "../errors.js";

/** One connected card. */
export interface CardLink {
  /** The transport's name for the card; says nothing to another transport. */
  readonly id: string;
  /** Longest chunk `write` takes, octets: ATT MTU - 3. Where the platform hides the MTU 20, and more once the card's chunks have shown a larger one. */
  readonly maxWrite: number;
  /** A write without response waits until there is room for it: it is never dropped. */
  readonly holdsBack?: boolean;
  /**
   * Resolves when the stack has taken the chunk; with `response`, when the card has. Chunks arrive in the order of the calls.
   *
   * @throws {CardError} `LINK_LOST` once the link is gone, `ABORTED` where `signal` fired before the chunk was given away.
   */
  write(chunk: Uint8Array, options: { readonly response: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** Chunks of the card from now on; they are the listener's to keep. Resolves, once they will come, to how to stop. */
  subscribe(listener: (chunk: Uint8Array) => void): Promise<() => void>;
  /** Called once when the link goes, whoever ended it; at once where it has gone. Returns how to stop. */
  onDisconnect(listener: (reason: CardError) => void): () => void;
  close(): Promise<void>;
}

/** A card in reach. */
export interface DiscoveredCard {
  readonly id: string;
  readonly name?: string;
  /** dBm, where the platform tells. */
  readonly rssi?: number;
  /** 16 octets that the card's owner recognises; none before pairing. */
  readonly identifier?: Uint8Array;
}

export interface CardTransport {
  /** The platform does not tell what cards advertise, so that none is recognised before it is connected to: whoever looks for one takes what is found. */
  readonly hidesIdentifiers?: boolean;
  /** Cards as they are found, each again where what it advertises changed; ends with `signal`. */
  discover(signal?: AbortSignal): AsyncIterable<DiscoveredCard>;
  /** @throws {CardError} `CARD_NOT_FOUND`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`; `BLUETOOTH_…` where the phone is in the way */
  connect(id: string, options?: { readonly signal?: AbortSignal }): Promise<CardLink>;
  /**
   * The same, to the card's loader: its chunks are octets of SMP, for `gattCarrier`. Absent where there is no GATT.
   *
   * @throws {CardError} as `connect`
   */
  connectLoader?(id: string, options?: { readonly signal?: AbortSignal }): Promise<CardLink>;
}
