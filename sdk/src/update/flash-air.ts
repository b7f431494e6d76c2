// A new image onto a card by Bluetooth: the image that runs has the loader answer, once the card's user has held its button. A link that breaks is made
// anew, and the upload goes on; the new image is met again under another address.

import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import { withTimeLimit } from "../time-limit.js";
import type { CardLink, CardTransport, DiscoveredCard } from "../transport/card-link.js";
import { type FlashOptions, type FlashResult, type FlashStep, flashBy, resetCard } from "./flash.js";
import { Loader } from "./loader.js";
import { gattCarrier } from "./smp-carrier.js";

export interface AirFlashOptions extends FlashOptions {
  /** The card's name as it advertises it, or the platform's id of it; whichever lets its updater in, unless told. */
  readonly card?: string | undefined;
}

const REACH_MS = 60_000;
/** Cards in reach are all heard in so long. */
const ROUND_MS = 3_000;
/** A card ends a connection that it has not let in after 5 s: so long it is asked. */
const ASKED_MS = 4_000;
const ASK_EVERY_MS = 400;
const ECHO_MS = 3_000;
/** A card that starts again ends its connection first. */
const END_MS = 5_000;
/** An echo's header, map, key and length; and the longest that is sent back (firmware/loader/smp.ts), octets. */
const ECHO_HEAD = 13;
const ECHO_MAX = 256;
const ENDS: readonly string[] = ["ABORTED", "BLUETOOTH_OFF", "BLUETOOTH_FORBIDDEN", "WEB_BLUETOOTH_MISSING"];

/**
 * Flashes a card over the air. It lets its updater in for a minute once its button was held for three seconds, or where its image is on trial.
 *
 * @param transport - One over GATT, such as `nobleTransport`. In a page its user would have to choose the card again after each of its starts.
 * @throws {ImageError} what is wrong with the image; {CardError} `UPDATE_NOT_ALLOWED` where no card in reach lets anybody in, `CARD_NOT_FOUND`,
 * `UPDATE_REVERTED`, `LOADER_STATE`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`, `BLUETOOTH_…`, `ARGUMENT_INVALID` for a transport without GATT
 */
export async function flashCardOverAir(transport: CardTransport, options: AirFlashOptions): Promise<FlashResult> {
  const { reachMs = REACH_MS, signal, onStep } = options;
  const connect = transport.connectLoader?.bind(transport);
  if (connect === undefined) throw sdkError("ARGUMENT_INVALID", "this transport does not go over Bluetooth");
  let met: Met | undefined;
  const part = async () => {
    const { loader, link } = met ?? {};
    met = undefined;
    loader?.close();
    await link?.close();
  };
  return flashBy(
    {
      mends: true,
      async reach() {
        await part();
        const meet = (id: string) => connect(id, signal && { signal });
        met = await findLoader(transport, meet, { card: options.card, reachMs, signal, onStep });
        return met.loader;
      },
      async restart(loader) {
        const ended = new Promise<void>((resolve) => met?.link.onDisconnect(() => resolve()));
        await resetCard(loader, signal).catch((error: CardError) => {
          if (error.code !== "LINK_LOST") throw error;
        });
        await within(ended, END_MS, signal).catch(() => undefined);
        await part();
        throwIfAborted(signal);
      },
      close: part,
    },
    options,
  );
}

interface Met {
  readonly link: CardLink;
  readonly loader: Loader;
}

interface FindOptions {
  readonly card: string | undefined;
  readonly reachMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: ((step: FlashStep, detail: string) => void) | undefined;
}

/** The first card in reach that answers; those that do not are asked again and again. */
async function findLoader(
  transport: CardTransport,
  connect: (id: string) => Promise<CardLink>,
  { card, reachMs, signal, onStep }: FindOptions,
): Promise<Met> {
  const until = performance.now() + reachMs;
  let refused: CardError | undefined;
  let failed: CardError | undefined;
  const wait = (error: CardError) => {
    if (refused === undefined) onStep?.("waiting", "hold the card's button for three seconds");
    refused = error;
  };
  // A card that was left advertises another address, and is met again; so are those that keep theirs, once all were asked.
  const tried = new Set<string>();
  const isNext = ({ id, name }: DiscoveredCard) =>
    !tried.has(id) && (card === undefined || card === id || card === name);
  do {
    const next = await nextCard(transport, isNext, signal);
    throwIfAborted(signal);
    if (next === undefined) {
      tried.clear();
      continue;
    }
    tried.add(next.id);
    const met = await meet(() => connect(next.id), until, wait, signal).catch((error: CardError) => {
      if (ENDS.includes(error.code)) throw error;
      failed = error;
    });
    if (met !== undefined) return met;
  } while (performance.now() < until);
  throw refused ?? sdkError("CARD_NOT_FOUND", undefined, { cause: failed });
}

async function nextCard(
  transport: CardTransport,
  isNext: (card: DiscoveredCard) => boolean,
  signal: AbortSignal | undefined,
): Promise<DiscoveredCard | undefined> {
  return withTimeLimit(ROUND_MS, signal, async (over) => {
    for await (const card of transport.discover(over)) if (isNext(card)) return card;
    return undefined;
  });
}

/** Connects, and asks until the card lets somebody in, or time is over. */
async function meet(
  connect: () => Promise<CardLink>,
  latest: number,
  denied: (error: CardError) => void,
  signal: AbortSignal | undefined,
): Promise<Met> {
  const link = await connect();
  const until = Math.min(performance.now() + ASKED_MS, latest);
  try {
    const carrier = await gattCarrier(link);
    const loader = new Loader(carrier);
    for (;;) {
      const { maxWrite } = link;
      const room = Math.min(carrier.fill(ECHO_HEAD + ECHO_MAX) - ECHO_HEAD, ECHO_MAX);
      try {
        // As long as may be: a platform that hides its MTU is shown it by the answer, step by step.
        await loader.echo("".padEnd(room, "."), { tries: 1, timeoutMs: ECHO_MS, signal });
        if (link.maxWrite === maxWrite) return { link, loader };
        continue;
      } catch (error) {
        if (!(error instanceof CardError) || error.code !== "UPDATE_NOT_ALLOWED") throw error;
        denied(error);
        if (performance.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  } catch (error) {
    await link.close();
    throw error;
  }
}
