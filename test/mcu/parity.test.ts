// The same modules on the emulator and on a Cortex-M in QEMU: the same octets in give the same octets out, and the same edges.

import { setTimeout as delay } from "node:timers/promises";
import { EmulatedCard, MemoryBlock, QemuCard } from "@enabling-card/emulator";
import {
  Card,
  CardError,
  IssuerClient,
  type MemoryCard,
  MemoryPairingStore,
  memoryTransport,
} from "@enabling-card/sdk";
import { builtFirmware } from "@enabling-card/tools";
import {
  Channel,
  encodeMessage,
  fromHex,
  Indicator,
  type MessageType,
  Phase,
  toChunks,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import { seeded } from "../fuzz/random.js";
import { DOMAIN, type World, world } from "../support/card-with-issuer.js";
import { imageOrSkip } from "../support/mcu-image.js";

const SEED = "parity";
/** A tick of the board's timers, nanoseconds. */
const TICK_NS = 40;

type Said = { readonly to: "card" | "phone"; readonly hex: string };
/** What hands do to a card between chunks; `played` is how many passes there have been behind it. */
type Done = { readonly hands: "call" | "hang up" } | { readonly hands: "press" | "touch"; played: number };

/** A card whose line is written down. */
function recorded(card: MemoryCard, said: Said[]): MemoryCard {
  return {
    id: card.id,
    advertised: () => card.advertised(),
    connectLine(options) {
      const line = card.connectLine(options);
      line.onChunk((chunk) => said.push({ to: "phone", hex: toHex(chunk) }));
      return {
        ...line,
        write: (chunk) => {
          said.push({ to: "card", hex: toHex(chunk) });
          return line.write(chunk);
        },
      };
    },
  };
}

/** The same, and each call and its end. */
function witnessed(card: MemoryCard, deeds: (Said | Done)[]): MemoryCard {
  const said = recorded(card, deeds as Said[]);
  return {
    ...said,
    connectLine(options) {
      deeds.push({ hands: "call" });
      const line = said.connectLine(options);
      return {
        ...line,
        close: () => {
          deeds.push({ hands: "hang up" });
          return line.close();
        },
      };
    },
  };
}

describe("the card on a Cortex-M", () => {
  it("answers octet for octet as the emulated card does, and plays the same edges", async function () {
    this.timeout(60_000);
    const built = imageOrSkip(this);
    const made = await world({ seed: SEED });
    made.emulator.stop();
    const flash = (made.block as MemoryBlock).snapshot();
    const emulated = (
      await EmulatedCard.create({ firmware: await builtFirmware(), block: new MemoryBlock(flash), seed: SEED })
    ).start();
    emulated.advance(1); // as on a board, some time has gone by when the phone comes, and the cell is no longer full
    const said: Said[] = [];
    const transport = memoryTransport([recorded(emulated, said)]);
    const card = await Card.pair(transport, made.made.pairingCode, {
      phoneName: "Ada's phone",
      makerRoot: made.makerRoot,
      store: new MemoryPairingStore(),
    });
    const client = new IssuerClient({ baseUrl: made.service.url });
    await client.enrol(card.certificate, "Ada's phone");
    const token = await client.createToken(card.cardId, "LOVELACE/ADA");
    await card.load(
      await client.grant({
        cardId: card.cardId,
        tokenRef: token.tokenRef,
        challenge: card.info.challenge,
        checkpointSize: card.info.checkpointSize,
        domain: DOMAIN,
        maxEmissions: 1,
        kind: "online",
      }),
    );
    const presenting = card.present({ when: "now" });
    await emulated.shows(Indicator.Ask);
    emulated.pressTwice();
    await presenting;
    const edges = emulated.coil.emission()!.passes.map((pass) => pass.edgesNs.map((at) => at - pass.edgesNs[0]!));

    const qemu = await QemuCard.start({ ...built, flash, seed: SEED, icount: true });
    try {
      const heard: string[] = [];
      const line = qemu.connectLine();
      line.onChunk((chunk) => heard.push(toHex(chunk)));
      const expected: string[] = [];
      for (const { to, hex } of said) {
        if (to === "phone") expected.push(hex);
        else await line.write(Buffer.from(hex, "hex"));
      }
      await qemu.shows(Indicator.Ask);
      await qemu.pressTwice();
      await qemu.played(edges.length);
      await qemu.shows(Indicator.Done);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(heard).to.deep.equal(expected);
      expect(qemu.traps).to.deep.equal([]);
      expect(qemu.passes).to.have.length(edges.length);
      for (const [i, { edgesNs }] of qemu.passes.entries()) {
        expect(edgesNs).to.have.length(edges[i]!.length);
        const worst = edgesNs.reduce((most, at, n) => Math.max(most, Math.abs(at - edges[i]![n]!)), 0);
        expect(worst, `pass ${i + 1}, nanoseconds`).to.be.at.most(TICK_NS);
      }
    } finally {
      await qemu.stop();
      await made.close();
    }
  });

  for (const seed of [1, 3])
    it(`answers a random session of a phone as the emulated card does, and plays the same edges: ${seed}`, async function () {
      this.timeout(120_000);
      const built = imageOrSkip(this);
      const made = await world({ seed: SEED });
      made.emulator.stop();
      const flash = (made.block as MemoryBlock).snapshot();
      const named = `session ${seed}`;
      const firmware = await builtFirmware();
      const emulated = (await EmulatedCard.create({ firmware, block: new MemoryBlock(flash), seed: named })).start();
      emulated.advance(1);
      const deeds = await visited(emulated, made, seeded(seed));
      const passes = emulated.coil.emissions().flatMap((emission) => emission.passes);
      const requests = deeds.filter((deed) => "to" in deed && deed.to === "card").length;
      expect(requests, "chunks of requests").to.be.greaterThan(15);
      expect(passes.length, "passes").to.be.greaterThan(1);
      const qemu = await QemuCard.start({ ...built, flash, seed: named, icount: true });
      try {
        const heard: string[] = [];
        let line: ReturnType<QemuCard["connectLine"]> | undefined;
        const told: string[] = [];
        /** All answers so far are there, in time. */
        const caughtUp = async () => {
          for (let waited = 0; heard.length < told.length && waited < 20_000; waited += 2) await delay(2);
          expect(heard, `after ${told.length} answers`).to.deep.equal(told);
        };
        for (const deed of deeds) {
          if ("to" in deed) {
            if (deed.to === "phone") told.push(deed.hex);
            else {
              await caughtUp();
              await line!.write(Buffer.from(deed.hex, "hex"));
            }
            continue;
          }
          if (deed.hands === "press") await qemu.shows(Indicator.Ask);
          else await caughtUp();
          if (deed.hands === "press") await qemu.pressTwice();
          else if (deed.hands === "touch") qemu.touchHead();
          else if (deed.hands === "hang up") await line!.close();
          else {
            line = qemu.connectLine();
            line.onChunk((chunk) => heard.push(toHex(chunk)));
          }
          if ("played" in deed) await qemu.played(deed.played);
        }
        await caughtUp();
        expect(qemu.traps).to.deep.equal([]);
        expect(qemu.passes).to.have.length(passes.length);
        for (const [i, { edgesNs }] of qemu.passes.entries()) {
          const theirs = passes[i]!.edgesNs;
          expect(edgesNs).to.have.length(theirs.length);
          const worst = edgesNs.reduce((most, at, n) => Math.max(most, Math.abs(at - (theirs[n]! - theirs[0]!))), 0);
          expect(worst, `pass ${i + 1}, nanoseconds`).to.be.at.most(TICK_NS);
        }
      } finally {
        await qemu.stop();
        emulated.stop();
        await made.close();
      }
    });

  it("answers random streams, valid and hostile, as the emulated card does", async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const made = await world({ seed: SEED });
    const pairing = toChunks(await firstPairingMessage(made), 244);
    made.emulator.stop();
    const flash = (made.block as MemoryBlock).snapshot();
    const firmware = await builtFirmware();
    let answered = 0;
    try {
      for (let round = 1; round <= 4; round++) {
        const seed = `hostile ${round}`;
        const emulated = (await EmulatedCard.create({ firmware, block: new MemoryBlock(flash), seed })).start();
        emulated.advance(1);
        const qemu = await QemuCard.start({ ...built, flash, seed });
        try {
          const [theirs, ours] = [heardOf(emulated), heardOf(qemu)];
          for (const chunk of hostile(round, pairing)) {
            // A card that hangs up is called again, on both machines.
            await theirs.write(chunk);
            await ours.write(chunk);
            await theirs.quiet();
            await ours.until(theirs.heard.length);
          }
          await ours.quiet();
          expect(ours.heard, seed).to.deep.equal(theirs.heard);
          expect(qemu.traps).to.deep.equal([]);
          expect(emulated.traps).to.deep.equal([]);
          answered += theirs.heard.length;
        } finally {
          await qemu.stop();
          emulated.stop();
        }
      }
      expect(answered, "answers that were compared").to.be.greaterThan(40);
    } finally {
      await made.close();
    }
  });
});

/** A phone's visit, its requests as a seed has them: what was said and done, in order. */
async function visited(emulated: EmulatedCard, { made, makerRoot, service }: World, random: () => number) {
  const deeds: (Said | Done)[] = [];
  const transport = memoryTransport([witnessed(emulated, deeds)]);
  const store = new MemoryPairingStore();
  const below = (count: number) => Math.floor(random() * count);
  const played = () => emulated.coil.emissions().flatMap(({ passes }) => passes).length;
  const hands = (what: "press" | "touch", work: () => void) => {
    const deed: Extract<Done, { played: number }> = { hands: what, played: 0 };
    deeds.push(deed);
    work();
    return deed;
  };
  let card = await Card.pair(transport, made.pairingCode, { phoneName: `phone ${below(1e6)}`, makerRoot, store });
  const client = new IssuerClient({ baseUrl: service.url });
  await client.enrol(card.certificate, "phone");
  const tokens = [await client.createToken(card.cardId, "LOVELACE/ADA"), await client.createToken(card.cardId, "X/Y")];
  let pin: string | undefined;
  const refused = (work: Promise<unknown>) => work.catch((error: unknown) => expect(error).to.be.instanceOf(CardError));
  const load = async (channel = Channel.Swipe) => {
    const domain = {
      ...DOMAIN,
      channel,
      merchant: "m".repeat(1 + below(30)),
      mcc: below(9999),
      maxAmount: 1 + below(1e6),
    };
    const grant = await client.grant({
      ...{
        cardId: card.cardId,
        tokenRef: tokens[below(2)]!.tokenRef,
        domain,
        maxEmissions: channel === Channel.Remote ? 1 : 1 + below(2),
      },
      ...{ challenge: card.info.challenge, checkpointSize: card.info.checkpointSize, kind: "online" },
    });
    await refused(card.load(grant));
  };
  /** At once, or armed and touched, or told in place of a swipe. The user is asked unless a PIN says who it is. */
  const present = async (when: "now" | "swipe" | "never", own = pin) => {
    const proof = { ...(own !== undefined && { pin: own }) };
    const presenting = when === "never" ? card.confirm(proof) : card.present({ when, ...proof });
    const ended = refused(presenting);
    let pressed: { played: number } | undefined;
    let isOver = false;
    const asked = emulated.shows(Indicator.Ask).then(() => {
      // Who was not asked may be asked the next time, which is another question.
      if (!isOver) pressed = hands("press", () => emulated.pressTwice());
    });
    await Promise.race([ended, asked.then(() => ended)]);
    isOver = true;
    if (pressed) pressed.played = played();
    if (when !== "swipe") return;
    for (let touch = below(3); touch >= 0; touch--) {
      const deed = hands("touch", () => emulated.touchHead());
      emulated.advance(3_000);
      deed.played = played();
      await delay(1);
    }
  };
  const requests: readonly (() => Promise<unknown>)[] = [
    () => card.state(),
    () => card.disarm(),
    () => load(),
    () => present("now"),
    () => present("swipe"),
    // Now and then with an old PIN that is wrong, which counts.
    async () => {
      const next = String(1000 + below(9000));
      const setting = card.setPin(next, below(3) === 0 ? "0000" : (pin ?? null)).then(() => {
        pin = next;
      });
      await refused(setting);
    },
    async () => {
      await card.close();
      card = await Card.connect(transport, { store });
    },
  ];
  await load();
  for (let i = 0; i < 8; i++) await requests[below(requests.length)]!();
  await load();
  await present("now");
  // A remote grant: what is refused without a question, and what is told.
  await load(Channel.Remote);
  for (const when of ["now", "swipe", "never"] as const) await present(when);
  expect((await card.state()).info).to.include({ phase: Phase.Done, passesSent: 0 });
  await card.close();
  return deeds;
}

/** What a card says over its line; connected again whenever it has hung up, which is written down as an empty answer. */
function heardOf(card: MemoryCard) {
  const heard: string[] = [];
  let up = false;
  let line = card.connectLine();
  const listen = () => {
    up = true;
    line.onChunk((chunk) => heard.push(toHex(chunk)));
    line.onClose(() => {
      up = false;
      heard.push("");
    });
  };
  listen();
  const quiet = () => delay(0);
  return {
    heard,
    quiet: () => delay(card instanceof QemuCard ? 50 : 0),
    async until(count: number) {
      for (let waited = 0; heard.length < count && waited < 2000; waited += 2) await delay(2);
    },
    async write(chunk: Uint8Array) {
      if (!up) {
        line = card.connectLine();
        listen();
      }
      await line.write(chunk).catch(() => undefined);
      await quiet();
    },
  };
}

/** Chunks of every message type, whole, cut and altered; and now and then a pairing's first message, as a phone would send it. */
function* hostile(seed: number, pairing: readonly Uint8Array[]): Generator<Uint8Array> {
  const random = seeded(seed);
  for (let message = 0; message < 40; message++) {
    if (random() < 0.3) {
      yield* pairing;
      continue;
    }
    const body = Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256));
    for (const chunk of toChunks(encodeMessage((1 + Math.floor(random() * 8)) as MessageType, body), 244)) {
      const altered = chunk.slice();
      if (random() < 0.4) altered[Math.floor(random() * altered.length)]! ^= 1 << Math.floor(random() * 8);
      yield random() < 0.2 ? altered.subarray(0, 1 + Math.floor(random() * altered.length)) : altered;
    }
  }
}

/** The octets with which a phone begins to pair with this card. */
async function firstPairingMessage({ emulator, made, makerRoot }: World): Promise<Uint8Array> {
  const said: Said[] = [];
  const options = { phoneName: "Ada's phone", makerRoot, store: new MemoryPairingStore() };
  await (await Card.pair(memoryTransport([recorded(emulator, said)]), made.pairingCode, options)).close();
  const first = said.find(({ to }) => to === "card")!;
  // One chunk: its header is the line's, the rest the message.
  return fromHex(first.hex).slice(3);
}
