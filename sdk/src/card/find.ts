// Finding a card and linking up with it: the first in reach, one by its transport's name, or one's own by its identifier.

import { sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import type { Pairing } from "../pairing/pairing-store.js";
import { recognises } from "../session/names.js";
import type { CardLink, CardTransport, DiscoveredCard } from "../transport/card-link.js";

/** A way to a card: a link that is up, or a transport and perhaps the card's name on it. */
export type CardTarget = CardLink | CardTransport | { readonly transport: CardTransport; readonly id: string };

export interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to look, and then how long connecting may take, ms; 10 s each unless told. */
  readonly timeoutMs?: number | undefined;
}

const FIND_MS = 10_000;
/** What a transport that was told to end has for that, ms. */
const END_MS = 100;

/** How to get a link to the card, again and again; only once where a link was given. */
export interface Way {
  readonly again: boolean;
  link(options: FindOptions): Promise<CardLink>;
}

/**
 * @param wanted - Which of the cards found will do; any unless told.
 * @throws {CardError} from `link`: `CARD_NOT_FOUND`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
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
    return { again: true, link: (options) => dial(target.transport, target.id, options) };
  }
  return {
    again: true,
    async link(options) {
      const { id } = await find(target, wanted, options);
      return dial(target, id, options);
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
  const over = new AbortController();
  const time = setTimeout(() => over.abort(), timeoutMs);
  const cards = transport.discover(eitherOf(signal, over.signal))[Symbol.asyncIterator]();
  const look = async (): Promise<DiscoveredCard | undefined> => {
    for (;;) {
      const { done, value } = await cards.next();
      if (done || over.signal.aborted) return undefined;
      if (transport.hidesIdentifiers || wanted(value)) return value; // the handshake tells whose it is
    }
  };
  try {
    const found = await within(look(), timeoutMs + END_MS, signal);
    throwIfAborted(signal);
    if (found === undefined) throw sdkError("CARD_NOT_FOUND");
    return found;
  } finally {
    clearTimeout(time);
    over.abort();
    void cards.return?.().catch(() => undefined); // one that hangs is not waited for
  }
}

/** A link in time; one that comes too late is closed. */
async function dial(
  transport: CardTransport,
  id: string,
  { signal, timeoutMs = FIND_MS }: FindOptions,
): Promise<CardLink> {
  throwIfAborted(signal);
  const over = new AbortController();
  const connecting = transport.connect(id, { signal: eitherOf(signal, over.signal) });
  try {
    return await within(connecting, timeoutMs, signal);
  } catch (error) {
    over.abort(error);
    connecting.then((late) => late.close()).catch(() => undefined);
    throw error;
  }
}

function eitherOf(signal: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return signal ? AbortSignal.any([signal, other]) : other;
}
