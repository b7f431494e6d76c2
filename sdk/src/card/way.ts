// A way to a card, and the cards on it that may be one's own. Whoever repeats what a card advertises looks like it until the handshake: one that does
// not prove itself is left for the next, and what it said in clear is told only where no other proves itself.

import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { MessageLink } from "../link/message-link.js";
import { follow } from "../time-limit.js";
import type { CardLink, CardTransport, DiscoveredCard } from "../transport/card-link.js";
import { dial, type FindOptions, find, LOOK_MS } from "./find.js";

/** A way to a card: a link that is up, or a transport and perhaps the card's name on it. */
export type CardTarget = CardLink | CardTransport | { readonly transport: CardTransport; readonly id: string };

/** What is done over a link until the card has proved itself: `proved` is called then, and from there on it is the one. A failure closes the link. */
export type Use<T> = (link: MessageLink, signal: AbortSignal | undefined, proved: () => void) => Promise<T>;

export interface ReachOptions extends FindOptions {
  readonly timeoutMs: number;
  /** Cards that failed before in this call: others go first. Those that fail are added. */
  readonly failed: Set<string>;
}

/** How to get to the card, again and again; only once where a link was given. */
export interface Way {
  readonly again: boolean;
  reach<T>(use: Use<T>, options: ReachOptions): Promise<T>;
}

/** One that has not proved itself within this share of the time is left as soon as another is heard. */
const SHARE = 4;
/** Nothing of the card: the phone's own. */
const OWN = ["ABORTED", "ARGUMENT_INVALID", "BLUETOOTH_OFF", "BLUETOOTH_FORBIDDEN", "PAIRING_STORE_FAILED"];
/** Who calls goes on from here, or not: a lost link is looked for again. */
const LINK = ["LINK_LOST", "CARD_NOT_FOUND"];

/**
 * @param wanted - Which of the cards found will do; any unless told.
 * @throws {CardError} from `reach`: `CARD_NOT_FOUND`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`, and what `use` throws
 */
export function wayTo(target: CardTarget, wanted: (card: DiscoveredCard) => boolean = () => true): Way {
  if ("write" in target) {
    let used = false;
    return {
      again: false,
      async reach(use, options) {
        if (used) throw sdkError("LINK_LOST");
        used = true;
        return over(
          async () => target,
          use,
          options,
          () => undefined,
        );
      },
    };
  }
  if ("transport" in target) {
    const { transport, id } = target;
    return {
      again: true,
      reach: (use, options) =>
        over(
          (ways) => dial(transport, id, ways),
          use,
          options,
          () => undefined,
        ),
    };
  }
  return { again: true, reach: (use, options) => reachOne(target, wanted, use, options) };
}

/** The first card found that proves itself. */
async function reachOne<T>(
  transport: CardTransport,
  wanted: (card: DiscoveredCard) => boolean,
  use: Use<T>,
  { signal, timeoutMs, failed }: ReachOptions,
): Promise<T> {
  const tried = new Set<string>();
  const failures: CardError[] = [];
  let next: DiscoveredCard | undefined = await find(transport, {
    ...{ wanted, not: tried, rather: failed, signal, timeoutMs },
  });
  const share = timeoutMs / SHARE;
  const end = performance.now() + timeoutMs;
  const another = (ms: number, until: AbortSignal | undefined) =>
    find(transport, { wanted, not: tried, rather: new Set(), signal: until, timeoutMs: ms }).catch(() => undefined);
  while (next !== undefined) {
    const { id } = next;
    next = undefined;
    tried.add(id);
    let isProved = false;
    /** Given up for another one, or by the caller. */
    const leave = new AbortController();
    let isLeft = false;
    const unfollow = follow(leave, signal);
    const settled = new AbortController();
    const proved = () => {
      isProved = true;
      settled.abort();
    };
    const trying = over((ways) => dial(transport, id, ways), use, { signal: leave.signal, timeoutMs }, proved).finally(
      () => {
        unfollow();
        settled.abort();
      },
    );
    trying.catch(() => undefined);
    if (!transport.hidesIdentifiers && (await isSlow(share, settled.signal))) {
      next = await another(end - performance.now(), settled.signal);
      if (next !== undefined && !isProved) {
        isLeft = true;
        leave.abort();
      }
    }
    try {
      return await trying;
    } catch (error) {
      failed.add(id);
      throwIfAborted(signal);
      const why = isLeft ? sdkError("LINK_TIMEOUT") : error;
      if (isProved || transport.hidesIdentifiers || !(why instanceof CardError) || OWN.includes(why.code)) throw error;
      if (LINK.includes(why.code)) throw why;
      failures.push(why);
      if (performance.now() >= end) break;
      next ??= await another(Math.min(LOOK_MS, share), signal);
      throwIfAborted(signal);
    }
  }
  // Of several that look alike one at most is the card: better looked for again than told what a stranger made up.
  const told = failures.filter(({ code }) => code !== "LINK_TIMEOUT");
  throw told.find(({ retryable }) => retryable) ?? told[0] ?? failures[0];
}

/** `use` over a link that is made; a failure closes it. */
async function over<T>(
  make: (options: FindOptions) => Promise<CardLink>,
  use: Use<T>,
  { signal, timeoutMs }: FindOptions,
  proved: () => void,
): Promise<T> {
  const link = await MessageLink.open(await make({ signal, timeoutMs }), { signal, timeoutMs });
  try {
    return await use(link, signal, proved);
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** False where `settled` fires within `ms`. */
function isSlow(ms: number, settled: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      settled.removeEventListener("abort", done);
      resolve(true);
    }, ms);
    settled.addEventListener("abort", done, { once: true });
    if (settled.aborted) done();
  });
}
