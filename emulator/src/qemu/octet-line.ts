// A card's serial line in octets, for whoever speaks to its loader.

/** Structural: the SDK's flasher takes any object of this shape. */
export interface OctetLine {
  write(octets: Uint8Array): Promise<void>;
  onOctets(listener: (octets: Uint8Array) => void): () => void;
  onClose(listener: () => void): () => void;
  close(): Promise<void>;
}

export class OctetEars {
  readonly #octets = new Set<(octets: Uint8Array) => void>();
  readonly #gone = new Set<() => void>();
  #hasEnded = false;

  line(write: (octets: Uint8Array) => Promise<void>): OctetLine {
    return {
      write,
      onOctets: (listener) => {
        this.#octets.add(listener);
        return () => this.#octets.delete(listener);
      },
      onClose: (listener) => {
        if (this.#hasEnded) queueMicrotask(listener);
        this.#gone.add(listener);
        return () => this.#gone.delete(listener);
      },
      close: async () => undefined,
    };
  }

  hear(octets: Uint8Array): void {
    for (const listener of this.#octets) listener(octets);
  }

  /** The line is gone: whoever listens hears it, once, and whoever comes to listen, too. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const listener of this.#gone) listener();
  }
}
