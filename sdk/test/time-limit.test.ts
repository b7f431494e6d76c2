// Waits that have a time, and end by it: also where garbage is collected meanwhile, and nobody but the wait itself holds its signal.

import { expect } from "chai";
import { collecting } from "../../test/support/collecting.js";
import { partsOf, sealed } from "../../test/support/loader-card.js";
import { dial, find } from "../src/card/find.js";
import {
  type CardLink,
  type CardTransport,
  type DiscoveredCard,
  flashCardOverAir,
  IssuerClient,
  withTimeLimit,
} from "../src/index.js";
import { firstOf, SharedScan } from "../src/transport/scan.js";
import { expectError } from "./expect-error.js";

/** Until `signal` aborts; nothing but the listener knows of it. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
const quiet: CardTransport = {
  async *discover(signal) {
    if (!signal!.aborted) await aborted(signal!);
    yield* [];
  },
  connect: () => Promise.reject(new Error("nobody connects")),
  connectLoader: () => Promise.reject(new Error("nobody connects")),
};
/** A signal of the caller's that never aborts. */
const never = () => new AbortController().signal;

/** A signal of the caller's, and how many listen to it. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = ((type: string, listener: never, options: never) => {
    listening.add(listener);
    addEventListener.call(signal, type, listener, options);
  }) as typeof addEventListener;
  signal.removeEventListener = ((type: string, listener: never) => {
    listening.delete(listener);
    removeEventListener.call(signal, type, listener);
  }) as typeof removeEventListener;
  return { controller, signal, listening };
}

describe("looking for a card, and linking up with it", () => {
  const { any } = AbortSignal;
  beforeEach(() => {
    // As in the engines of phones that have none.
    Reflect.deleteProperty(AbortSignal, "any");
  });
  afterEach(() => {
    AbortSignal.any = any;
  });
  const search = { wanted: () => true, not: new Set<string>(), rather: new Set<string>() };
  const seen = { id: "a card" } as DiscoveredCard;

  it("need no AbortSignal.any, and leave nothing on the caller's signal", async () => {
    const { signal, listening } = counted();
    const link = {} as CardLink;
    const transport: CardTransport = {
      ...quiet,
      async *discover() {
        yield seen;
      },
      connect: async () => link,
    };
    expect(await find(transport, { ...search, signal })).to.equal(seen);
    expect(await dial(transport, seen.id, { signal })).to.equal(link);
    expect(listening.size).to.equal(0);
  });

  it("end with the caller's signal, and the transport hears of it", async () => {
    const ended: string[] = [];
    const transport: CardTransport = {
      ...quiet,
      async *discover(over) {
        await aborted(over!);
        ended.push("discover");
        yield* [];
      },
      connect: async (_, options) => {
        await aborted(options!.signal!);
        ended.push("connect");
        throw new Error("no");
      },
    };
    for (const work of [find, (on: CardTransport, options: object) => dial(on, seen.id, options)]) {
      const { controller, signal, listening } = counted();
      const working = work(transport, { ...search, signal });
      setTimeout(() => controller.abort(), 5);
      await expectError(() => working, "ABORTED");
      expect(listening.size).to.equal(0);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ended).to.deep.equal(["discover", "connect"]);
  });
});

describe("a time limit", () => {
  it("aborts when its time is over, and not for the caller's signal", async () => {
    const given = never();
    const reason = await collecting(() =>
      withTimeLimit(60, given, async (over) => {
        await aborted(over);
        return over.reason as DOMException;
      }),
    );
    expect(reason.name).to.equal("TimeoutError");
  });

  it("aborts with the caller's signal, for its reason, also where that has aborted before", async () => {
    const given = new AbortController();
    const waiting = withTimeLimit(60_000, given.signal, async (over) => {
      await aborted(over);
      return over.reason as unknown;
    });
    given.abort("given up");
    expect(await waiting).to.equal("given up");
    expect(await withTimeLimit(60_000, given.signal, async (over) => over.reason as unknown)).to.equal("given up");
  });

  it("is over with what it was for: its timer and its ear at the caller's signal are gone", async () => {
    const given = new AbortController();
    let kept: AbortSignal | undefined;
    const failing = withTimeLimit(1, given.signal, async (over) => {
      kept = over;
      throw new Error("of its own");
    });
    expect(await failing.catch((error: Error) => error.message)).to.equal("of its own");
    await new Promise((resolve) => setTimeout(resolve, 20));
    given.abort();
    expect(kept?.aborted).to.equal(false);
  });
});

describe("where garbage is collected, and nobody answers,", () => {
  it("a card that is looked for is not found in time", async () => {
    const scan = new SharedScan({ start: async () => undefined, stop: async () => undefined }, { timeoutMs: 1_000 });
    await collecting(() => expectError(() => firstOf(scan, () => true, 60, never()), "CARD_NOT_FOUND"));
  });

  it("an update over the air finds no card", async () => {
    const image = sealed(partsOf(2, 2));
    await collecting(() =>
      expectError(() => flashCardOverAir(quiet, { image, reachMs: 10, signal: never() }), "CARD_NOT_FOUND"),
    );
  });

  it("an issuer is unreachable", async () => {
    const fetch = (async (_: URL, { signal }: RequestInit) => {
      await aborted(signal!);
      throw signal!.reason;
    }) as unknown as typeof globalThis.fetch;
    const client = new IssuerClient({ baseUrl: "http://127.0.0.1:8080", fetch, accessKey: "key-1", timeoutMs: 60 });
    const card = { cardId: new Uint8Array(16), checkpointSize: 0 };
    await collecting(() => expectError(() => client.receipt(card, { signal: never() }), "ISSUER_UNREACHABLE"));
  });
});
