// Lines that say nothing, at a door for HTTP that has no more of them to give.

import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { httpDoor, type Refusals } from "../src/index.js";

const NO = { code: "NO", message: "No", http: 400 };
const REFUSALS: Refusals = { of: () => undefined, badRequest: () => NO, unknownRoute: () => NO, failure: () => NO };

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("a door for HTTP with as many lines as it takes", () => {
  let app: FastifyInstance;
  let port: number;
  let release: () => void;
  let slowAsked = 0;
  const sockets: Socket[] = [];

  const start = async (connectionsMax?: number) => {
    app = await httpDoor({ refusals: REFUSALS, title: "a door", ...(connectionsMax && { connectionsMax }) });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    slowAsked = 0;
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
});
