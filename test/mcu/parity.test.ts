// The same modules on the emulator and on a Cortex-M in QEMU: the same octets in give the same octets out, and the same edges.

import { setTimeout as delay } from "node:timers/promises";
import { EmulatedCard, MemoryBlock, QemuCard } from "@enabling-card/emulator";
import { Card, IssuerClient, type MemoryCard, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { builtFirmware } from "@enabling-card/tools";
import { encodeMessage, fromHex, Indicator, type MessageType, toChunks, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { seeded } from "../fuzz/targets.js";
import { DOMAIN, type World, world } from "../support/card-with-issuer.js";
import { imageOrSkip } from "../support/mcu-image.js";

const SEED = "parity";
/** A tick of the board's timers, nanoseconds. */
const TICK_NS = 40;

type Said = { readonly to: "card" | "phone"; readonly hex: string };

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
