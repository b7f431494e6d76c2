// The phone's library against the card's own firmware in the emulator, with an issuer behind HTTP.

import { readFileSync } from "node:fs";
import { parseScenario, runScenario } from "@enabling-card/emulator";
import {
  Card,
  type CardError,
  type CardNotice,
  type CountingLink,
  countingLink,
  followCard,
  MemoryPairingStore,
  memoryTransport,
} from "@enabling-card/sdk";
import { decodePairingCode, encodePairingCode, Indicator, MessageType, Phase, Status } from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { lyingAfterThird } from "../support/lying-link.js";

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

const open: World[] = [];

async function newWorld(options?: Parameters<typeof world>[0]): Promise<World> {
  const made = await world(options);
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const { emulator, close } of open.splice(0)) {
    expect(emulator.traps, "no module trapped").to.deep.equal([]);
    expect(emulator.violations).to.deep.equal([]);
    if (emulator.on) {
      for (const { heapBase, budget, touchedAbove } of Object.values(emulator.budgets())) {
        expect(heapBase).to.be.at.most(budget);
        expect(touchedAbove).to.equal(false);
      }
    }
    await close();
  }
});

function pairOptions({ makerRoot, store }: World) {
  return { phoneName: "Ada's phone", makerRoot, store, timeoutMs: 2000 };
}

/** Presents, with somebody who presses the button twice when the lights ask. */
async function present({ emulator }: World, card: Card, when: "now" | "swipe" = "now") {
  const presenting = card.present({ when });
  await Promise.race([emulator.shows(Indicator.Ask), presenting]);
  emulator.pressTwice();
  return presenting;
}

describe("phone and card: a phone whose time is over", () => {
  it("leaves no card that still asks: a press that comes later pays nothing", async () => {
    const made = await newWorld();
    const { card, grant } = await pairedPhone(made);
    await card.load(await grant());
    const presenting = card.present({ when: "now", timeoutMs: 50 });
    await made.emulator.shows(Indicator.Ask);
    await expectError(() => presenting, "LINK_TIMEOUT");
    made.emulator.pressTwice();
    made.pass(1);
    expect(made.emulator.coil.emission()).to.equal(undefined);
    expect((await card.refresh()).phase).to.equal(Phase.Empty);
    await card.close();
  });
});

describe("phone and card: pairing", () => {
  it("makes the card recognisable to its owner, and to nobody before", async () => {
    const made = await newWorld();
    expect(made.emulator.advertised()).to.equal(undefined);
    const transport = memoryTransport([made.emulator]);
    const card = await Card.pair(transport, made.made.pairingCode, pairOptions(made));
    expect(made.emulator.advertised()).to.have.length(16);
    await card.close();
    await (await Card.connect(transport, { store: made.store })).close();
  });

  for (const mtu of [23, 48, 185, 247, 517]) {
    it(`and paying work at an MTU of ${mtu}`, async () => {
      const made = await newWorld();
      const phone = await pairedPhone(made, mtu);
      await phone.card.load(await phone.grant());
      expect((await present(made, phone.card)).passesSent).to.be.greaterThan(0);
      await phone.card.close();
    });
  }

  it("with a wrong secret, or another card's sheet, is PAIRING_FAILED, and leaves the card free", async () => {
    const made = await newWorld();
    const other = await newWorld();
    const transport = memoryTransport([made.emulator]);
    const { cardId, secret } = decodePairingCode(made.made.pairingCode);
    secret[0]! ^= 1;
    const wrong = encodePairingCode({ cardId, secret });
    await expectError(() => Card.pair(transport, other.made.pairingCode, pairOptions(made)), "PAIRING_FAILED");
    expect(await made.store.list()).to.deep.equal([]);
    await expectError(() => Card.pair(transport, wrong, pairOptions(made)), "PAIRING_FAILED");
    expect((await made.store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([false]);
    expect(made.emulator.advertised()).to.equal(undefined);
    await (await Card.pair(transport, made.made.pairingCode, pairOptions(made))).close();
  });

  it("of a card with an owner waits for 3 s on its button, and then the old phone is out", async () => {
    const made = await newWorld();
    const transport = memoryTransport([made.emulator]);
    await (await Card.pair(transport, made.made.pairingCode, pairOptions(made))).close();
    const second = { ...pairOptions(made), phoneName: "Bo's phone", store: new MemoryPairingStore() };
    await expectError(() => Card.pair(transport, made.made.pairingCode, second), "PAIRING_CLOSED");
    made.emulator.hold(3_100);
    await (await Card.pair(transport, made.made.pairingCode, second)).close();
    const link = await transport.connect(made.emulator.id);
    await expectError(() => Card.connect(link, { store: made.store }), "NOT_PAIRED");
  });

  it("can be cancelled at each step, and made at once after it", async () => {
    const made = await newWorld();
    const transport = memoryTransport([made.emulator]);
    for (const at of ["connecting", "greeting", "certificate", "keeping", "confirming"]) {
      const abort = new AbortController();
      const onProgress = (step: string) => step === at && abort.abort();
      const options = { ...pairOptions(made), signal: abort.signal, onProgress };
      await expectError(() => Card.pair(transport, made.made.pairingCode, options), "ABORTED");
    }
    await (await Card.pair(transport, made.made.pairingCode, pairOptions(made))).close();
  });

  it("cut at any chunk leaves both either strangers or able to go on", async () => {
    const whole = cutting(Number.POSITIVE_INFINITY);
    const first = await newWorld();
    await (await Card.pair(whole.wrap(first, 64), first.made.pairingCode, pairOptions(first))).close();
    expect(whole.chunks()).to.be.greaterThan(8);
    for (let cut = 0; cut < whole.chunks(); cut++) {
      const made = await newWorld();
      const cutter = cutting(cut);
      await expectError(() => Card.pair(cutter.wrap(made, 64), made.made.pairingCode, pairOptions(made)), "LINK_LOST");
      const transport = memoryTransport([made.emulator], { mtu: 64 });
      const owned = made.emulator.advertised() !== undefined;
      const card = owned
        ? await Card.connect(transport, { store: made.store })
        : await Card.pair(transport, made.made.pairingCode, pairOptions(made));
      expect((await card.refresh()).phase).to.equal(Phase.Empty);
      await card.close();
    }
  });

  it("with a forged refusal in the place of the card's answer does not lock the owner out", async () => {
    const made = await newWorld();
    const air = memoryTransport([made.emulator]);
    const lying = lyingAfterThird(air, Uint8Array.of(0xc0, 3, 0, 1, MessageType.Fault, Status.PairingFailed));
    await expectError(() => Card.pair(lying, made.made.pairingCode, pairOptions(made)), "PAIRING_FAILED");
    expect(made.emulator.advertised(), "the card has this owner").to.have.length(16);
    const card = await Card.connect(air, { store: made.store, reconnects: 0 });
    expect((await made.store.list()).map(({ confirmed }) => confirmed)).to.deep.equal([true]);
    await card.close();
  });
});

describe("phone and card: round trips at the link", () => {
  it("are one to open, one to load, one to present: three from link-up, two in an open session", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.close();
    const link: CountingLink = countingLink(await memoryTransport([made.emulator]).connect(made.emulator.id));
    const card = await Card.connect(link, { store: made.store });
    expect(link.counts.roundTrips).to.equal(1);
    const bundle = await phone.grant({
      challenge: card.info.challenge,
      checkpointSize: card.info.checkpointSize,
    });
    await card.load(bundle);
    expect(link.counts.roundTrips).to.equal(2);
    await present(made, card);
    expect(link.counts.roundTrips).to.equal(3);
    link.resetCounts();
    await card.load(await phone.grant({ challenge: card.info.challenge, checkpointSize: card.info.checkpointSize }));
    await present(made, card);
    expect(link.counts.roundTrips).to.equal(2);
    await card.close();
  });
});

describe("phone and card: a payment", () => {
  it("is shown before it is asked for, sent, told, and silent the second time", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    const statuses: string[] = [];
    followCard(phone.card, ({ status }) => statuses.at(-1) !== status && statuses.push(status));
    const bundle = await phone.grant();
    const loaded = await phone.card.load(bundle);
    expect(loaded).to.include({ merchant: "Corner Bakery", cap: 1250 });
    const presented = await present(made, phone.card);
    await soon();
    expect(presented.passesSent).to.equal(made.emulator.coil.emission()!.passes.length);
    expect(presented.info.timeKnown).to.equal(true);
    expect(statuses).to.deep.equal(["ready", "asking", "sending", "sent"]);
    made.emulator.coil.clear();
    await expectError(() => phone.card.present({ when: "now" }), "GRANT_USED");
    expect(made.emulator.coil.emissions()).to.deep.equal([]);
    await phone.card.close();
  });

  it("loads again by itself at whatever chunk it was cut, with one answer for the same bytes", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.close();
    let challenge = phone.card.info.challenge;
    let size = phone.card.info.checkpointSize;
    // 1 chunk to open, about 14 to load at this MTU, 2 answers
    for (let cut = 0; cut < 20; cut++) {
      const cutter = cutting(Number.POSITIVE_INFINITY);
      const card = await Card.connect(cutter.wrap(made, 200), { store: made.store });
      ({ challenge } = card.info);
      size = card.info.checkpointSize;
      const bundle = await phone.grant({ challenge, checkpointSize: size });
      cutter.after(cut);
      const loaded = await card.load(bundle);
      expect(loaded.info.phase).to.equal(Phase.Loaded);
      await card.disarm();
      await card.close();
    }
  });

  it("cancelled while the card asks is disarmed, and stays silent whoever presses", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const abort = new AbortController();
    const presenting = phone.card.present({ when: "now", signal: abort.signal });
    await made.emulator.shows(Indicator.Ask);
    abort.abort();
    await expectError(() => presenting, "ABORTED");
    made.emulator.pressTwice();
    await soon();
    expect(made.emulator.coil.emissions()).to.deep.equal([]);
    expect((await phone.card.refresh()).phase).to.equal(Phase.Empty);
    await phone.card.close();
  });

  it("cancelled before it was sent takes nothing back: an armed card stays armed, the one that asks goes on asking", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const presenting = phone.card.present({ when: "swipe" });
    await made.emulator.shows(Indicator.Ask);
    const abort = new AbortController();
    const queued = phone.card.present({ when: "swipe", signal: abort.signal });
    abort.abort();
    await soon();
    made.emulator.pressTwice();
    expect((await presenting).armedForS).to.be.greaterThan(60);
    await expectError(() => queued, "ABORTED");
    expect((await phone.card.refresh()).phase).to.equal(Phase.Armed);
    await expectError(() => phone.card.present({ when: "now", signal: AbortSignal.abort() }), "ABORTED");
    expect((await phone.card.refresh()).phase).to.equal(Phase.Armed);
    await phone.card.close();
  });

  it("without anybody at the button is USER_ABSENT, and silent", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const presenting = phone.card.present({ when: "now" });
    await made.emulator.shows(Indicator.Ask);
    made.emulator.advance(31_000);
    await expectError(() => presenting, "USER_ABSENT");
    expect(made.emulator.coil.emissions()).to.deep.equal([]);
    await phone.card.close();
  });

  it("armed goes on without the phone: a stranger's reader gets it, and the phone hears of it when it is back", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    const armed = await present(made, phone.card, "swipe");
    expect(armed.armedForS).to.be.greaterThan(60);
    await phone.card.close();
    made.emulator.advance(30_000);
    made.emulator.touchHead();
    await made.emulator.shows(Indicator.Done);
    const card = await Card.connect(memoryTransport([made.emulator]), { store: made.store });
    expect(card.info.phase).to.equal(Phase.Done);
    expect(card.info.passesSent).to.equal(made.emulator.coil.emission()!.passes.length);
    await card.close();
  });

  it("with a PIN is asked for the PIN, sealed past link and wallet to the authenticator", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.setPin("2468");
    await expectError(() => phone.card.setPin("1357"), "PIN_REQUIRED");
    await phone.card.refresh();
    await phone.card.setPin("1357", "2468");
    await phone.card.load(await phone.grant());
    expect((await phone.card.present({ when: "now", pin: "1357" })).passesSent).to.be.greaterThan(0);
    await phone.card.load(await phone.grant());
    await expectError(() => phone.card.present({ when: "now", pin: "0000" }), "PIN_WRONG");
    await phone.card.close();
  });

  it("takes a suspension from the issuer, and refuses the token until it is lifted", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    await present(made, phone.card);
    const { card, client, token } = phone;
    const position = () => ({ cardId: card.cardId, checkpointSize: card.info.checkpointSize });
    const held = await phone.grant();
    const { tokens } = await card.state(await client.setState(token.tokenRef, "suspended", position()));
    expect(tokens[0]).to.include({ state: 2, version: 1 });
    await expectError(() => card.load(held), "TOKEN_SUSPENDED");
    await card.state(await client.setState(token.tokenRef, "active", position()));
    await card.load(await phone.grant());
    await card.close();
  });

  it("is announced by fresh challenges while the session is open", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    const notices: CardNotice[] = [];
    phone.card.subscribe((notice) => notices.push(notice));
    const before = phone.card.info.challenge;
    made.emulator.advance(61_000);
    await soon();
    expect(notices.map(({ type }) => type)).to.include("challenge");
    expect(phone.card.info.challenge).not.to.deep.equal(before);
    await phone.card.close();
  });
});

describe("phone and card: the end", () => {
  it("unpair frees the card for the next owner", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.unpair();
    expect(made.emulator.advertised()).to.equal(undefined);
    const next = { ...pairOptions(made), store: new MemoryPairingStore() };
    await (await Card.pair(memoryTransport([made.emulator]), made.made.pairingCode, next)).close();
  });

  it("of the power is the end of a grant, and of nothing else", async () => {
    const made = await newWorld();
    const phone = await pairedPhone(made);
    await phone.card.load(await phone.grant());
    made.emulator.restart();
    await soon();
    const info = await phone.card.refresh();
    expect(info.phase).to.equal(Phase.Empty);
    expect(info.timeKnown).to.equal(false);
    await phone.card.close();
  });
});

describe("the emulator's sample scenarios on the real card", () => {
  const cases = [
    ["swipe-twice-pressed", "now", undefined],
    ["armed-then-swiped", "swipe", undefined],
    ["courier-drops", "now", "USER_ABSENT|CONFIRMATION_TIMEOUT"],
    ["power-cut-before-the-first-edge", "now", "LINK_LOST"],
  ] as const;
  for (const [file, when, refusal] of cases) {
    it(`${file}.json`, async () => {
      const made = await newWorld();
      const phone = await pairedPhone(made);
      await phone.card.load(await phone.grant());
      const path = new URL(`../../emulator/scenarios/${file}.json`, import.meta.url);
      const presenting = phone.card.present({ when }).then(
        () => undefined,
        (error: CardError) => error.code,
      );
      await runScenario(made.emulator, parseScenario(JSON.parse(readFileSync(path, "utf8"))));
      const code = await presenting;
      if (refusal === undefined) expect(code).to.equal(undefined);
      else expect(refusal.split("|")).to.include(code);
      await phone.card.close();
    });
  }
});

/** A transport whose next link is cut after a number of chunks, either way; the links after it are whole. */
function cutting(left: number) {
  let chunks = 0;
  return {
    chunks: () => chunks,
    after(more: number) {
      left = more;
    },
    wrap({ emulator }: World, mtu: number) {
      const air = {
        id: emulator.id,
        advertised: () => emulator.advertised(),
        connectLine(options?: { readonly mtu?: number }) {
          const line = emulator.connectLine(options);
          const count = () => {
            chunks++;
            if (left-- > 0) return false;
            left = Number.POSITIVE_INFINITY;
            void line.close();
            return true;
          };
          return {
            maxWrite: line.maxWrite,
            async write(chunk: Uint8Array) {
              if (count()) throw new Error("cut");
              await line.write(chunk);
            },
            onChunk: (listener: (chunk: Uint8Array) => void) => line.onChunk((chunk) => count() || listener(chunk)),
            onClose: (listener: () => void) => line.onClose(listener),
            close: () => line.close(),
          };
        },
      };
      return memoryTransport([air], { mtu });
    },
  };
}
