// Tokens' states, told to phones as they change (server-sent events, WHATWG HTML 9.2). Whoever comes, or comes again, hears how each token of his card stands:
// nothing that he missed is lost, as a state is all that there is to know of it. What is told is not signed: the phone fetches the signed state for its card.
// Likewise of rights to them that were handed out (system 6): that something was done by one, which the phone then asks for.

import type { ServerResponse } from "node:http";
import { fromHex, STATE_NAMES, type TokenState, toBase32 } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { DelegationRow, IssuerStore, TokenRow } from "./store.js";

/** Phones that listen at one time: a further one is refused, as those that are left come again at once. Of one card, for a further one the one that came first is left. */
const LISTENERS_MAX = 128;
const OF_ONE_CARD = 2;
/** So that both ends notice a line that is dead, ms. */
const HEARTBEAT_MS = 15_000;
/** How often a store that other processes write to is looked at, ms. */
const LOOK_MS = 1000;
/** Octets that a phone may leave unread. */
const UNREAD_MAX = 16 * 1024;

type LentRow = Pick<DelegationRow, "id" | "token_ref" | "version">;

interface Listener {
  readonly cardId: string;
  /** Of the access key that it showed (`CardRow.access_hash`): with another one it is nobody's line any more. */
  readonly accessHash: string;
  readonly response: ServerResponse;
  /** Versions that it has heard, by token and by right. */
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
      store.onLent((ids) => void this.#lent(ids)),
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

  async #lent(ids: readonly string[]): Promise<void> {
    if (this.#listeners.size === 0) return;
    for (const id of new Set(ids)) {
      const right = await this.#store.delegations.find(id).catch(() => undefined);
      const token = right && (await this.#store.token(right.token_ref).catch(() => undefined));
      if (token === undefined) continue;
      this.#all((listener) => {
        if (listener.cardId === token.card_id)
          void this.#tellHis(
            listener,
            async () => [],
            async () => [right!],
          );
      });
    }
  }

  #tellAll(listener: Listener): Promise<void> {
    const { cardId } = listener;
    const rightsOf = () => this.#store.delegations.newsOf(cardId);
    return this.#tellHis(listener, () => this.#store.tokensOf(cardId), rightsOf);
  }

  /** A phone that was lost, whose key was renewed since, hears nothing more: not even what another process was told. */
  async #tellHis(
    listener: Listener,
    tokensOf: () => Promise<readonly TokenRow[]>,
    rightsOf: () => Promise<readonly LentRow[]> = async () => [],
  ): Promise<void> {
    try {
      const card = await this.#store.card(listener.cardId);
      if (card?.access_hash !== listener.accessHash) return this.#leave(listener);
      for (const { token_ref, version, state } of await tokensOf())
        this.#tell(listener, "state", token_ref, version, {
          tokenRef: base64(token_ref),
          version,
          state: STATE_NAMES[state as TokenState],
        });
      for (const { id, token_ref, version } of await rightsOf())
        this.#tell(listener, "lent", id, version, { tokenRef: base64(token_ref), id, version });
    } catch {
      this.#leave(listener);
    }
  }

  /** What he has not heard yet. @param name - Of what has that version: a token's or a right's */
  #tell(listener: Listener, event: "state" | "lent", name: string, version: number, news: object): void {
    if ((listener.told.get(name) ?? -1) >= version) return;
    listener.told.set(name, version);
    this.#write(listener, `event: ${event}\ndata: ${JSON.stringify(news)}\n\n`);
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

function base64(ref: string): string {
  return Buffer.from(fromHex(ref)).toString("base64url");
}
