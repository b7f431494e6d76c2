// Transports that never answer, never say no, and never notice that they were told to stop. The phone's time is its own.

import { concat } from "@enabling-card/wire";
import { expect } from "chai";
import {
  Card,
  type CardLink,
  type CardTarget,
  type CardTransport,
  MemoryPairingStore,
  memoryTransport,
} from "../src/index.js";
import { within } from "../src/link/message-link.js";
import { expectError } from "./expect-error.js";
import { BUNDLE, paired, soon } from "./paired.js";
import { TwinCard } from "./twin-card.js";

const never = <T>() => new Promise<T>(() => undefined);

/** A transport with one part dead, and what was left open on it. */
function dead(part: "discover" | "connect" | "subscribe" | "write" | "close", twin: TwinCard) {
  const air = memoryTransport([twin]);
  const left = { open: 0 };
  const transport: CardTransport = {
    discover: (signal) =>
      part === "discover" ? { [Symbol.asyncIterator]: () => ({ next: never }) } : air.discover(signal),
    async connect(id, options): Promise<CardLink> {
      if (part === "connect") return never();
      const link = await air.connect(id, options);
      left.open++;
      return {
        ...link,
        write: (chunk, how) => (part === "write" || part === "close" ? never() : link.write(chunk, how)),
        subscribe: (listener) => (part === "subscribe" ? never() : link.subscribe(listener)),
        close: () => {
          left.open--;
          return part === "close" ? never() : link.close();
        },
      };
    },
  };
  return { transport, left };
}

describe("a transport that never settles", () => {
  for (const part of ["discover", "connect", "subscribe", "write", "close"] as const) {
    const timeoutMs = 60;
    const calls: readonly (readonly [
      string,
      () => Promise<(target: CardTarget, signal?: AbortSignal) => Promise<Card>>,
    ])[] = [
      [
        "pairing",
        async () => {
          const twin = new TwinCard();
          const options = { phoneName: "p", makerRoot: twin.makerRoot, store: new MemoryPairingStore(), timeoutMs };
          return (target, signal) => Card.pair(target, twin.pairingCode, { ...options, ...(signal && { signal }) });
        },
      ],
      [
        "coming back",
        async () => {
          const { store, card } = await paired();
          await card.close();
          return (target, signal) => Card.connect(target, { store, timeoutMs, ...(signal && { signal }) });
        },
      ],
    ];
    for (const [what, prepare] of calls) {
      it(`in ${part} costs ${what} its time, or its patience, and leaves nothing open`, async () => {
        const twin = new TwinCard();
        const call = await prepare();
        for (const code of ["LINK_TIMEOUT", "ABORTED"] as const) {
          const { transport, left } = dead(part, twin);
          const target = part === "discover" ? transport : { transport, id: twin.id };
          const abort = new AbortController();
          const calling = call(target, code === "ABORTED" ? abort.signal : undefined);
          calling.catch(() => undefined);
          await soon();
          if (code === "ABORTED") abort.abort();
          const error = await expectError(() => calling, code);
          expect(error.retryable).to.equal(code === "LINK_TIMEOUT");
          expect(left.open).to.equal(0);
          twin.drop();
        }
      });
    }
  }

  it("and then gives a link after all: it is closed", async () => {
    const twin = new TwinCard();
    const air = memoryTransport([twin]);
    let give = () => {};
    let closed = 0;
    const transport: CardTransport = {
      discover: air.discover,
      async connect(id) {
        await new Promise<void>((resolve) => {
          give = resolve;
        });
        const link = await air.connect(id);
        return { ...link, close: async () => void closed++ };
      },
    };
    const options = { phoneName: "p", makerRoot: twin.makerRoot, store: new MemoryPairingStore(), timeoutMs: 30 };
    await expectError(() => Card.pair(transport, twin.pairingCode, options), "LINK_TIMEOUT");
    give();
    await soon();
    expect(closed).to.equal(1);
  });

  it("does not hold a call that was cancelled while it was being written", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const link = await memoryTransport([twin]).connect(twin.id);
    let stuck = false;
    const write: CardLink["write"] = (chunk, how) => (stuck ? never() : link.write(chunk, how));
    const back = await Card.connect({ ...link, write }, { store });
    stuck = true;
    const abort = new AbortController();
    const loading = back.load(BUNDLE, { signal: abort.signal });
    loading.catch(() => undefined);
    await soon();
    abort.abort();
    await expectError(() => loading, "ABORTED");
    await back.close();
  });
});

describe("a call that is over", () => {
  it("leaves no timer behind, whichever way it ended", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await turn(); // the test runner's own timer runs
    const before = timers();
    await within(Promise.resolve(1), 30_000);
    await expectError(() => within(never(), 5), "LINK_TIMEOUT");
    await expectError(() => within(never(), 30_000, AbortSignal.abort()), "ABORTED");
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 5);
    await expectError(() => within(never(), 30_000, abort.signal), "ABORTED");
    await turn();
    expect(timers()).to.be.at.most(before);
  });
});

describe("a link that takes too little at a time", () => {
  for (const maxWrite of [0, 1, 3, 19, Number.NaN, 20.5, Number.POSITIVE_INFINITY]) {
    it(`(${maxWrite} octets) is refused and closed before anything is written`, async () => {
      const twin = new TwinCard();
      const link = await memoryTransport([twin]).connect(twin.id);
      const written: Uint8Array[] = [];
      const narrow: CardLink = { ...link, maxWrite, write: async (chunk) => void written.push(chunk) };
      const options = { phoneName: "p", makerRoot: twin.makerRoot, store: new MemoryPairingStore(), timeoutMs: 500 };
      const error = await expectError(() => Card.pair(narrow, twin.pairingCode, options), "ARGUMENT_INVALID");
      expect(error.message).to.contain("maxWrite");
      expect(concat(...written)).to.have.length(0);
      await expectError(() => link.write(new Uint8Array(1), { response: false }), "LINK_CLOSED");
    });
  }
});
