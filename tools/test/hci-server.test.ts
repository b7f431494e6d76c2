// A controller for hosts in other processes: what it does when one of them goes, in whatever way.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Air, Controller } from "@enabling-card/emulator";
import { fromHex } from "@enabling-card/wire";
import { expect } from "chai";
import { type HciServer, serveController, servePty } from "../src/emulate/hci-server.js";
import { needs } from "./programs.js";

/** Connects to the peripheral and says so; then it lives on until it is killed. */
const HOST = `
  const { openSync, writeSync, readSync } = require("node:fs");
  const line = openSync(process.argv[1], "r+");
  for (const command of ["01030c00", "01010c08ffffffffffffff3f", "010d2019600030000000010000eeffc000180028000000 6400 00000000"])
    writeSync(line, Buffer.from(command.replaceAll(" ", ""), "hex"));
  const octets = Buffer.alloc(512);
  for (let heard = ""; !heard.includes("043e1301"); ) heard += octets.toString("hex", 0, readSync(line, octets));
  process.stdout.write("connected");
  setInterval(() => undefined, 1000);
`;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() > end) throw new Error(`never: ${what}`);
}

describe("a controller behind a path", () => {
  const air = new Air({ time: "real" });
  const phone = new Controller(air, { address: "c0:ff:ee:00:00:0a" });
  const card = new Controller(air, { address: "c0:ff:ee:00:00:01" });
  const folder = mkdtempSync(join(tmpdir(), "ecard-test-"));
  let server: HciServer | undefined;
  let host: ChildProcess | undefined;

  afterEach(async () => {
    host?.kill("SIGKILL");
    await server?.close();
    server = undefined;
  });
  after(() => {
    air.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is not had where its folder is missing, or its name is too long, and both are said", async () => {
    const missing = join(folder, "none", "hci");
    const error = await serveController(phone, missing).catch((reason: NodeJS.ErrnoException) => reason);
    expect(error).to.include({ code: "ENOENT", path: join(folder, "none") });
    const long = join(folder, "h".repeat(120));
    const refused = await serveController(phone, long).catch((reason: NodeJS.ErrnoException) => reason);
    expect(refused).to.include({ code: "WRONG_USE" });
    expect((refused as Error).message).to.contain(`this one has ${long.length}: choose a shorter one`);
    expect(readdirSync(folder)).to.deep.equal([]);
    const longest = join(folder, "h".repeat(107 - folder.length - 1));
    server = await serveController(phone, longest);
    expect(readdirSync(folder)).to.deep.equal([longest.slice(folder.length + 1)]);
  });

  /** A host in a process of its own that has connected to the card. */
  async function connected(path: string): Promise<ChildProcess> {
    card.send(fromHex("01030c00"));
    card.send(fromHex("010a200101"));
    host = spawn(process.execPath, ["-e", HOST, path], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    host.stdout!.on("data", (octets) => {
      said += octets;
    });
    await until("connected", () => said === "connected");
    expect(phone.held.size).to.equal(1);
    expect(card.held.size).to.equal(1);
    return host;
  }

  it("on a pseudo-terminal loses its power with a host that is killed, and the card is free for the next, at the same path", async function () {
    needs(this, "socat");
    server = await servePty(phone);
    for (let turn = 0; turn < 2; turn++) {
      (await connected(server.path)).kill("SIGKILL");
      await until("the controller lets go", () => phone.held.size === 0);
      await until("the card hears of it", () => card.held.size === 0);
    }
  });

  it("on a socket gives up a host that does not read", async () => {
    server = await serveController(phone, join(folder, "socket"));
    const socket = connect(server.path);
    socket.pause();
    const gone = new Promise<void>((resolve) => socket.once("error", () => resolve()).once("close", () => resolve()));
    await new Promise((resolve) => socket.once("connect", resolve));
    const asked = fromHex("01021000");
    for (let turn = 0; turn < 40; turn++) {
      socket.write(new Uint8Array(1_000 * asked.length).map((_, at) => asked[at % asked.length]!));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await gone;
  });

  describe("with a host there, and a second one that comes", () => {
    const RESET_ANSWER = "040e0401030c00";
    let first: Socket;
    let second: Socket;
    beforeEach(async () => {
      server = await serveController(phone, join(folder, "second"));
      first = await comes();
      first.write(RESET);
      await heard(first);
      second = await comes();
      second.write(RESET);
    });
    afterEach(() => {
      for (const socket of [first, second]) socket.destroy();
    });
    const RESET = fromHex("01030c00");
    const comes = () =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connect(server!.path, () => resolve(socket));
        socket.once("error", reject);
      });
    const heard = (socket: Socket) =>
      new Promise<string>((resolve, reject) => {
        socket.once("data", (octets) => resolve(octets.toString("hex")));
        socket.once("close", () => reject(new Error("it was sent away")));
      });

    it("lets that one in once the first has gone, and what it had said is answered", async () => {
      const answer = heard(second);
      for (let turn = 0; turn < 10; turn++) {
        first.write(RESET);
        await heard(first);
      }
      first.destroy();
      expect(await answer).to.equal(RESET_ANSWER);
    });

    it("sends that one away where the first stays, who is answered as before", async () => {
      await new Promise((resolve) => second.once("close", resolve).resume());
      const answer = heard(first);
      first.write(RESET);
      expect(await answer).to.equal(RESET_ANSWER);
    });

    it("lets none of them in once it ends", async () => {
      const over = new Promise((resolve) => second.once("close", resolve).resume());
      let answers = 0;
      second.on("data", () => answers++);
      await server!.close();
      await over;
      expect(answers).to.equal(0);
    });
  });
});
