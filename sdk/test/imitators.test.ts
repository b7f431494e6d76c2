// A stranger who repeats what a card advertises, and is heard first. He proves nothing: the card beside him is reached all the same.

import { encodeMessage, MessageType, Status, toChunks } from "@enabling-card/wire";
import { expect } from "chai";
import { Card, type CardErrorCode, type CardTransport, MemoryPairingStore, memoryTransport } from "../src/index.js";
import type { MemoryCard } from "../src/transport/memory.js";
import { expectError } from "./expect-error.js";
import { paired } from "./paired.js";
import { TwinCard } from "./twin-card.js";

const message = (type: MessageType, body: Uint8Array) => toChunks(encodeMessage(type, body), 244);
const fault = (status: Status) => message(MessageType.Fault, Uint8Array.of(status));

/** What he answers, and what the owner hears where the card itself is away. */
const ANSWERS: readonly (readonly [string, readonly Uint8Array[] | "hang up", CardErrorCode])[] = [
  ["nothing", [], "LINK_TIMEOUT"],
  ["that he is busy", fault(Status.Busy), "BUSY"],
  ["that nobody is paired", fault(Status.NotPaired), "NOT_PAIRED"],
  ["a handshake that is none", message(MessageType.Open2, new Uint8Array(96)), "SESSION_AUTH_FAILED"],
  ["with a message that nobody asked for", message(MessageType.Pair2, new Uint8Array(96)), "CARD_ANSWER_MALFORMED"],
  ["by hanging up", "hang up", "LINK_LOST"],
];

function imitator(card: MemoryCard, says: readonly Uint8Array[] | "hang up", id = "imitator") {
  const seen = { connections: 0, open: 0 };
  const stranger: MemoryCard = {
    id,
    advertised: () => card.advertised(),
    connectLine() {
      seen.connections++;
      seen.open++;
      let hear: (chunk: Uint8Array) => void = () => undefined;
      let closed: () => void = () => undefined;
      let answered = false;
      return {
        maxWrite: 244,
        async write() {
          if (answered) return;
          answered = true;
          setTimeout(() => {
            if (says === "hang up") closed();
            else for (const chunk of says) hear(chunk);
          });
        },
        onChunk(listener) {
          hear = listener;
          return () => undefined;
        },
        onClose(listener) {
          closed = listener;
          return () => undefined;
        },
        async close() {
          seen.open--;
        },
      };
    },
  };
  return { stranger, seen };
}

/** An air that goes on: what is in it is heard once, and then nothing until the end. */
function lasting(cards: readonly MemoryCard[]): CardTransport {
  const air = memoryTransport(cards);
  return {
    connect: air.connect,
    async *discover(signal) {
      yield* air.discover(signal);
      await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    },
  };
}

describe("a stranger who says again what a card advertises", () => {
  for (const [what, says, code] of ANSWERS) {
    for (const [air, made] of [
      ["a scan that ends", memoryTransport],
      ["a scan that goes on", lasting],
    ] as const) {
      it(`and answers ${what} does not keep the owner out (${air})`, async () => {
        const { twin, store, card } = await paired();
        await card.close();
        const { stranger, seen } = imitator(twin, says);
        const back = await Card.connect(made([stranger, twin]), { store, timeoutMs: 1_000 });
        expect(back.cardId).to.deep.equal(twin.cardId);
        expect(seen).to.deep.equal({ connections: 1, open: 0 });
        await back.close();
      });
    }

    it(`and answers ${what} is told as such where the card is away`, async () => {
      const { twin, store, card } = await paired();
      await card.close();
      const { stranger, seen } = imitator(twin, says);
      await expectError(() => Card.connect(lasting([stranger]), { store, timeoutMs: 100, reconnects: 1 }), code);
      expect(seen.open).to.equal(0);
    });
  }

  it("under three addresses, silent, delays the owner and no more", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const strangers = ["a", "b", "c"].map((id) => imitator(twin, [], id));
    const air = lasting([...strangers.map(({ stranger }) => stranger), twin]);
    const back = await Card.connect(air, { store, timeoutMs: 2_000 });
    expect(strangers.map(({ seen }) => seen)).to.deep.equal(Array(3).fill({ connections: 1, open: 0 }));
    await back.close();
  });

  it("gets no second turn from a card that is lost in between", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const { stranger, seen } = imitator(twin, fault(Status.NotPaired));
    twin.cutAfter = 1;
    const healed: CardTransport = {
      ...lasting([stranger, twin]),
      async connect(id) {
        const link = await memoryTransport([stranger, twin]).connect(id);
        link.onDisconnect(() => {
          if (id === twin.id) twin.cutAfter = Number.POSITIVE_INFINITY;
        });
        return link;
      },
    };
    const back = await Card.connect(healed, { store, timeoutMs: 1_000 });
    expect(seen.open).to.equal(0);
    await back.close();
  });

  it("or another's card, which answers first, does not end a pairing", async () => {
    for (const says of [[], fault(Status.PairingClosed), message(MessageType.Pair2, new Uint8Array(200))]) {
      const twin = new TwinCard();
      const { stranger } = imitator(twin, says);
      const options = { phoneName: "p", makerRoot: twin.makerRoot, store: new MemoryPairingStore(), timeoutMs: 400 };
      const card = await Card.pair(lasting([stranger, twin]), twin.pairingCode, options);
      expect(card.connected).to.equal(true);
      await card.close();
    }
  });

  it("and of what two such say, that is told after which the card is looked for again", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const one = imitator(twin, fault(Status.NotPaired), "one").stranger;
    const other = imitator(twin, fault(Status.Busy), "other").stranger;
    for (const air of [
      [one, other],
      [other, one],
    ]) {
      await expectError(() => Card.connect(lasting(air), { store, timeoutMs: 800, reconnects: 0 }), "BUSY");
    }
  });

  it("that is named by its id is the only one that is asked", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const { stranger } = imitator(twin, fault(Status.NotPaired));
    const target = { transport: memoryTransport([stranger, twin]), id: stranger.id };
    await expectError(() => Card.connect(target, { store, timeoutMs: 200 }), "NOT_PAIRED");
  });
});
