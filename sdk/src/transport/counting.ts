// A link that counts: chunks, octets and round trips, for benches and for the limits that the protocol promises.

import type { CardLink } from "./card-link.js";

export interface LinkCounts {
  readonly chunksToCard: number;
  readonly chunksToPhone: number;
  readonly octetsToCard: number;
  readonly octetsToPhone: number;
  /** Times the phone had written and then had to wait for the card: each is one latency of the link. */
  readonly roundTrips: number;
}

export interface CountingLink extends CardLink {
  readonly counts: LinkCounts;
  /** Starts at zero again. */
  resetCounts(): void;
}

/** Wraps `link`; everything goes through unchanged. */
export function countingLink(link: CardLink): CountingLink {
  const zero = { chunksToCard: 0, chunksToPhone: 0, octetsToCard: 0, octetsToPhone: 0, roundTrips: 0 };
  let counts = { ...zero };
  let waiting = false;
  return {
    id: link.id,
    get maxWrite() {
      return link.maxWrite;
    },
    get counts() {
      return { ...counts };
    },
    resetCounts() {
      counts = { ...zero };
      waiting = false;
    },
    async write(chunk, options) {
      counts.chunksToCard++;
      counts.octetsToCard += chunk.length;
      waiting = true;
      await link.write(chunk, options);
    },
    subscribe: (listener) =>
      link.subscribe((chunk) => {
        counts.chunksToPhone++;
        counts.octetsToPhone += chunk.length;
        if (waiting) counts.roundTrips++;
        waiting = false;
        listener(chunk);
      }),
    onDisconnect: (listener) => link.onDisconnect(listener),
    close: () => link.close(),
  };
}
