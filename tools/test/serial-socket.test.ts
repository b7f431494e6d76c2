// The serial line of the table's card on a WebSocket: whoever has the token, one at a time; and what is told of a swipe, and what is not.
import { once } from "node:events";
import type { Emission } from "@enabling-card/emulator";
import { CARD_PROTOCOL, CARD_TOKEN, GIVE_LOG, recordsOf } from "@enabling-card/sdk";
import { LineFrames } from "@enabling-card/wire";
import { expect } from "chai";
import { WebSocket } from "ws";
import { Battery } from "../../emulator/src/ports/battery.js";
import { trackBits } from "../../pos-sim/src/signal/stripe.js";
import { seenEmission } from "../src/companion/seen-emission.js";
import { type CompanionServer, serveCompanion } from "../src/companion/serve.js";
import { World } from "../src/companion/world.js";

describe("the serial line of the table's card", () => {
  let world: World;
  let server: CompanionServer;
  let token: string;
  before(async () => {
    world = await World.open();
    server = await serveCompanion(world);
    token = server.url.split("#token=")[1]!;
  });
  after(async () => {
    await server.close();
    await world.close();
  });

  const origin = () => `http://127.0.0.1:${server.port}`;
  const open = (given = token, from: string | undefined = origin()) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/serial`, [CARD_PROTOCOL, CARD_TOKEN + given], {
      ...(from !== undefined && { origin: from }),
    });
    socket.on("error", () => undefined); // "close" follows
    return socket;
  };
  /** What it says first; "closed" where it says nothing. */
  const first = (socket: WebSocket): Promise<Buffer | "closed"> =>
    new Promise((resolve) => {
      socket.once("message", (data) => resolve(data as Buffer));
      socket.once("close", () => resolve("closed"));
    });
  const gone = async (socket: WebSocket) => {
    const closed = once(socket, "close");
    socket.close();
    await closed;
  };

  it("is given to a page with the token, and to one at a time", async () => {
    const mine = open();
    expect((await first(mine)) as Buffer).to.have.length(0);
    expect(await first(open())).to.equal("closed");
    const said = once(mine, "message");
    mine.send(GIVE_LOG);
    const [frame] = new LineFrames().push(Uint8Array.from((await said)[0] as Buffer));
    expect(recordsOf(frame!.octets)[0]).to.include({ event: "started", number: 1 });
    await gone(mine);
    const next = open();
    expect((await first(next)) as Buffer, "free for the next").to.have.length(0);
    await gone(next);
  });

  it("is closed to who has no token, or is another site's page, or none", async () => {
    for (const socket of [open("x"), open(token, "https://example.com"), open(token, "")])
      expect(await first(socket)).to.equal("closed");
  });

  for (const [what, send] of [
    ["text", (socket: WebSocket) => socket.send("text")],
    ["more than the line takes", (socket: WebSocket) => socket.send(new Uint8Array(600))],
    [
      "more than any flasher has under way",
      (socket: WebSocket) => {
        for (let i = 0; i < 140; i++) socket.send(new Uint8Array(512));
      },
    ],
  ] as const)
    it(`sends away who says ${what}, and is free for the next`, async () => {
      const socket = open();
      await first(socket);
      const closed = once(socket, "close");
      send(socket);
      await closed;
      const next = open();
      expect((await first(next)) as Buffer).to.have.length(0);
      await gone(next);
    });
});

describe("what an engineer is told of a swipe", () => {
  const CELL_NS = 400_000;

  /** Track 2 of this text, once, with zeros beside it. */
  function emissionOf(text: string | undefined): Emission {
    const zeros = Array.from({ length: 30 }, () => 0);
    const bits = [...zeros, ...(text === undefined ? [] : trackBits(2, text)), ...zeros];
    const edges = [0];
    for (const bit of bits) {
      const at = edges[edges.length - 1]!;
      edges.push(...(bit === 1 ? [at + CELL_NS / 2, at + CELL_NS] : [at + CELL_NS]));
    }
    const edgesNs = Float64Array.from(edges);
    const endNs = edges[edges.length - 1]!;
    const energyMj = new Battery().emissionMj(endNs);
    const pass = { startNs: 0, endNs, edgesNs, complete: true, energyMj };
    return { startNs: 0, passes: [pass], edgesNs: [edgesNs], energyMj, durationNs: endNs };
  }
  const seen = (text: string | undefined) => seenEmission(emissionOf(text), new Battery(), 7);

  it("is its edges, of a number of the test range", () => {
    const { edgesNs, passes, energyMj, battery } = seen(";9999990000000006=30121011234567890?");
    expect(edgesNs![0]).to.have.length(passes[0]!.edges);
    expect(edgesNs![0]!.slice(0, 2)).to.deep.equal([0, CELL_NS]);
    expect(energyMj).to.be.closeTo((450 * passes[0]!.endNs) / 1e9, 1e-6);
    expect(battery).to.deep.equal({
      ...{ chargeMj: 162_000, capacityMj: 162_000, reserveMj: 3_240, coilMw: 450, idleMw: 0.06 },
    });
  });

  for (const [what, text] of [
    ["a number of another range", ";4000001234567899=30121011777700000042?"],
    ["what cannot be read", undefined],
  ] as const)
    it(`is no edge of ${what}: how many and how long, and what they took`, () => {
      const told = seen(text);
      expect(told).to.not.have.property("edgesNs");
      expect(told.passes[0]!.edges).to.be.greaterThan(50);
      expect(told.energyMj).to.be.greaterThan(0);
      expect(JSON.stringify(told)).to.not.match(/\d{13,}/);
    });
});
