// Lines that say nothing, or read nothing, at a door for HTTP that has no more of them to give.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { httpDoor, type Refusals } from "../src/index.js";

const NO = { code: "NO", message: "No", http: 400 };
const REFUSALS: Refusals = { of: () => undefined, badRequest: () => NO, unknownRoute: () => NO, failure: () => NO };

/** More than the operating systems of both ends keep between them. */
const LONG = Buffer.alloc(32 * 1024 * 1024);

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("a door for HTTP with as many lines as it takes", () => {
  let app: FastifyInstance;
  let port: number;
  let release: () => void;
  let slowAsked = 0;
  let longAsked = 0;
  const sockets: Socket[] = [];

  const start = async (connectionsMax?: number, requestMs?: number) => {
    const limits = { ...(connectionsMax && { connectionsMax }), ...(requestMs && { requestMs }) };
    app = await httpDoor({ refusals: REFUSALS, title: "a door", ...limits });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    [slowAsked, longAsked] = [0, 0];
    app.get("/long", async () => {
      longAsked++;
      return LONG;
    });
    app.get("/slow", async () => {
      slowAsked++;
      await released;
      return { said: "late" };
    });
    app.get("/quick", () => ({ said: "at once" }));
    app.post("/quick", () => ({ said: "at once" }));
    await app.listen({ host: "127.0.0.1", port: 0 });
    ({ port } = app.server.address() as { port: number });
  };
  afterEach(async () => {
    release();
    for (const socket of sockets.splice(0)) socket.destroy();
    await app.close();
  });

  const silent = async (count: number, says = "") => {
    for (let i = 0; i < count; i++) {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      socket.on("error", () => undefined);
      if (says !== "") socket.write(says);
      await once(socket, "connect");
    }
  };
  /** Asks, and reads nothing of what it is told. */
  const unreading = async (asks: string) => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.pause();
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write(asks);
    return socket;
  };
  const get = (path: string) =>
    new Promise<string>((resolve) => {
      const asking = request({ port, path, agent: false }, async (answer) => {
        let body = "";
        for await (const chunk of answer) body += chunk;
        resolve(body);
      });
      asking.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      asking.end();
    });

  for (const [what, says] of [
    ["say nothing", ""],
    ["say half a head", "GET /quick HTTP/1.1\r\nhost:"],
    ["say no body", "POST /quick HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"],
  ] as const) {
    it(`answers whoever asks, beside 300 that ${what}`, async () => {
      await start();
      await silent(300, says);
      for (let i = 0; i < 3; i++) expect(await get("/quick")).to.equal('{"said":"at once"}');
      const open = await new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
      expect(open).to.be.at.most(256);
    });
  }

  it("closes none whose request waits for its answer, and lets nobody in where all do", async () => {
    await start(2);
    const slow = [get("/slow")];
    while (slowAsked < 1) await pause();
    await silent(5);
    expect(await get("/quick")).to.equal('{"said":"at once"}');
    slow.push(get("/slow"));
    while (slowAsked < 2) await pause();
    expect(await get("/quick")).to.equal("ECONNRESET");
    release();
    expect(await Promise.all(slow)).to.deep.equal(['{"said":"late"}', '{"said":"late"}']);
    expect(await get("/quick")).to.equal('{"said":"at once"}');
  });

  it("ends a line whose body does not come, and none whose body is there and whose answer is late", async () => {
    await start(undefined, 200);
    const late = get("/slow");
    while (slowAsked < 1) await pause();
    const head = "POST /quick HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n";
    for (const drips of [false, true]) {
      const body = (await unreading(`${head}{`)).resume();
      let told = "";
      body.on("data", (octets) => {
        told += octets;
      });
      const dripping = setInterval(() => drips && body.write(" "), 50);
      await once(body, "close");
      clearInterval(dripping);
      expect(told).to.match(/^HTTP\/1\.1 400 /);
    }
    release();
    expect(await late).to.equal('{"said":"late"}');
  });

  it("makes no answers for a line that asks for more than it reads, and ends it", async () => {
    await start();
    let parsed = 0;
    const count = () => {
      parsed++;
    };
    subscribe("http.server.request.start", count);
    const socket = await unreading("GET /long HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1500));
    await once(socket.resume(), "close");
    unsubscribe("http.server.request.start", count);
    expect(longAsked).to.equal(8);
    expect(parsed, "of one read").to.be.at.most(64);
    const answers = await unreading("GET /quick HTTP/1.1\r\nhost: x\r\n\r\n".repeat(8));
    let told = "";
    for await (const chunk of answers) {
      told += chunk;
      if (told.split("at once").length > 8) break;
    }
    expect(told.split("HTTP/1.1 200").length - 1, "eight at once are answered").to.equal(8);
  });

  it("ends a line that reads nothing of its answer, and gives its place away before", async () => {
    await start(2, 500);
    const first = await unreading("GET /long HTTP/1.1\r\nhost: x\r\n\r\n");
    const second = await unreading("GET /long HTTP/1.1\r\nhost: x\r\n\r\n");
    while (longAsked < 2) await pause();
    expect(await get("/quick")).to.equal('{"said":"at once"}');
    const open = () => new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
    while ((await open()) > 0) await pause();
    first.destroy();
    second.destroy();
  });
});
