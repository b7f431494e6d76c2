// Finding a card and linking up with it: the first in reach, one by its transport's name, or one's own by its identifier.

import { sdkError, throwIfAborted } from "../errors.js";
import type { Pairing } from "../pairing/pairing-store.js";
import { recognises } from "../session/names.js";
import type { CardLink, CardTransport, DiscoveredCard } from "../transport/card-link.js";

/** A way to a card: a link that is up, or a transport and perhaps the card's name on it. */
export type CardTarget = CardLink | CardTransport | { readonly transport: CardTransport; readonly id: string };

export interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to look, ms; 10 s unless told. */
  readonly timeoutMs?: number | undefined;
}

const FIND_MS = 10_000;

/** How to get a link to the card, again and again; only once where a link was given. */
export interface Way {
  readonly again: boolean;
  link(options: FindOptions): Promise<CardLink>;
}

/**
 * @param wanted - Which of the cards found will do; any unless told.
 * @throws {CardError} from `link`: `CARD_NOT_FOUND`, `LINK_LOST`, `ABORTED`
 */
export function wayTo(target: CardTarget, wanted: (card: DiscoveredCard) => boolean = () => true): Way {
  if ("write" in target) {
    let used = false;
    return {
      again: false,
      async link() {
        if (used) throw sdkError("LINK_LOST");
        used = true;
        return target;
      },
    };
  }
  if ("transport" in target) {
    return { again: true, link: ({ signal }) => target.transport.connect(target.id, { ...(signal && { signal }) }) };
  }
  return {
    again: true,
    async link(options) {
      const { id } = await find(target, wanted, options);
      return target.connect(id, { ...(options.signal && { signal: options.signal }) });
    },
  };
}

/** Does this card's advertisement say that it is paired so? */
export function isOwn(pairings: readonly Pairing[]): (card: DiscoveredCard) => boolean {
  return ({ identifier }) =>
    identifier !== undefined && pairings.some((one) => recognises(one.identifierKey, identifier));
}

async function find(
  transport: CardTransport,
  wanted: (card: DiscoveredCard) => boolean,
  { signal, timeoutMs = FIND_MS }: FindOptions,
): Promise<DiscoveredCard> {
  throwIfAborted(signal);
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  for await (const card of transport.discover(either)) {
    if (wanted(card)) return card;
  }
  throwIfAborted(signal);
  throw sdkError("CARD_NOT_FOUND");
}
