// Sessions over every adapter, with the card that they end at: paying at each MTU, the link lost or the call given up at one chunk after another, two phones,
// and a card that comes back with what was loaded or armed.

import { Card, CardError, type CardTransport, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { Indicator, PAIRING_HOLD_MS, Phase, PIN_WAIT_MS } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, strangerPairs } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { pairOptions, present, soon, watchedWorlds } from "../support/watched-worlds.js";
import { type Bench, RIGS } from "./rigs.js";

const newWorld = watchedWorlds();

for (const rig of RIGS) {
  describe(`sessions over ${rig.name}`, () => {
    let bench: Bench;
    let transport: CardTransport;
    beforeEach(async () => {
      bench = await rig.begin(newWorld);
      transport = bench.transport();
    });
    afterEach(() => bench.close());

    const options = () => ({ ...pairOptions(bench.w), timeoutMs: rig.patienceMs });
    const pair = (signal?: AbortSignal) =>
      Card.pair(transport, bench.w.made.pairingCode, { ...options(), ...(signal && { signal }) });
    const owner = () => pairedPhone(bench.w, 247, transport, rig.patienceMs);
    const back = (over = transport, signal?: AbortSignal, store = bench.w.store) =>
      Card.connect(over, {
        ...{ store, cardId: bench.w.made.cardId, timeoutMs: rig.patienceMs },
        ...(signal && { signal }),
      });

    /** As an app does: pairs, and where that was cut or given up, comes back with what it kept, or pairs again. */
    async function getIn(trying: Promise<Card>): Promise<Card> {
      return trying.catch(async (error: unknown) => {
        expect(error).to.be.instanceOf(CardError);
        const { code, retryable } = error as CardError;
        expect(retryable || code === "ABORTED", code).to.equal(true);
        const kept = await bench.w.store.list(bench.w.made.cardId);
        // A card that was not reached has no owner, and shows no identifier to be found by.
        const target = {
          store: bench.w.store,
          cardId: bench.w.made.cardId,
          timeoutMs: rig.lookMs,
          reconnects: 0,
        };
        return kept.length === 0 ? pair() : Card.connect(transport, target).catch(() => pair());
      });
    }

    /** A grant, loaded. */
    async function loaded({ card, grant }: Phone): Promise<void> {
      await card.load(await grant({ challenge: card.info.challenge }));
    }

    const outcome = (call: Promise<unknown>): Promise<string> =>
      call.then(
        () => "done",
        (error: CardError) => error.code,
      );

    const closed = (card: Card) => card.close();

    const emissions = () => bench.w.emulator.coil.emissions().length;

    for (const mtu of [23, 185, 247, 517]) {
      it(`pair, part, come back, load and pay where an MTU of ${mtu} is asked for`, async () => {
        transport = bench.transport({ mtu });
        const phone = await pairedPhone(bench.w, mtu, transport, rig.patienceMs);
        await phone.card.close();
        const card = await back();
        await card.load(await phone.grant({ challenge: card.info.challenge }));
        const { passesSent } = await present(bench.w, card);
        expect(bench.w.emulator.coil.emission()?.passes).to.have.length(passesSent);
        expect(Math.max(...bench.watch.sizes)).to.be.at.most(Math.max(rig.maxWrite(mtu), Math.min(mtu, 247) - 3));
        await card.close();
      });
    }

    it("that are cut at any chunk of a pairing leave the phone in, and nobody else", async () => {
      await (await pair()).unpair();
      const chunks = bench.watch.chunks;
      for (let cut = 0; cut < chunks; cut++) {
        bench.watch.reset();
        bench.watch.cutAfter(cut);
        const card = await getIn(pair());
        expect((await card.state()).tokens, `cut after chunk ${cut}`).to.deep.equal([]);
        expect(await bench.w.store.list(bench.w.made.cardId)).to.have.length(1);
        await card.close();
        // Its line is hung up while the radio has the session, and that ends a moment after the phone's side.
        let stranger = "LINK_LOST";
        for (; stranger === "LINK_LOST"; await soon()) stranger = await outcome(strangerPairs(bench.w));
        expect(stranger).to.equal("PAIRING_CLOSED");
        await (await back()).unpair();
      }
    });

    it("that are cut at any chunk of a pairing leave the card to one of two phones, never to both or to neither", async () => {
      await (await pair()).unpair();
      const chunks = bench.watch.chunks;
      const line = memoryTransport([bench.w.emulator]);
      const owners = new Set<string>();
      for (let cut = 0; cut < chunks; cut += Math.ceil(chunks / 12)) {
        const [ours, theirs] = [new MemoryPairingStore(), new MemoryPairingStore()];
        bench.watch.reset();
        bench.watch.cutAfter(cut);
        await outcome(Card.pair(transport, bench.w.made.pairingCode, { ...options(), store: ours }).then(closed));
        bench.watch.reset();
        let second = "LINK_LOST"; // as long as the radio has the session
        for (; second === "LINK_LOST"; await soon()) {
          const other = { ...options(), phoneName: "Another phone", store: theirs };
          second = await outcome(Card.pair(line, bench.w.made.pairingCode, other).then(closed));
        }
        const target = { cardId: bench.w.made.cardId, timeoutMs: rig.lookMs, reconnects: 0 };
        const kept = await ours.list(bench.w.made.cardId);
        const first =
          kept.length === 0
            ? "no keys"
            : await outcome(Card.connect(transport, { ...target, store: ours }).then(closed));
        const is = first === "done" ? "first" : "second";
        expect([first, second], `cut after chunk ${cut}`).to.have.members(
          is === "first" ? ["done", "PAIRING_CLOSED"] : [first, "done"],
        );
        owners.add(is);
        const [way, store] = is === "first" ? [transport, ours] : [line, theirs];
        const card = await Card.connect(way, { ...target, store, reconnects: 9 }); // while the radio has the first one's try
        expect((await card.state()).tokens).to.deep.equal([]);
        await card.unpair();
      }
      expect([...owners], "it was cut before the card was theirs, and behind it").to.have.members(["first", "second"]);
    });

    it("that are cut at any chunk of a load load all the same, and once", async () => {
      const phone = await owner();
      bench.watch.reset();
      await loaded(phone);
      const chunks = bench.watch.chunks;
      // The first ones and the last ones, and some of those between, which are alike.
      for (let cut = 0; cut < chunks; cut += cut < 2 || cut > chunks - 4 ? 1 : 11) {
        bench.watch.reset();
        const bundle = await phone.grant({ challenge: phone.card.info.challenge });
        bench.watch.cutAfter(cut);
        const { info } = await phone.card.load(bundle);
        expect(info.passesSent, `cut after chunk ${cut}`).to.equal(0);
      }
      await present(bench.w, phone.card);
      expect(emissions()).to.equal(1);
      await phone.card.close();
    });

    it("that are cut at any chunk of a presentation pay at most once", async () => {
      const phone = await owner();
      await loaded(phone);
      bench.watch.reset();
      await present(bench.w, phone.card);
      const chunks = bench.watch.chunks;
      for (let cut = 0; cut < chunks; cut++) {
        bench.watch.reset();
        await phone.card.refresh();
        await loaded(phone);
        bench.w.emulator.coil.clear();
        bench.watch.reset();
        bench.watch.cutAfter(cut);
        const asked = bench.w.emulator.shows(Indicator.Ask).then(() => bench.w.emulator.pressTwice());
        // The card's last word comes behind its answer.
        expect(await outcome(phone.card.present({ when: "now" })), `cut after chunk ${cut}`).to.be.oneOf(
          cut < chunks - 1 ? ["LINK_LOST"] : ["LINK_LOST", "done"],
        );
        const { passesSent } = await phone.card.refresh();
        bench.w.emulator.advance(3_000); // what plays plays to its end
        expect(emissions()).to.equal(passesSent > 0 ? 1 : 0);
        if (passesSent > 0) await expectError(() => phone.card.present({ when: "now" }), "GRANT_USED");
        else await phone.card.present({ when: "now" });
        await asked;
        expect(emissions(), `cut after chunk ${cut}`).to.equal(1);
      }
      await phone.card.close();
    });

    it("end, and what was loaded or armed is still there for the next, which has keys of its own", async () => {
      const phone = await owner();
      await loaded(phone);
      await phone.card.close();
      const second = await back();
      await present(bench.w, second);
      await second.load(await phone.grant({ challenge: second.info.challenge }));
      await present(bench.w, second, "swipe");
      bench.w.emulator.coil.clear();
      bench.watch.cutAfter(0);
      await second.refresh(); // over the next link
      expect(emissions()).to.equal(0);
      bench.w.emulator.touchHead();
      bench.w.emulator.advance(3_000);
      expect(emissions()).to.equal(1);
      await second.close();
    });

    it("that are given up at any chunk of a pairing leave the phone in", async () => {
      await (await pair()).unpair();
      const chunks = bench.watch.chunks;
      for (let at = 0; at < chunks; at += 3) {
        const { signal, after } = giveUp();
        bench.watch.reset();
        after(at);
        const trying = pair(signal);
        expect(await outcome(trying), `given up at chunk ${at}`).to.be.oneOf(["ABORTED", "done"]);
        bench.watch.reset();
        const card = await getIn(trying);
        expect((await card.state()).tokens).to.deep.equal([]);
        await card.unpair();
      }
    });

    it("that are given up at any chunk of a load or a presentation pay at most once", async () => {
      const phone = await owner();
      for (let at = 0; at < 6; at++) {
        await phone.card.refresh();
        const bundle = await phone.grant({ challenge: phone.card.info.challenge });
        bench.watch.reset();
        const load = giveUp();
        load.after(at * 3);
        const loading = phone.card.load(bundle, { signal: load.signal });
        expect(await outcome(loading), `load given up at chunk ${at * 3}`).to.be.oneOf(["ABORTED", "done"]);
        bench.watch.reset();
        await phone.card.load(bundle);
        bench.w.emulator.coil.clear();
        const presentation = giveUp();
        presentation.after(at);
        const asked = bench.w.emulator.shows(Indicator.Ask).then(() => {
          if (!presentation.signal.aborted) bench.w.emulator.pressTwice();
        });
        const paid = await outcome(phone.card.present({ when: "now", signal: presentation.signal }));
        expect(paid, `presentation given up at chunk ${at}`).to.be.oneOf(["ABORTED", "done"]);
        bench.watch.reset();
        const { passesSent } = await phone.card.refresh();
        expect(emissions()).to.equal(passesSent > 0 ? 1 : 0);
        if (paid === "done") expect(emissions()).to.equal(1);
        void asked;
      }
      await phone.card.close();
    });

    it("are given up before they begin, while a card is looked for, and while it is connected to", async () => {
      await expectError(() => pair(AbortSignal.abort()), "ABORTED");
      const looking = new AbortController();
      const found = pair(looking.signal);
      looking.abort();
      await expectError(() => found, "ABORTED");
      const card = await pair();
      await card.close();
      const connecting = new AbortController();
      const noticed: CardTransport = {
        ...transport,
        connect(id, options) {
          const link = transport.connect(id, options);
          queueMicrotask(() => connecting.abort());
          return link;
        },
      };
      await expectError(() => back(noticed, connecting.signal), "ABORTED");
      const again = await back();
      expect((await again.state()).tokens).to.deep.equal([]);
      await again.close();
    });

    // A cable has one end, which its phone must let go.
    if (rig.name !== "serial") {
      it("of a lost phone that is in a session still end where the button is held, and the next one pairs", async () => {
        const lost = await owner();
        bench.w.emulator.hold(PAIRING_HOLD_MS + 100);
        const next = () =>
          Card.pair(transport, bench.w.made.pairingCode, {
            ...{ ...options(), phoneName: "The next phone", store: new MemoryPairingStore() },
          });
        // A platform that has not heard of the end yet begins on the old link.
        const card = await next().catch((error: CardError) => {
          expect(error.code).to.equal("LINK_LOST");
          return next();
        });
        expect(card.info.phase).to.equal(Phase.Empty);
        await card.close();
        expect(await outcome(lost.card.state()), "the lost phone").to.not.equal("done");
      });
    }

    it("of a lost phone go to the next one with sheet, button and PIN; wrong PINs make it wait, over a power loss too", async () => {
      const { emulator, store } = bench.w;
      const lost = await owner();
      await lost.card.setPin("2468");
      await loaded(lost);
      await lost.card.close();
      const theirs = new MemoryPairingStore();
      const next = (pin?: string) =>
        Card.pair(transport, bench.w.made.pairingCode, {
          ...{ ...options(), phoneName: "The next phone", store: theirs },
          ...(pin !== undefined && { pin }),
        });
      expect(await outcome(next("2468")), "without the button").to.equal("PAIRING_CLOSED");
      const tries = [undefined, "1111", "1112", "1113", "1114", "1115", "2468"];
      const codes: string[] = [];
      for (const pin of tries) {
        emulator.hold(PAIRING_HOLD_MS + 100);
        codes.push(await outcome(next(pin)));
      }
      expect(codes).to.deep.equal(["PIN_REQUIRED", ...Array(4).fill("PIN_WRONG"), "PIN_LOCKED", "PIN_LOCKED"]);
      emulator.restart();
      bench.w.pass(PIN_WAIT_MS / 1000 - 10);
      emulator.hold(PAIRING_HOLD_MS + 100);
      expect(await outcome(next("2468")), "the wait begins anew").to.equal("PIN_LOCKED");
      // None of it was an owner's end.
      const same = await back();
      expect((await same.state()).tokens).to.have.length(1);
      await same.close();
      bench.w.pass(10);
      emulator.hold(PAIRING_HOLD_MS + 100);
      const card = await next("2468");
      expect(card.info.phase).to.equal(Phase.Empty);
      await card.close();
      const target = { store, cardId: bench.w.made.cardId, timeoutMs: rig.lookMs, reconnects: 0 };
      expect(await outcome(Card.connect(transport, target)), "the lost phone").to.be.oneOf([
        "CARD_NOT_FOUND",
        "NOT_PAIRED",
      ]);
      expect(await store.list(bench.w.made.cardId)).to.have.length(1);
      await (await back(transport, undefined, theirs)).close();
    });

    it("of two phones at once: one has the card, and the other hears that it has not", async () => {
      const theirs = new MemoryPairingStore();
      const other = () =>
        Card.pair(bench.other(), bench.w.made.pairingCode, {
          ...options(),
          store: theirs,
          timeoutMs: rig.lookMs / 1.5,
        });
      const tries = await Promise.allSettled([pair(), other()]);
      const owners = tries.filter(({ status }) => status === "fulfilled");
      expect(owners).to.have.length(1);
      for (const one of tries) {
        if (one.status === "fulfilled") continue;
        expect(one.reason).to.be.instanceOf(CardError);
        expect((one.reason as CardError).code).to.be.oneOf([
          ...["CARD_NOT_FOUND", "CARD_NOT_CHOSEN", "LINK_TIMEOUT", "LINK_LOST", "BUSY", "PAIRING_CLOSED"],
        ]);
      }
      for (const one of tries) {
        if (one.status === "rejected") continue;
        expect((await one.value.state()).tokens).to.deep.equal([]);
        await one.value.close();
      }
    });

    /** Who gives up once so many chunks have gone by. */
    function giveUp() {
      const controller = new AbortController();
      return {
        signal: controller.signal,
        after(chunks: number) {
          let left = chunks;
          const count = (chunk: Uint8Array) => {
            if (left-- === 0) controller.abort();
            return [chunk];
          };
          bench.watch.toCard = count;
          bench.watch.toPhone = count;
        },
      };
    }
  });
}
