// The line of an emulated card on a WebSocket: the SDK's transport at one end, and whoever must stay out.
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { sampleKeys } from "@enabling-card/issuer";
import {
  CARD_PROTOCOL,
  CARD_TOKEN,
  Card,
  type CardError,
  MemoryPairingStore,
  type WebSocketLike,
  webSocketTransport,
} from "@enabling-card/sdk";
import { Phase } from "@enabling-card/wire";
import { expect } from "chai";
import { WebSocket } from "ws";
import { serveCardSocket } from "../src/companion/card-socket.js";
import { builtFirmware, developmentLog, makeCard } from "../src/index.js";

const TOKEN = "a-token_of-this-test";
const keys = sampleKeys();

describe("an emulated card on a WebSocket", () => {
  let card: EmulatedCard;
  let pairingCode: string;
  let server: Server;
  let port: number;
  let stop: () => void;

  beforeEach(async () => {
    const block = new MemoryBlock();
    const now = Math.floor(Date.now() / 1000);
    ({ pairingCode } = await makeCard(block, { keys, log: developmentLog(keys), now }));
    card = (
      await EmulatedCard.create({ firmware: await builtFirmware(), block, clock: "real", autoPress: true })
    ).start();
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
    stop = serveCardSocket(server, card, { path: "/card", token: TOKEN });
  });
  afterEach(async () => {
    stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    card.stop();
    expect(card.traps).to.deep.equal([]);
    expect(card.violations).to.deep.equal([]);
  });

  /** What a page would open: of this origin. */
  const opened: WebSocket[] = [];
  const open = (url: string, protocols: string[], origin = `http://127.0.0.1:${port}`): WebSocketLike => {
    const socket = new WebSocket(url, protocols, { origin });
    socket.on("error", () => undefined); // a page's own says nothing either
    opened.push(socket);
    return socket as unknown as WebSocketLike;
  };
  const transport = (token = TOKEN, path = "/card") =>
    webSocketTransport({ url: `ws://127.0.0.1:${port}${path}`, token, open, timeoutMs: 2_000 });
  const phoneOptions = () => ({
    store: new MemoryPairingStore(),
    phoneName: "A page",
    makerRoot: keys.makerRoot.publicKey,
    timeoutMs: 2_000,
  });
  const id = () => `127.0.0.1:${port}`;
  const code = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: CardError) => error.code,
    );

  it("pairs, comes back, and is free again behind each", async () => {
    const options = phoneOptions();
    await (await Card.pair(transport(), pairingCode, options)).close();
    for (let visit = 0; visit < 3; visit++) {
      const phone = await Card.connect(transport(), { store: options.store, reconnects: 0 });
      expect(phone.info.phase).to.equal(Phase.Empty);
      await phone.close();
    }
    expect(card.lineUp).to.equal(false);
  });

  it("is found with what it advertises, and lets one phone in at a time", async () => {
    const options = phoneOptions();
    const phone = await Card.pair(transport(), pairingCode, options);
    expect(await code(transport().connect(id()))).to.equal("CARD_NOT_FOUND");
    await phone.close();
    const found = [];
    for await (const one of transport().discover()) found.push(one);
    expect(found.map((one) => [one.id, one.identifier?.length])).to.deep.equal([[id(), 16]]);
  });

  it("that loses its power loses the phone", async () => {
    const phone = await Card.pair(transport(), pairingCode, phoneOptions());
    const lost = new Promise((resolve) => phone.subscribe(({ type }) => type === "disconnected" && resolve(type)));
    card.stop();
    await lost;
    expect(await code(transport().connect(id()))).to.equal("CARD_NOT_FOUND");
    card.start();
    expect((await phone.refresh()).phase).to.equal(Phase.Empty);
    await phone.close();
  });

  it("lets no page in without the token, or at another path", async () => {
    for (const wrong of ["another", `${TOKEN}x`, TOKEN.slice(1), "x"])
      expect(await code(transport(wrong).connect(id())), wrong).to.equal("CARD_NOT_FOUND");
    expect(await code(transport(TOKEN, "/other").connect(id()))).to.equal("CARD_NOT_FOUND");
    expect(await code(transport(TOKEN, "/card?x").connect(id()))).to.equal("CARD_NOT_FOUND");
  });

  /** HTTP's status and our code where an upgrade is refused. */
  const upgrade = (headers: Record<string, string>): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request({
        ...{ host: "127.0.0.1", port, path: "/card" },
        headers: {
          ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
          "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
          "sec-websocket-protocol": `${CARD_PROTOCOL}, ${CARD_TOKEN}${TOKEN}`,
          origin: `http://127.0.0.1:${port}`,
          ...headers,
        },
      });
      asked.on("response", (answer) => {
        let body = "";
        answer.on("data", (piece) => {
          body += piece;
        });
        answer.on("end", () => resolve(`${answer.statusCode} ${JSON.parse(body).code}`));
      });
      asked.on("upgrade", (answer, socket) => {
        socket.destroy();
        resolve(`${answer.statusCode} ${answer.headers["sec-websocket-protocol"]}`);
      });
      asked.on("error", reject);
      asked.end();
    });

  it("lets in whoever is of its own origin by its own name, and says the token to nobody", async () => {
    expect(await upgrade({})).to.equal(`101 ${CARD_PROTOCOL}`);
    const named = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
    expect(await upgrade(named)).to.equal(`101 ${CARD_PROTOCOL}`);
  });

  for (const [who, headers, answer] of [
    ["another site's page", () => ({ origin: "https://example.com" }), "403 ORIGIN_WRONG"],
    ["a page of another port", () => ({ origin: "http://127.0.0.1:1" }), "403 ORIGIN_WRONG"],
    ["a page of the other name", () => ({ origin: `http://localhost:${port}` }), "403 ORIGIN_WRONG"],
    ["a sandboxed page", () => ({ origin: "null" }), "403 ORIGIN_WRONG"],
    ["a name that leads here", () => ({ host: `card.example:${port}` }), "403 HOST_WRONG"],
    ["another port's name", () => ({ host: "127.0.0.1:1" }), "403 HOST_WRONG"],
    ["no token", () => ({ "sec-websocket-protocol": CARD_PROTOCOL }), "401 TOKEN_WRONG"],
    ["the token alone", () => ({ "sec-websocket-protocol": `${CARD_TOKEN}${TOKEN}` }), "401 TOKEN_WRONG"],
  ] as const) {
    it(`does not let in ${who}: ${answer}`, async () => {
      expect(await upgrade(headers() as Record<string, string>)).to.equal(answer);
    });
  }

  it("does not let in who says no origin", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/card`, [CARD_PROTOCOL, CARD_TOKEN + TOKEN]);
    const [error] = (await once(socket, "error")) as [Error];
    expect(error.message).to.contain("403");
  });

  for (const [what, send] of [
    ["text", (socket: WebSocket) => socket.send("ECARD")],
    ["a chunk before it has the line", (socket: WebSocket) => socket.send(new Uint8Array(3))],
    ["more than any chunk", (socket: WebSocket) => socket.send(new Uint8Array(515))],
    [
      "a second request for the line",
      (socket: WebSocket) => [0, 0].map((length) => socket.send(new Uint8Array(length))),
    ],
    [
      "a chunk longer than the line's",
      (socket: WebSocket) => [0, 245].map((length) => socket.send(new Uint8Array(length))),
    ],
  ] as const) {
    it(`sends away who sends ${what}, and is free for the next`, async () => {
      open(`ws://127.0.0.1:${port}/card`, [CARD_PROTOCOL, CARD_TOKEN + TOKEN]);
      const socket = opened.at(-1)!;
      await once(socket, "message");
      send(socket);
      await once(socket, "close");
      await (await transport().connect(id())).close();
    });
  }
});

describe("the WebSocket transport", () => {
  const refused = (url: string, token = TOKEN) =>
    expect(() => webSocketTransport({ url, token }))
      .to.throw()
      .with.property("code", "ARGUMENT_INVALID");

  it("goes to this computer alone", () => {
    for (const url of [
      "ws://192.0.2.1/card",
      "ws://card.example/card",
      "wss://127.0.0.1/card",
      "http://127.0.0.1/card",
      "card",
    ])
      refused(url);
    for (const url of ["ws://127.0.0.1:7090/card", "ws://localhost:7090/card", "ws://[::1]:7090/card"])
      expect(webSocketTransport({ url, token: TOKEN })).to.have.property("connect");
  });

  it("refuses a token that is no subprotocol", () => {
    for (const token of ["", "a b", "a,b", "a".repeat(129), "ä"]) refused("ws://127.0.0.1:7090/card", token);
  });

  /** A socket whose other end is in the test's hands. */
  const scripted = (protocol = CARD_PROTOCOL) => {
    const socket: WebSocketLike & { readonly sent: Uint8Array[]; closed: boolean } = {
      ...{ binaryType: "", protocol, onopen: null, onmessage: null, onclose: null, sent: [], closed: false },
      send: (data) => void socket.sent.push(data),
      close: () => {
        socket.closed = true;
      },
    };
    const connecting = webSocketTransport({
      ...{ url: "ws://127.0.0.1:7090/card", token: TOKEN, timeoutMs: 50 },
      open: () => socket,
    }).connect("127.0.0.1:7090");
    return { socket, connecting };
  };
  const outcome = (work: Promise<unknown>) =>
    work.then(
      () => "connected",
      (error: CardError) => error.code,
    );

  it("takes no card from a server that does not speak of one", async () => {
    for (const say of [
      (socket: WebSocketLike) => socket.onopen!(undefined as never),
      (socket: WebSocketLike) => socket.onmessage!({ data: "ECARD" }),
      (socket: WebSocketLike) => socket.onmessage!({ data: new ArrayBuffer(3) }),
      (socket: WebSocketLike) => socket.onclose!(undefined as never),
    ]) {
      const { socket, connecting } = scripted("");
      say(socket);
      expect(await outcome(connecting)).to.equal("CARD_NOT_FOUND");
      expect(socket.closed).to.equal(true);
    }
  });

  it("does not wait for ever for one who says nothing", async () => {
    const { socket, connecting } = scripted();
    expect(await outcome(connecting)).to.equal("LINK_TIMEOUT");
    expect(socket.closed).to.equal(true);
  });
});
