// Tokens' states, told to phones as they change (server-sent events, WHATWG HTML 9.2). Whoever comes, or comes again, hears how each token of his card stands:
// nothing that he missed is lost, as a state is all that there is to know of it. What is told is not signed: the phone fetches the signed state for its card.

import type { ServerResponse } from "node:http";
import { fromHex, STATE_NAMES, type TokenState, toBase32 } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { IssuerStore, TokenRow } from "./store.js";

/** Phones that listen at one time: a further one is refused, as those that are left come again at once. Of one card, for a further one the one that came first is left. */
const LISTENERS_MAX = 128;
const OF_ONE_CARD = 2;
/** So that both ends notice a line that is dead, ms. */
const HEARTBEAT_MS = 15_000;
/** How often a store that other processes write to is looked at, ms. */
const LOOK_MS = 1000;
/** Octets that a phone may leave unread. */
const UNREAD_MAX = 16 * 1024;

interface Listener {
  readonly cardId: string;
  /** Of the access key that it showed (`CardRow.access_hash`): with another one it is nobody's line any more. */
  readonly accessHash: string;
  readonly response: ServerResponse;
  /** Versions that it has heard, by token. */
  readonly told: Map<string, number>;
}

export class StateNews {
  readonly #store: IssuerStore;
  readonly #listeners = new Set<Listener>();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #stops: readonly (() => void)[];

  constructor(store: IssuerStore) {
    this.#store = store;
    this.#stops = [
      store.onTokens((tokenRefs) => void this.#changed(tokenRefs)),
      store.onAccess((cardId) => this.#all((listener) => void (listener.cardId === cardId && this.#tellAll(listener)))),
    ];
    const beat = setInterval(() => this.#all((listener) => this.#write(listener, ": still here\n\n")), HEARTBEAT_MS);
    const look = setInterval(() => this.#all((listener) => void this.#tellAll(listener)), LOOK_MS);
    if (store.engine === "sqlite") clearInterval(look); // nobody else writes
    this.#timers = [beat, look];
    for (const timer of this.#timers) timer.unref();
  }

  /** @throws {IssuerError} `LISTENERS_MANY` where a phone of that card could not listen */
  expectRoom(cardId: Uint8Array): void {
    const card = toBase32(cardId);
    const ofCard = [...this.#listeners].filter((other) => other.cardId === card).length;
    if (this.#listeners.size >= LISTENERS_MAX && ofCard < OF_ONE_CARD) throw new IssuerError("LISTENERS_MANY");
  }

  /** Tells a phone of its card's tokens from now on, until its line ends, or the access key that it has shown is the card's no more. There is room. */
  async listen(cardId: Uint8Array, accessHash: string, response: ServerResponse): Promise<void> {
    const listener = { cardId: toBase32(cardId), accessHash, response, told: new Map<string, number>() };
    const ofCard = [...this.#listeners].filter((other) => other.cardId === listener.cardId);
    if (ofCard.length >= OF_ONE_CARD) this.#leave(ofCard[0]!);
    this.#listeners.add(listener);
    response.once("close", () => this.#listeners.delete(listener));
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.flushHeaders(); // of a card that has nothing to tell, too
    await this.#tellAll(listener);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#all((listener) => this.#leave(listener));
  }

  async #changed(tokenRefs: readonly string[]): Promise<void> {
    if (this.#listeners.size === 0) return;
    for (const tokenRef of tokenRefs) {
      const token = await this.#store.token(tokenRef).catch(() => undefined); // whoever listens hears it when he comes again
      if (token === undefined) continue;
      this.#all((listener) => {
        if (listener.cardId === token.card_id) void this.#tellHis(listener, async () => [token]);
      });
    }
  }

  #tellAll(listener: Listener): Promise<void> {
    return this.#tellHis(listener, () => this.#store.tokensOf(listener.cardId));
  }

  /** A phone that was lost, whose key was renewed since, hears nothing more: not even what another process was told. */
  async #tellHis(listener: Listener, tokensOf: () => Promise<readonly TokenRow[]>): Promise<void> {
    try {
      const card = await this.#store.card(listener.cardId);
      if (card?.access_hash !== listener.accessHash) return this.#leave(listener);
      for (const token of await tokensOf()) this.#tell(listener, token);
    } catch {
      this.#leave(listener);
    }
  }

  #tell(listener: Listener, { token_ref, version, state }: TokenRow): void {
    if ((listener.told.get(token_ref) ?? -1) >= version) return;
    listener.told.set(token_ref, version);
    const tokenRef = Buffer.from(fromHex(token_ref)).toString("base64url");
    const news = { tokenRef, version, state: STATE_NAMES[state as TokenState] };
    this.#write(listener, `event: state\ndata: ${JSON.stringify(news)}\n\n`);
  }

  #write(listener: Listener, text: string): void {
    if (listener.response.writableLength > UNREAD_MAX) this.#leave(listener);
    else listener.response.write(text);
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.response.destroy();
  }

  #all(work: (listener: Listener) => void): void {
    for (const listener of [...this.#listeners]) work(listener);
  }
}
