// A twin card that is paired with a phone: where most tests begin.

import {
  Card,
  type CardLink,
  type CardTransport,
  type CountingLink,
  countingLink,
  MemoryPairingStore,
  memoryTransport,
} from "../src/index.js";
import { TwinCard } from "./twin-card.js";

export const BUNDLE = {
  sealed: new Uint8Array(300).fill(1),
  issuerCert: new Uint8Array(200).fill(2),
  receipt: new Uint8Array(900).fill(3),
  consistency: null,
};

export async function paired(options: { readonly mtu?: number; readonly timeoutMs?: number } = {}) {
  const twin = new TwinCard();
  const store = new MemoryPairingStore();
  const links: CountingLink[] = [];
  const air = memoryTransport([twin], options.mtu === undefined ? {} : { mtu: options.mtu });
  const transport: CardTransport = {
    discover: (signal) => air.discover(signal),
    async connect(id, connectOptions): Promise<CardLink> {
      const link = countingLink(await air.connect(id, connectOptions));
      links.push(link);
      return link;
    },
  };
  const timeoutMs = options.timeoutMs ?? 500;
  const card = await Card.pair(transport, twin.pairingCode, {
    phoneName: "Ada's phone",
    makerRoot: twin.makerRoot,
    store,
    timeoutMs,
  });
  return { twin, store, transport, links, card, timeoutMs };
}

/** The promise settles one way or the other within a few turns of the event loop. */
export const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
