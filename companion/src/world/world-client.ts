// The emulated table behind these pages: what lies on it, and the hands that are asked to move. Where the pages stand alone there is none.

import { type Signal, signal } from "@preact/signals";
import type { Bill, Cashier, Hand, TableFacts, WorldEvent } from "./events.js";

/** Between two tries to hear the table again, ms. */
const AGAIN_MS = 1_000;

export class WorldClient {
  readonly token: string;
  /** The server is there, and does not know this token: it was started anew. */
  readonly isStranger: Signal<boolean> = signal(false);

  constructor(token: string) {
    this.token = token;
  }

  /** What lies on the table; undefined where this server has none, or does not know the token. */
  async facts(): Promise<TableFacts | undefined> {
    const response = await this.#ask("/world/table").catch(() => undefined);
    return response?.ok ? ((await response.json()) as TableFacts) : undefined;
  }

  async does(hand: Hand): Promise<void> {
    await this.#post("/world/hands", { does: hand });
  }

  async charge(bill: Bill): Promise<void> {
    await this.#post("/world/bill", bill);
  }

  async swipes(how: Cashier): Promise<void> {
    await this.#post("/world/cashier", { how });
  }

  /** The issuer's desk: another access key; undefined where it does not know the card. */
  async access(): Promise<string | undefined> {
    const response = await this.#ask("/world/access", { method: "POST" });
    return response.ok ? ((await response.json()) as { accessKey: string }).accessKey : undefined;
  }

  /** Hears the table until `signal`, again and again where the server was away. */
  async follow(hear: (event: WorldEvent) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const response = await this.#ask("/world/events", { signal });
        if (response.ok && response.body !== null) for await (const event of linesOf(response.body)) hear(event);
      } catch {
        // Away: it is asked again.
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.token}` };
    const response = await fetch(path, { ...init, headers });
    this.isStranger.value = response.status === 401;
    return response;
  }

  async #post(path: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    await this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<WorldEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let unread = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (unread + value).split("\n");
    unread = lines.pop()!;
    for (const line of lines) if (line !== "") yield JSON.parse(line) as WorldEvent;
  }
}

const KEY = "ecard.token";

/** The token of the address that the server printed, kept for the next time; the address bar forgets it. */
export function takeToken(): string | undefined {
  const [, said] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (said !== undefined) {
    localStorage.setItem(KEY, said);
    history.replaceState(null, "", "#/");
  }
  return said ?? localStorage.getItem(KEY) ?? undefined;
}
