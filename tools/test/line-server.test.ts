import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { sampleKeys, startIssuer } from "@enabling-card/issuer";
import { coilSignal, readSamples, Terminal } from "@enabling-card/pos-sim";
import { Card, type CardError, IssuerClient, MemoryPairingStore } from "@enabling-card/sdk";
import { encodeFrame, FrameReader, tcpTransport } from "@enabling-card/sdk/node";
import { Phase } from "@enabling-card/wire";
import { expect } from "chai";
import { builtFirmware, developmentLog, type LineServer, makeCard, serveLine } from "../src/index.js";

const now = () => Math.floor(Date.now() / 1000);

describe("an emulated card on a port", () => {
  const keys = sampleKeys();
  let card: EmulatedCard;
  let pairingCode: string;
  let server: LineServer;

  beforeEach(async () => {
    const block = new MemoryBlock();
    ({ pairingCode } = await makeCard(block, { keys, log: developmentLog(keys), now: now() }));
    const firmware = await builtFirmware();
    card = (await EmulatedCard.create({ firmware, block, clock: "real", autoPress: true })).start();
    server = await serveLine(card);
  });
  afterEach(async () => {
    await server.close();
    card.stop();
    expect(card.traps).to.deep.equal([]);
    expect(card.violations).to.deep.equal([]);
  });

  const phoneOptions = () => ({
    store: new MemoryPairingStore(),
    phoneName: "TCP phone",
    makerRoot: keys.makerRoot.publicKey,
    timeoutMs: 2_000,
  });
  const transport = (timeoutMs = 2_000) => tcpTransport({ port: server.port, timeoutMs });
  const code = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: CardError) => error.code,
    );

  it("pairs, loads, presents, and its swipe is approved", async () => {
    const service = await startIssuer({ keys, isoPort: 0 });
    try {
      const phone = await Card.pair(transport(), pairingCode, phoneOptions());
      const client = new IssuerClient({ baseUrl: service.url });
      await client.enrol(phone.certificate, "TCP phone");
      const token = await client.createToken(phone.cardId, "EXAMPLE/ALEX");
      const bundle = await client.grant({
        cardId: phone.cardId,
        tokenRef: token.tokenRef,
        challenge: phone.info.challenge,
        checkpointSize: phone.info.checkpointSize,
        domain: { requestor: "test", merchant: "Corner Coffee", channel: 0, country: 276, maxAmount: 2000 },
        maxEmissions: 1,
        kind: "online",
      });
      await phone.load(bundle);
      expect((await phone.present({ when: "now" })).passesSent).to.be.greaterThan(0);
      const emission = card.coil.emission()!;
      const signal = coilSignal(
        { edgesNs: emission.passes[0]!.edgesNs.map((ns) => ns - emission.passes[0]!.startNs), durationNs: 5e8 },
        { sampleRateHz: 48_000 },
      );
      const { reads } = readSamples(signal.samples, signal.sampleRateHz);
      const terminal = new Terminal({ ...service.iso!, merchantName: "Corner Coffee" });
      expect(await terminal.authorise(reads, { amount: 950 })).to.include({ outcome: "answered", approved: true });
      await phone.close();
    } finally {
      await service.close();
    }
  });

  it("is found by its owner, who comes back at once after leaving", async () => {
    const options = phoneOptions();
    await (await Card.pair(transport(), pairingCode, options)).close();
    for (let visit = 0; visit < 5; visit++) {
      const phone = await Card.connect(transport(), { store: options.store, reconnects: 0 });
      expect(phone.info.phase).to.equal(Phase.Empty);
      await phone.close();
    }
    expect(await code(Card.connect(transport(), { store: phoneOptions().store }))).to.equal("PAIRING_UNKNOWN");
  });

  for (const mtu of [23, 517]) {
    it(`has lines of an MTU of ${mtu}`, async () => {
      await server.close();
      server = await serveLine(card, { mtu });
      const link = await transport().connect(`127.0.0.1:${server.port}`);
      expect(link.maxWrite).to.equal(mtu - 3);
      const phone = await Card.pair(link, pairingCode, phoneOptions());
      await phone.close();
    });
  }

  it("lets one phone in at a time", async () => {
    const phone = await Card.pair(transport(), pairingCode, phoneOptions());
    expect(await code(transport().connect(`127.0.0.1:${server.port}`))).to.equal("CARD_NOT_FOUND");
    expect((await phone.refresh()).phase).to.equal(Phase.Empty);
    await phone.close();
    await (await transport().connect(`127.0.0.1:${server.port}`)).close();
  });

  it("that loses its power loses the phone, and is there again with it", async () => {
    const options = phoneOptions();
    const phone = await Card.pair(transport(), pairingCode, options);
    const lost = new Promise((resolve) => phone.subscribe(({ type }) => type === "disconnected" && resolve(type)));
    card.stop();
    await lost;
    expect(await code(transport().connect(`127.0.0.1:${server.port}`))).to.equal("CARD_NOT_FOUND");
    card.start();
    expect((await phone.refresh()).phase).to.equal(Phase.Empty);
    await phone.close();
  });

  const rude: readonly (readonly [string, Uint8Array])[] = [
    ["a chunk before it has the line", encodeFrame(Uint8Array.of(1, 2, 3))],
    ["a frame longer than any", Uint8Array.of(0xff, 0xff, 1)],
    ["the line twice", new Uint8Array([...encodeFrame(), ...encodeFrame()])],
    ["a chunk longer than the line's", new Uint8Array([...encodeFrame(), ...encodeFrame(new Uint8Array(300))])],
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
  ];
  for (const [what, bytes] of rude) {
    it(`sends away who sends ${what}, and is free for the next`, async () => {
      const socket = connect({ port: server.port, host: "127.0.0.1" });
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(bytes);
      await once(socket, "close");
      await pause(5);
      expect(card.lineUp).to.equal(false);
      await (await transport().connect(`127.0.0.1:${server.port}`)).close();
    });
  }

  it("refuses an MTU that no line has, and a port that is taken", async () => {
    const failure = (work: Promise<unknown>) => work.catch((error: { code: string }) => error.code);
    expect(await failure(serveLine(card, { mtu: 22 }))).to.equal("LINE_MTU_INVALID");
    expect(await failure(serveLine(card, { port: server.port }))).to.equal("EADDRINUSE");
  });

  it("greets, hands the line over, and says for each chunk that it was taken", async () => {
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    const reader = new FrameReader();
    const frames: Uint8Array[] = [];
    socket.on("data", (bytes) => frames.push(...reader.push(bytes)!));
    const until = async (count: number) => {
      while (frames.length < count) await once(socket, "data");
    };
    await until(1);
    expect(Buffer.from(frames[0]!).toString("latin1")).to.equal("ECARD\x01\xf4\x00");
    socket.write(encodeFrame());
    await until(2);
    expect(frames[1]).to.have.length(0);
    expect(card.lineUp).to.equal(true);
    socket.write(encodeFrame(Uint8Array.of(0xc0, 9, 9, 9)));
    await until(4);
    expect(frames.slice(2).filter(({ length }) => length === 0)).to.have.length(1);
    expect(frames.slice(2).filter(({ length }) => length > 0)).to.have.length(1); // the card's fault: no such version
    socket.destroy();
  });
});
