// Adapter for cards in the same process: any object of the shape `MemoryCard`, such as the emulator's. Structural: neither imports the other.

import { sdkError, throwIfAborted } from "../errors.js";
import type { CardLink, CardTransport, DiscoveredCard } from "./card-link.js";
import { LinkEnd } from "./link-end.js";

/** A line to a card in memory. */
export interface MemoryLine {
  readonly maxWrite: number;
  write(chunk: Uint8Array): Promise<void>;
  onChunk(listener: (chunk: Uint8Array) => void): () => void;
  onClose(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface MemoryCard {
  readonly id: string;
  /** 16 octets, or undefined before pairing. */
  advertised(): Uint8Array | undefined;
  connectLine(options?: { readonly mtu?: number }): MemoryLine;
}

export interface MemoryTransportOptions {
  /** ATT MTU of the lines, 23 to 517; 247 unless told. */
  readonly mtu?: number;
}

/** A transport whose air holds `cards`. */
export function memoryTransport(cards: readonly MemoryCard[], options: MemoryTransportOptions = {}): CardTransport {
  return {
    async *discover(signal) {
      for (const card of cards) {
        if (signal?.aborted) return;
        const identifier = card.advertised();
        const found: DiscoveredCard = { id: card.id, ...(identifier && { identifier }) };
        yield found;
      }
    },
    async connect(id, { signal } = {}) {
      throwIfAborted(signal);
      const card = cards.find((one) => one.id === id);
      if (card === undefined) throw sdkError("CARD_NOT_FOUND");
      try {
        return memoryLink(id, card.connectLine({ mtu: options.mtu ?? 247 }));
      } catch (cause) {
        throw sdkError("CARD_NOT_FOUND", undefined, { cause });
      }
    },
  };
}

/** The link over one line that is up. */
export function memoryLink(id: string, line: MemoryLine): CardLink {
  const end = new LinkEnd();
  line.onClose(() => end.end(sdkError("LINK_LOST")));
  return {
    id,
    maxWrite: line.maxWrite,
    async write(chunk, { signal }) {
      throwIfAborted(signal);
      if (end.reason !== undefined) throw end.reason;
      if (chunk.length > line.maxWrite)
        throw sdkError("ARGUMENT_INVALID", `a chunk has at most ${line.maxWrite} octets here`);
      try {
        await line.write(chunk);
      } catch (cause) {
        throw sdkError("LINK_LOST", undefined, { cause });
      }
    },
    async subscribe(listener) {
      return line.onChunk(listener);
    },
    onDisconnect: (listener) => end.listen(listener),
    async close() {
      end.end(sdkError("LINK_CLOSED"));
      await line.close();
    },
  };
}
