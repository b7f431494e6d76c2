// A card whose link is lost, and one whose link lies.

import { Op } from "@enabling-card/wire";
import { expect } from "chai";
import { Card, type CardNotice, MemoryPairingStore, memoryTransport } from "../src/index.js";
import { expectError } from "./expect-error.js";
import { BUNDLE, paired, soon } from "./paired.js";

describe("a card whose link goes", () => {
  it("comes back for the next call with a new session, and tells who listens", async () => {
    const { twin, card, links } = await paired();
    const notices: CardNotice[] = [];
    card.subscribe((notice) => notices.push(notice));
    twin.drop();
    await soon();
    expect(notices.map(({ type }) => type)).to.deep.equal(["disconnected"]);
    expect(card.connected).to.equal(false);
    await card.load(BUNDLE);
    expect(links).to.have.length(2);
    await card.close();
  });

  it("does not pay twice: a call that was cut is the caller's to repeat", async () => {
    const { twin, card } = await paired();
    await card.load(BUNDLE);
    twin.gate = new Promise(() => undefined);
    const presenting = card.present({ when: "now" });
    await soon();
    twin.drop();
    const error = await expectError(() => presenting, "LINK_LOST");
    expect(error.retryable).to.equal(true);
    await soon();
    expect(twin.asked.filter((op) => op === Op.Present)).to.have.length(1);
    await card.close();
  });

  it("does not send a PIN twice either", async () => {
    const { twin, card } = await paired();
    twin.gate = new Promise(() => undefined);
    const setting = card.setPin("2468", null, { timeoutMs: 200 });
    setting.catch(() => undefined);
    while (twin.asked.length === 0) await soon(); // sealing takes its time
    twin.drop();
    await expectError(() => setting, "LINK_LOST");
    await soon();
    expect(twin.asked).to.deep.equal([Op.SetPin]);
    expect(twin.connections).to.equal(1);
    await card.close();
  });

  it("loads again by itself, at whatever chunk it was cut", async () => {
    const probe = await paired({ mtu: 200 });
    const before = probe.twin.chunks;
    await probe.card.load(BUNDLE);
    const chunks = probe.twin.chunks - before;
    await probe.card.close();
    for (let cut = 0; cut < chunks; cut++) {
      const { twin, card } = await paired({ mtu: 200 });
      twin.cutAfter = cut;
      const loaded = await card.load(BUNDLE);
      expect(loaded.cap).to.equal(1250);
      expect(twin.connections).to.equal(2);
      await card.close();
    }
  });

  it("gives up after a bounded number of tries, each later than the last", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const times: number[] = [];
    const transport = memoryTransport([
      {
        id: twin.id,
        advertised: () => twin.advertised(),
        connectLine() {
          times.push(performance.now());
          throw new Error("out of reach");
        },
      },
    ]);
    await expectError(() => Card.connect(transport, { store, reconnects: 2 }), "CARD_NOT_FOUND");
    expect(times).to.have.length(3);
    expect(times[2]! - times[1]!).to.be.greaterThan(times[1]! - times[0]!);
  });

  it("can be given up by hand while it is looked for", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const transport = memoryTransport([
      { id: twin.id, advertised: () => twin.advertised(), connectLine: () => Promise.reject() as never },
    ]);
    const signal = AbortSignal.timeout(50);
    await expectError(() => Card.connect(transport, { store, signal }), "ABORTED");
  });

  it("is NOT_PAIRED where the card has another owner, and PAIRING_UNKNOWN where the phone has no keys", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    twin.owner = { ...twin.owner!, key: new Uint8Array(32).fill(9) };
    await expectError(() => Card.connect(memoryTransport([twin]), { store }), "NOT_PAIRED");
    await expectError(
      () => Card.connect(memoryTransport([twin]), { store: new MemoryPairingStore() }),
      "PAIRING_UNKNOWN",
    );
  });

  it("cannot come back over a link that was given once", async () => {
    const { twin, store, card } = await paired();
    await card.close();
    const link = await memoryTransport([twin]).connect(twin.id);
    const back = await Card.connect(link, { store });
    twin.drop();
    await soon();
    await expectError(() => back.refresh(), "LINK_LOST");
  });
});

describe("a hostile link", () => {
  it("ends the session with a message that does not open; the next one has other keys", async () => {
    const { twin, card } = await paired();
    const forged = Uint8Array.of(0xc0, 22, 0, 1, 6, ...new Uint8Array(20));
    twin.inject(forged);
    await soon();
    expect(card.connected).to.equal(false);
    await card.refresh();
    await card.close();
  });

  it("fails a call with frames that do not add up, and a fault of an unknown kind", async () => {
    for (const [chunk, code] of [
      [Uint8Array.of(0x05, 1, 2), "FRAME_INVALID"],
      [Uint8Array.of(0xc0, 3, 0, 1, 7, 250), "CARD_STATUS_UNKNOWN"],
      [Uint8Array.of(0xc0, 3, 0, 2, 7, 11), "PROTOCOL_VERSION_UNKNOWN"],
      [Uint8Array.of(0xc0, 4, 0, 2, 6, 1, 2), "PROTOCOL_VERSION_UNKNOWN"],
      [Uint8Array.of(0xc0, 3, 0, 1, 9, 0), "CARD_ANSWER_MALFORMED"],
      [Uint8Array.of(0xc0, 3, 0, 1, 7, 1), "BUSY"],
    ] as const) {
      const { twin, card } = await paired();
      twin.gate = new Promise(() => undefined);
      const presenting = card.present({ when: "now" });
      await soon();
      twin.inject(chunk);
      const error = await expectError(() => presenting, code);
      expect(error.retryable).to.equal(code === "FRAME_INVALID" || code === "BUSY");
      await card.close();
    }
  });
});
