// A Bluetooth controller for hosts in other processes: H4 on a Unix socket, or on a pseudo-terminal in front of it, as a controller chip's serial
// port is. One host at a time; when it goes, the controller's power goes, as no host knows what another one left. Who comes while one goes waits for that.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { H4Packets, type HciController } from "@enabling-card/emulator";
import { CommandError, EXIT } from "../exit-codes.js";

export interface HciServer {
  /** What a host opens. */
  readonly path: string;
  /** Ends its connection and gives the path back. */
  close(): Promise<void>;
}

/** A host that reads no more is given up behind so many octets. */
const BACKLOG_MAX = 2 ** 20;

/** A host that comes while another one is there waits so long for its end: one that has gone may not have been seen to. */
const LEAVING_MS = 1_000;

/** Octets of a Unix socket's path: what the system's structure holds, but its end. Node cuts a longer one off and says nothing. */
const PATH_MAX = platform() === "darwin" ? 103 : 107;

/**
 * @param path - A Unix socket that is not there yet.
 * @throws {CommandError} `WRONG_USE` for a path that is too long; Node's `ENOENT`, `EADDRINUSE`, `EACCES` where it cannot be had
 */
export async function serveController(controller: HciController, path: string): Promise<HciServer> {
  const octets = Buffer.byteLength(path);
  if (octets > PATH_MAX)
    throw new CommandError(
      "WRONG_USE",
      `A socket's path has at most ${PATH_MAX} octets, and this one has ${octets}: choose a shorter one, as /tmp/card-hci (${path})`,
      EXIT.usage,
    );
  // Of a folder that is not there Node says EACCES.
  accessSync(dirname(path), constants.W_OK);
  let host: Socket | undefined;
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined); // "close" follows
    come(socket);
  });
  const come = (socket: Socket): void => {
    if (socket.destroyed) return;
    if (!server.listening) socket.destroy();
    else if (host === undefined) serve(socket);
    else {
      const timer = setTimeout(() => socket.destroy(), LEAVING_MS);
      host.once("close", () => {
        clearTimeout(timer);
        come(socket);
      });
    }
  };
  const serve = (socket: Socket): void => {
    host = socket;
    const packets = new H4Packets();
    controller.onPacket((packet) => {
      if (socket.writableLength > BACKLOG_MAX) socket.destroy();
      else socket.write(packet);
    });
    socket.on("data", (octets) => {
      for (const packet of packets.push(octets)) controller.send(packet);
    });
    socket.on("close", () => {
      host = undefined;
      controller.powerOff();
    });
  };
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        host?.destroy();
      }),
  };
}

const LINK_MS = 5_000;

/** How often socat looks whether a host has opened its end, s. */
const LOOK_S = 0.01;

/**
 * The same behind a pseudo-terminal, which socat makes. socat does not hold the host's end open (`wait-slave`), so that it hears when the last host has
 * closed it, a killed one too; it ends then, and with it the host's connection. The next one has the next host, at the same path.
 *
 * @throws {CommandError} `PTY_UNAVAILABLE`
 */
export async function servePty(controller: HciController): Promise<HciServer> {
  const folder = mkdtempSync(join(tmpdir(), "ecard-hci-"));
  const socket = join(folder, "socket");
  const path = join(folder, "pty");
  const server = await serveController(controller, socket);
  let socat: ChildProcess;
  let said = "";
  let isOver = false;
  const begin = () => {
    const ends = [`PTY,link=${path},raw,echo=0,wait-slave,pty-interval=${LOOK_S}`, `UNIX-CONNECT:${socket}`];
    socat = spawn("socat", ends, { stdio: ["ignore", "ignore", "pipe"] });
    socat.stderr!.on("data", (octets: Buffer) => {
      said = `${said}${octets}`.slice(-500);
    });
    socat.once("error", (error) => {
      said = error.message;
      isOver = true;
    });
    socat.once("exit", (code) => {
      if (code === 0 && !isOver) begin();
      else isOver = true;
    });
  };
  const close = async () => {
    isOver = true;
    socat.kill();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  begin();
  for (const until = Date.now() + LINK_MS; ; await delay(5)) {
    if (existsSync(path)) return { path, close };
    if (!isOver && Date.now() < until) continue;
    await close();
    const sentence = `No pseudo-terminal can be had (${said.trim() || "no word"}): install socat, apt-get install socat, or give --hci a path`;
    throw new CommandError("PTY_UNAVAILABLE", sentence, EXIT.unavailable);
  }
}
