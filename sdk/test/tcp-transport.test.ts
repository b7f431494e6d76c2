import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import type { CardError, DiscoveredCard } from "../src/index.js";
import { decodeGreeting, encodeFrame, encodeGreeting, FrameReader, tcpTransport } from "../src/node/index.js";
import { expectError } from "./expect-error.js";

const GREETING = encodeFrame(encodeGreeting({ maxWrite: 20 }));

describe("frames of a card's line over TCP", () => {
  it("come together again however the stream is cut", () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 514 }), { maxLength: 8 });
    fc.assert(
      fc.property(chunks, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (frames, sizes) => {
        const stream = Buffer.concat(frames.map((frame) => encodeFrame(frame)));
        const reader = new FrameReader();
        const got: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; at += sizes[i++ % sizes.length]!) {
          got.push(...reader.push(stream.subarray(at, at + sizes[i % sizes.length]!))!);
        }
        expect(got.map((one) => [...one])).to.deep.equal(frames.map((one) => [...one]));
      }),
    );
  });

  it("of more than 514 octets end the stream, before they are kept", () => {
    expect(new FrameReader().push(Uint8Array.of(0x03, 0x02))).to.equal(undefined);
    expect(new FrameReader().push(Uint8Array.of(0x02, 0x02))).to.deep.equal([]);
  });

  it("greet with the longest chunk and the identifier, and nothing else is a greeting", () => {
    const identifier = new Uint8Array(16).fill(7);
    expect(decodeGreeting(encodeGreeting({ maxWrite: 244, identifier }))).to.deep.equal({ maxWrite: 244, identifier });
    expect(decodeGreeting(encodeGreeting({ maxWrite: 20 }))).to.deep.equal({ maxWrite: 20 });
    const good = encodeGreeting({ maxWrite: 20 });
    for (let i = 0; i < good.length; i++) {
      expect(decodeGreeting(good.subarray(0, i)), `cut at ${i}`).to.equal(undefined);
    }
    for (let i = 0; i < 6; i++) {
      const other = good.slice();
      other[i]! ^= 0x80;
      expect(decodeGreeting(other), `octet ${i}`).to.equal(undefined);
    }
    expect(decodeGreeting(encodeGreeting({ maxWrite: 515 }))).to.equal(undefined);
  });
});

describe("the TCP transport", () => {
  let server: Server;
  let port: number;
  let sockets: Socket[];
  /** What the other side does with each connection. */
  let attend: (socket: Socket) => void;

  beforeEach(async () => {
    sockets = [];
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      attend(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const transport = (timeoutMs = 200) => tcpTransport({ port, timeoutMs });
  const connect = (signal?: AbortSignal) => transport().connect(`127.0.0.1:${port}`, { ...(signal && { signal }) });
  const found = async (signal?: AbortSignal): Promise<DiscoveredCard[]> => {
    const cards: DiscoveredCard[] = [];
    for await (const card of transport().discover(signal)) cards.push(card);
    return cards;
  };
  /** A card that greets, hands the line over and takes `chunks` chunks; it hears them. */
  const card = (chunks = Number.POSITIVE_INFINITY, heard: Uint8Array[] = []) => {
    attend = (socket) => {
      const reader = new FrameReader();
      let taken = -1;
      socket.write(GREETING);
      socket.on("data", (bytes) => {
        for (const frame of reader.push(bytes)!) {
          if (++taken > 0) heard.push(frame);
          if (taken <= chunks) socket.write(encodeFrame());
        }
      });
    };
    return heard;
  };

  it("finds a card with what it advertises, without taking its line", async () => {
    const identifier = new Uint8Array(16).fill(3);
    let heard = 0;
    attend = (socket) => {
      socket.write(encodeFrame(encodeGreeting({ maxWrite: 20, identifier })));
      socket.on("data", ({ length }) => {
        heard += length;
      });
    };
    expect(await found()).to.deep.equal([{ id: `127.0.0.1:${port}`, identifier }]);
    expect(heard).to.equal(0);
  });

  it("finds nothing where nobody answers, greets, or is waited for", async () => {
    attend = (socket) => socket.end();
    expect(await found()).to.deep.equal([]);
    attend = () => undefined;
    expect(await found()).to.deep.equal([]);
    card();
    expect(await found(AbortSignal.abort())).to.deep.equal([]);
  });

  const refusals: readonly (readonly [string, (socket: Socket) => void, "CARD_NOT_FOUND" | "LINK_TIMEOUT"])[] = [
    ["who lets nobody in", (socket) => socket.end(), "CARD_NOT_FOUND"],
    ["who resets", (socket) => socket.resetAndDestroy(), "CARD_NOT_FOUND"],
    ["who says nothing", () => undefined, "LINK_TIMEOUT"],
    ["who is no card", (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"), "CARD_NOT_FOUND"],
    ["who greets and goes", (socket) => socket.end(GREETING), "CARD_NOT_FOUND"],
    ["who greets and keeps the line", (socket) => socket.write(GREETING), "LINK_TIMEOUT"],
  ];
  for (const [who, behaves, code] of refusals) {
    it(`does not connect to one ${who}: ${code}`, async () => {
      attend = behaves;
      await expectError(() => connect(), code);
    });
  }

  it("does not connect where nothing listens, or to another name: CARD_NOT_FOUND", async () => {
    card();
    await expectError(() => transport().connect("another"), "CARD_NOT_FOUND");
    const gone = port;
    await new Promise((resolve) => server.close(resolve));
    await expectError(() => tcpTransport({ port: gone }).connect(`127.0.0.1:${gone}`), "CARD_NOT_FOUND");
    server.listen(0, "127.0.0.1");
  });

  it("refuses a port that is none", () => {
    for (const bad of [0, 65_536, 1.5, Number.NaN]) {
      expect(() => tcpTransport({ port: bad }))
        .to.throw()
        .with.property("code", "ARGUMENT_INVALID");
    }
  });

  it("can be cancelled before, while it connects, and while it waits for the card", async () => {
    attend = () => undefined;
    await expectError(() => connect(AbortSignal.abort()), "ABORTED");
    await expectError(() => connect(AbortSignal.timeout(20)), "ABORTED");
    card(0);
    const link = await connect();
    const write = link.write(Uint8Array.of(1), { response: true, signal: AbortSignal.timeout(20) });
    await expectError(() => write, "ABORTED");
    await link.close();
  });

  it("leaves no timer behind where it does not connect", async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    attend = () => undefined;
    await turn(); // the test runner's own timer runs
    const before = timers();
    const abort = new AbortController();
    const waiting = tcpTransport({ port, timeoutMs: 30_000 });
    const connecting = waiting.connect(`127.0.0.1:${port}`, { signal: abort.signal });
    connecting.catch(() => undefined);
    await turn();
    abort.abort();
    await expectError(() => connecting, "ABORTED");
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
    await expectError(() => waiting.connect(`127.0.0.1:${port}`), "CARD_NOT_FOUND");
    await turn();
    expect(timers()).to.be.at.most(before);
  });

  it("writes chunks in order; with response it waits until the card has taken each", async () => {
    const heard = card(2);
    const link = await connect();
    expect(link.maxWrite).to.equal(20);
    await link.write(Uint8Array.of(1), { response: false });
    await link.write(Uint8Array.of(2, 2), { response: true });
    expect(heard.map((chunk) => [...chunk])).to.deep.equal([[1], [2, 2]]);
    const reasons: CardError[] = [];
    link.onDisconnect((reason) => reasons.push(reason));
    await expectError(() => link.write(Uint8Array.of(3), { response: true }), "LINK_TIMEOUT");
    expect(reasons.map(({ code }) => code)).to.deep.equal(["LINK_TIMEOUT"]);
    await expectError(() => link.write(Uint8Array.of(4), { response: false }), "LINK_TIMEOUT");
  });

  it("takes no chunk that the line does not", async () => {
    card();
    const link = await connect();
    await expectError(() => link.write(new Uint8Array(21), { response: true }), "ARGUMENT_INVALID");
    await expectError(() => link.write(new Uint8Array(0), { response: true }), "ARGUMENT_INVALID");
    await link.close();
  });

  it("keeps what the card says before anybody listens, and says when the link goes", async () => {
    card();
    const link = await connect();
    sockets[0]!.write(encodeFrame(Uint8Array.of(7)));
    await link.write(Uint8Array.of(1), { response: true });
    const chunks: number[][] = [];
    const stop = await link.subscribe((chunk) => chunks.push([...chunk]));
    expect(chunks).to.deep.equal([[7]]);
    stop();
    const lost = new Promise<CardError>((resolve) => link.onDisconnect(resolve));
    const waiting = link.write(Uint8Array.of(2), { response: true });
    waiting.catch(() => undefined);
    sockets[0]!.resetAndDestroy();
    expect((await lost).code).to.equal("LINK_LOST");
    await waiting.catch(() => undefined);
    await expectError(() => link.write(Uint8Array.of(3), { response: false }), "LINK_LOST");
    const late: CardError[] = [];
    link.onDisconnect((reason) => late.push(reason));
    expect(late.map(({ code }) => code)).to.deep.equal(["LINK_LOST"]);
  });

  const floods: readonly (readonly [string, Uint8Array])[] = [
    ["a chunk longer than the line's", encodeFrame(new Uint8Array(21))],
    ["a frame longer than any", Uint8Array.of(0xff, 0xff)],
    ["chunks without end that nobody listens to", Buffer.concat(Array(20).fill(encodeFrame(Uint8Array.of(1))))],
  ];
  for (const [what, bytes] of floods) {
    it(`ends the link of a card that sends ${what}: LINK_LOST`, async () => {
      card();
      const link = await connect();
      const lost = new Promise<CardError>((resolve) => link.onDisconnect(resolve));
      sockets[0]!.write(bytes);
      expect((await lost).code).to.equal("LINK_LOST");
    });
  }

  it("closes once for all, and in bounded time whatever the card does", async () => {
    attend = (socket) => {
      socket.pause();
      socket.write(Buffer.concat([GREETING, encodeFrame()]));
    };
    server.close();
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      attend(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
    await expectError(() => connect(), "CARD_NOT_FOUND"); // greeting and line in one: a card waits to be asked
    card();
    const link = await connect();
    const reasons: CardError[] = [];
    link.onDisconnect((reason) => reasons.push(reason));
    const started = Date.now();
    await Promise.all([link.close(), link.close()]);
    await link.close();
    expect(Date.now() - started).to.be.lessThan(1_500);
    expect(reasons.map(({ code }) => code)).to.deep.equal(["LINK_CLOSED"]);
    await expectError(() => link.write(Uint8Array.of(1), { response: true }), "LINK_CLOSED");
  });
});
