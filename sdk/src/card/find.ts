// Finding a card and linking up with it: the first in reach, or one's own by its identifier. What it advertises proves nothing: anybody may say it again.

import { sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import type { Pairing } from "../pairing/pairing-store.js";
import { recognises } from "../session/names.js";
import { follow } from "../time-limit.js";
import type { CardLink, CardTransport, DiscoveredCard } from "../transport/card-link.js";

export interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to look, and then how long connecting may take, ms; 10 s each unless told. */
  readonly timeoutMs?: number | undefined;
}

const FIND_MS = 10_000;
/** How long others are listened for where one card failed, ms: a card on the air is heard several times a second. */
export const LOOK_MS = 1_000;
/** What a transport that was told to end has for that, ms. */
const END_MS = 100;

/** Does this card's advertisement say that it is paired so? */
export function isOwn(pairings: readonly Pairing[]): (card: DiscoveredCard) => boolean {
  return ({ identifier }) =>
    identifier !== undefined && pairings.some((one) => recognises(one.identifierKey, identifier));
}

export interface Search extends FindOptions {
  /** Which of the cards found will do. */
  readonly wanted: (card: DiscoveredCard) => boolean;
  /** Ids that will not do. */
  readonly not: ReadonlySet<string>;
  /** Ids that are taken only where no other card is heard for a while. */
  readonly rather: ReadonlySet<string>;
}

/** @throws {CardError} `CARD_NOT_FOUND`, `LINK_TIMEOUT`, `ABORTED`, and what the transport says */
export async function find(transport: CardTransport, search: Search): Promise<DiscoveredCard> {
  const { wanted, not, rather, signal, timeoutMs = FIND_MS } = search;
  throwIfAborted(signal);
  const over = new AbortController();
  const time = setTimeout(() => over.abort(), timeoutMs);
  let settle: ReturnType<typeof setTimeout> | undefined;
  const unfollow = follow(over, signal);
  const cards = transport.discover(over.signal)[Symbol.asyncIterator]();
  let spare: DiscoveredCard | undefined;
  const look = async (): Promise<DiscoveredCard | undefined> => {
    for (;;) {
      const { done, value } = await cards.next();
      if (done || over.signal.aborted) return spare;
      if (transport.hidesIdentifiers) return value; // the handshake tells whose it is
      if (!wanted(value) || not.has(value.id)) continue;
      if (!rather.has(value.id)) return value;
      spare ??= value;
      settle ??= setTimeout(() => over.abort(), Math.min(LOOK_MS, timeoutMs / 4));
    }
  };
  try {
    const found = await within(look(), timeoutMs + END_MS, signal);
    throwIfAborted(signal);
    if (found === undefined) throw sdkError("CARD_NOT_FOUND");
    return found;
  } finally {
    clearTimeout(time);
    clearTimeout(settle);
    unfollow();
    over.abort();
    void cards.return?.().catch(() => undefined); // one that hangs is not waited for
  }
}

/** A link in time; one that comes too late is closed. */
export async function dial(
  transport: CardTransport,
  id: string,
  { signal, timeoutMs = FIND_MS }: FindOptions,
): Promise<CardLink> {
  throwIfAborted(signal);
  const over = new AbortController();
  const unfollow = follow(over, signal);
  const connecting = transport.connect(id, { signal: over.signal });
  try {
    return await within(connecting, timeoutMs, signal);
  } catch (error) {
    over.abort(error);
    connecting.then((late) => late.close()).catch(() => undefined);
    throw error;
  } finally {
    unfollow();
  }
}
