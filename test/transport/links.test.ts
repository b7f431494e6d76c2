// What a link is, over every adapter: how long its chunks are, in which order they go, what becomes of one that fails, and of a card that lies, is slow, says
// things twice, or nothing.

import { Card, type CardError, type CardLink, type CardTransport, type DiscoveredCard } from "@enabling-card/sdk";
import { encodeMessage, MessageType, toChunks, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { expectError } from "../support/expect-refusal.js";
import { pairOptions, soon, watchedWorlds } from "../support/watched-worlds.js";
import { type Bench, MORE_MTUS, RIGS } from "./rigs.js";

const newWorld = watchedWorlds();

async function first(transport: CardTransport): Promise<DiscoveredCard> {
  const over = new AbortController();
  for await (const card of transport.discover(over.signal)) {
    over.abort();
    return card;
  }
  throw new Error("nobody was found");
}

const connected = async (transport: CardTransport): Promise<CardLink> => transport.connect((await first(transport)).id);

const paired = ({ w, transport }: Bench, timeoutMs: number): Promise<Card> =>
  Card.pair(transport(), w.made.pairingCode, { ...pairOptions(w), timeoutMs });

for (const rig of [...RIGS, ...MORE_MTUS]) {
  describe(`a link over ${rig.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await rig.begin(newWorld);
    });
    afterEach(() => bench.close());

    it("has chunks of 20 octets at least, and at most what both sides take", async () => {
      for (const asked of [23, 185, 247, 517]) {
        const link = await connected(bench.transport({ mtu: asked }));
        expect(link.maxWrite, `${asked} asked`).to.equal(rig.maxWrite(asked));
        await expectError(() => link.write(new Uint8Array(link.maxWrite + 1), { response: true }), "ARGUMENT_INVALID");
        await link.close();
      }
      expect(bench.watch.chunks).to.equal(0);
    });

    if (!RIGS.includes(rig)) return; // the rest is the same adapter's

    it("takes what is written at once, and gives it away one after the other", async () => {
      const link = await connected(bench.transport());
      const heard: Uint8Array[] = [];
      const seen: string[] = [];
      bench.watch.toCard = (chunk) => {
        seen.push(toHex(chunk));
        return [chunk];
      };
      const answered = new Promise<void>((resolve) => {
        void link.subscribe((chunk) => {
          heard.push(chunk);
          resolve();
        });
      });
      // More than any card takes before a session: it says so.
      const chunks = toChunks(encodeMessage(MessageType.Open1, new Uint8Array(240).fill(7)), 20);
      await Promise.all(chunks.map((chunk, i) => link.write(chunk, { response: i === chunks.length - 1 })));
      await answered;
      expect(seen).to.deep.equal(chunks.map(toHex));
      expect(heard[0]![4], "a fault").to.equal(MessageType.Fault);
      await link.close();
      await expectError(() => link.write(Uint8Array.of(0xc0), { response: true }), "LINK_CLOSED");
    });

    it("says once that it has gone, also to who asks later, and takes nothing more", async () => {
      const link = await connected(bench.transport());
      await link.subscribe(() => undefined);
      const reasons: string[] = [];
      const gone = new Promise<void>((resolve) =>
        link.onDisconnect(({ code }) => {
          reasons.push(code);
          resolve();
        }),
      );
      bench.watch.cutAfter(0);
      await expectError(() => link.write(Uint8Array.of(0xc0, 2, 0, 1, 4), { response: true }), "LINK_LOST");
      await gone;
      link.onDisconnect(({ code }) => reasons.push(code));
      expect(reasons).to.deep.equal(["LINK_LOST", "LINK_LOST"]);
      await expectError(() => link.write(Uint8Array.of(0xc0), { response: false }), "LINK_LOST");
      await link.close();
    });
  });
}

/** What becomes of one call, with whatever is done to its chunks. */
interface Misfortune {
  readonly title: string;
  readonly does: (bench: Bench) => void;
  /** `done` and codes; which of them depends on how a platform tells of it. */
  readonly ends: readonly string[];
  /** The platform waits for what does not come, and the next call with it, until its time is over. */
  readonly lingers?: boolean;
}

const twice = (chunk: Uint8Array) => [chunk, chunk];
const cut = (chunk: Uint8Array) => [chunk.slice(0, -1)];
/** A first chunk tells how long its message is. */
const telling = (length: number) => (chunk: Uint8Array) => {
  const lie = chunk.slice();
  lie.set([length & 0xff, length >> 8], 1);
  return [lie];
};
/** A session that ends over it begins anew by itself; what it was asked is asked once more. */
const GOES_ON = ["done"];

const MISFORTUNES: readonly Misfortune[] = [
  {
    title: "says everything twice",
    does: ({ watch }) => once(watch, "toPhone", twice),
    ends: GOES_ON,
  },
  { title: "hears everything twice", does: ({ watch }) => once(watch, "toCard", twice), ends: GOES_ON },
  { title: "says less than it has announced", does: ({ watch }) => once(watch, "toPhone", cut), ends: GOES_ON },
  { title: "hears less than was announced", does: ({ watch }) => once(watch, "toCard", cut), ends: GOES_ON },
  ...[0, 5_000, 0xffff].flatMap((length) => [
    {
      title: `announces ${length} octets`,
      does: ({ watch }: Bench) => once(watch, "toPhone", telling(length)),
      ends: GOES_ON,
    },
    {
      title: `hears ${length} octets announced`,
      does: ({ watch }: Bench) => once(watch, "toCard", telling(length)),
      ends: length === 0xffff ? ["MESSAGE_TOO_LONG"] : GOES_ON,
    },
  ]),
  {
    title: "says more than a chunk may have",
    does: ({ watch }) => once(watch, "toPhone", () => [new Uint8Array(600).fill(0xc0)]),
    ends: GOES_ON,
  },
  {
    title: "says a chunk of nothing",
    does: ({ watch }) => once(watch, "toPhone", () => [new Uint8Array(0)]),
    ends: [...GOES_ON, "LINK_TIMEOUT"],
  },
  { title: "says nothing", does: ({ watch }) => once(watch, "toPhone", () => []), ends: ["LINK_TIMEOUT"] },
  {
    title: "is slow",
    does: ({ watch, say }) =>
      once(watch, "toPhone", (chunk) => {
        void soon().then(() => say(chunk));
        return [];
      }),
    ends: GOES_ON,
  },
  {
    title: "does not take what is written",
    does: ({ watch }) => {
      watch.answers = "refused";
    },
    ends: [...GOES_ON, "LINK_TIMEOUT"], // noble tells nobody
  },
  {
    title: "does not say that it has taken it",
    does: ({ watch }) => {
      watch.answers = "never";
    },
    ends: GOES_ON,
    lingers: true,
  },
];

/** The next chunk alone. */
function once(watch: Bench["watch"], way: "toCard" | "toPhone", change: Bench["watch"]["toCard"]): void {
  watch[way] = (chunk) => {
    watch[way] = (same) => [same];
    return change(chunk);
  };
}

for (const rig of RIGS) {
  describe(`a card over ${rig.name}`, () => {
    // One card for all of it: each misfortune leaves it as it was.
    let bench: Bench;
    let card: Card;
    before(async () => {
      bench = await rig.begin(oneWorld);
      card = await paired(bench, rig.patienceMs);
    });
    after(async () => {
      await card.close();
      await bench.close();
    });
    const oneWorld = watchedWorlds(after);

    for (const { title, does, ends, lingers } of MISFORTUNES) {
      it(`that ${title} ends a call in time, and the next one is as any`, async () => {
        await card.refresh();
        bench.watch.reset();
        does(bench);
        const call = () =>
          card.refresh({ timeoutMs: rig.lookMs / 2 }).then(
            () => "done",
            ({ code }: CardError) => code,
          );
        expect(await call()).to.be.oneOf([...ends]);
        if (lingers) expect(await call()).to.be.oneOf(["done", "LINK_TIMEOUT"]);
        bench.watch.reset();
        expect((await card.state()).tokens).to.deep.equal([]);
      });
    }
  });
}
