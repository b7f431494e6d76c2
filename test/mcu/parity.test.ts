// The same modules on the emulator and on a Cortex-M in QEMU: the same octets in give the same octets out, and the same edges.
import type { MemoryBlock } from "@enabling-card/emulator";
import { EmulatedCard, QemuCard } from "@enabling-card/emulator";
import { Card, IssuerClient, MemoryPairingStore, type MemoryCard, memoryTransport } from "@enabling-card/sdk";
import { builtFirmware } from "@enabling-card/tools";
import { Indicator, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { MemoryBlock as Memory } from "../../emulator/src/index.js";
import { DOMAIN, world } from "../support/card-with-issuer.js";

const ELF = new URL("../../build/mcu/an386/card.elf", import.meta.url).pathname;
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
    const made = await world({ seed: SEED });
    made.emulator.stop();
    const flash = (made.block as MemoryBlock).snapshot();
    const emulated = (await EmulatedCard.create({ firmware: await builtFirmware(), block: new Memory(flash), seed: SEED })).start();
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

    const qemu = await QemuCard.start({ elf: ELF, flash, seed: SEED, icount: true });
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
});
