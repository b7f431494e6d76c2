// A pairing that something comes in between of: another one, a question, another line, a link that does not hang up.

import { Region } from "@enabling-card/emulator";
import { Card, type CardTransport, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import {
  concat,
  decodePairingCode,
  encodeMessage,
  Indicator,
  Mail,
  MessageType,
  Op,
  Phase,
  Status,
  toChunks,
  VaultItem,
} from "@enabling-card/wire";
import { expect } from "chai";
import { Line } from "../../emulator/src/ports/line.js";
import { Handshake } from "../../sdk/src/noise/handshake.js";
import { softwareKey } from "../../sdk/src/noise/static-key.js";
import { PAIR_PATTERN, pairingPsk, pairPrologue } from "../../sdk/src/session/names.js";
import { pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { rawLine, rawSession, settle } from "../support/raw-session.js";

describe("a pairing that is disturbed", () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(async () => {
    expect(w.emulator.traps).to.deep.equal([]);
    await w.close();
  });

  const pairOver = (transport: CardTransport, phoneName = "Ada's phone") =>
    Card.pair(transport, w.made.pairingCode, {
      phoneName,
      makerRoot: w.makerRoot,
      store: new MemoryPairingStore(),
      timeoutMs: 1000,
    });

  /** The air, and a hand on it: `write` sends past the phone; what `keeps` says yes to never leaves it. */
  function tapped(keeps: (chunk: Uint8Array) => boolean = () => false) {
    const air = memoryTransport([w.emulator]);
    let write: (chunk: Uint8Array) => Promise<void> = async () => undefined;
    let maxWrite = 0;
    const transport: CardTransport = {
      discover: (signal) => air.discover(signal),
      connect: async (id, options) => {
        const link = await air.connect(id, options ?? {});
        write = (chunk) => link.write(chunk, { response: true });
        maxWrite = link.maxWrite;
        return {
          ...link,
          id: link.id,
          maxWrite: link.maxWrite,
          write: async (chunk, how) => {
            if (!keeps(chunk)) await link.write(chunk, how);
          },
          close: async () => undefined, // the line outlives the phone's patience
        };
      },
    };
    return {
      transport,
      send: async (message: Uint8Array) => {
        for (const chunk of toChunks(message, maxWrite)) await write(chunk);
      },
    };
  }

  /** A first message that the card answers. */
  async function firstMessage(): Promise<Uint8Array> {
    const code = decodePairingCode(w.made.pairingCode);
    const handshake = new Handshake({
      pattern: PAIR_PATTERN,
      initiator: true,
      prologue: pairPrologue(code.cardId),
      staticKey: softwareKey(new Uint8Array(32).fill(0x21)),
      psks: [pairingPsk(code)],
    });
    return encodeMessage(MessageType.Pair1, await handshake.write(new Uint8Array(0)));
  }

  it("by another first message while the authenticator is asked: its yes lets nobody in", async () => {
    const asked: Mail[] = [];
    w.emulator.setCourier((mail) => {
      asked.push(mail.bytes[0] as Mail);
      return [mail.bytes[0] === Mail.Q1 ? { ...mail, delayNs: 2e9 } : mail];
    });
    const { transport, send } = tapped();
    const pairing = pairOver(transport);
    pairing.catch(() => undefined);
    while (!asked.includes(Mail.Q1)) await settle();
    await send(await firstMessage());
    await settle();
    w.emulator.advance(2500);
    await settle();
    expect(asked).to.include(Mail.Q2);
    expect(w.emulator.store.read(Region.Vault, VaultItem.Owner)).to.equal(undefined);
    expect(w.emulator.advertised()).to.equal(undefined);
    expect(
      await pairing.then(
        () => "paired",
        () => "refused",
      ),
    ).to.equal("refused");
  });

  it("by a question that waits for its user: BUSY, and the question is still answered", async () => {
    const phone = await pairedPhone(w);
    w.emulator.hold(3100); // the window is open
    await phone.card.load(await phone.grant());
    phone.card.present({ when: "now" }).catch(() => undefined);
    await w.emulator.shows(Indicator.Ask);
    await phone.card.close();
    await expectError(() => pairOver(memoryTransport([w.emulator]), "Second"), "BUSY");
    w.emulator.pressTwice();
    await w.emulator.shows(Indicator.Done);
    expect(w.emulator.coil.emission()?.passes).to.have.length(2);
  });

  it("by another line between its second and third message begins anew: MESSAGE_MALFORMED", async () => {
    const third: Uint8Array[] = [];
    const { transport } = tapped((chunk) => {
      if (third.length > 0 || chunk[4] === MessageType.Pair3) third.push(chunk.slice());
      return third.length > 0;
    });
    pairOver(transport).catch(() => undefined);
    while (third.length === 0) await settle();
    await settle();
    w.emulator.dropLine();
    for (let i = 0; i < 3; i++) await settle();
    const line = rawLine(w);
    for (const chunk of third) await line.chunk(chunk);
    expect(line.fault()).to.equal(Status.MessageMalformed);
    expect(w.emulator.advertised()).to.equal(undefined);
    await line.line.close();
  });

  it("by nothing, and then undone: the session is over though the link does not hang up: NO_SESSION", async () => {
    const { port } = Line.prototype;
    Line.prototype.port = function (memory) {
      return { ...port.call(this, memory), hangUp: () => undefined };
    };
    try {
      w.emulator.restart();
      const phone = await pairedPhone(w);
      await phone.card.close();
      const session = await rawSession(w);
      await session.request(Op.Unpair, null);
      await expectError(() => session.request(Op.State, null), "NO_SESSION");
      expect(w.emulator.lineUp).to.equal(true);
      await session.close();
    } finally {
      Line.prototype.port = port;
    }
  });

  it("by an opening longer than a handshake can be: MESSAGE_TOO_LONG, and the session lives on", async () => {
    const phone = await pairedPhone(w);
    await phone.card.close();
    const answers: Uint8Array[] = [];
    const session = await rawSession(w, {
      onChunk: (chunk) => answers.push(chunk.slice()),
      hides: (chunk) => chunk[4] === MessageType.Fault,
    });
    await session.request(Op.State, null); // a live session's messages may be long
    const point = new Uint8Array(32).fill(9);
    for (const length of [609, 1500, 5000]) {
      const opening = encodeMessage(MessageType.Open1, concat(point, new Uint8Array(length)));
      for (const chunk of toChunks(opening, 244)) await session.write(chunk);
      expect([...answers.at(-1)!.subarray(4)]).to.deep.equal([MessageType.Fault, Status.MessageTooLong]);
    }
    const [, info] = (await session.request(Op.State, null)) as [unknown, unknown[]];
    expect(info[6]).to.equal(Phase.Empty);
    await session.close();
  });
});
