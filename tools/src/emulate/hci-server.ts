// A Bluetooth controller for hosts in other processes: H4 on a Unix socket, or on a pseudo-terminal in front of it, as a controller chip's serial
// port is. One host at a time; when it goes, the controller's power goes, as no host knows what another one left.

import { spawn } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { H4Packets, type HciController } from "@enabling-card/emulator";
import { CommandError, EXIT } from "../exit-codes.js";

export interface HciServer {
  /** What a host opens. */
  readonly path: string;
  /** Ends its connection and gives the path back. */
  close(): Promise<void>;
}

/** @param path - A Unix socket that is not there yet. @throws Node's `EADDRINUSE`, `EACCES` where it cannot be had. */
export async function serveController(controller: HciController, path: string): Promise<HciServer> {
  let host: Socket | undefined;
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined); // "close" follows
    if (host !== undefined) {
      socket.destroy();
      return;
    }
    host = socket;
    const packets = new H4Packets();
    controller.onPacket((packet) => socket.write(packet));
    socket.on("data", (octets) => {
      for (const packet of packets.push(octets)) controller.send(packet);
    });
    socket.on("close", () => {
      host = undefined;
      controller.powerOff();
    });
  });
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

/** The same behind a pseudo-terminal, which socat makes. @throws {CommandError} `PTY_UNAVAILABLE` */
export async function servePty(controller: HciController): Promise<HciServer> {
  const folder = mkdtempSync(join(tmpdir(), "ecard-hci-"));
  const server = await serveController(controller, join(folder, "socket"));
  const link = join(folder, "pty");
  const ends = [`PTY,link=${link},raw,echo=0`, `UNIX-CONNECT:${join(folder, "socket")}`];
  const socat = spawn("socat", ends, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let over = false;
  socat.stderr.on("data", (octets: Buffer) => {
    said = `${said}${octets}`.slice(-500);
  });
  socat.once("error", (error) => {
    said = error.message;
    over = true;
  });
  socat.once("exit", () => {
    over = true;
  });
  const close = async () => {
    socat.kill();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const until = Date.now() + LINK_MS; ; await delay(5)) {
    const path = pointedTo(link);
    if (path !== undefined) return { path, close };
    if (!over && Date.now() < until) continue;
    await close();
    const sentence = `No pseudo-terminal can be had (${said.trim() || "no word"}): install socat, apt-get install socat, or give --hci a path`;
    throw new CommandError("PTY_UNAVAILABLE", sentence, EXIT.unavailable);
  }
}

function pointedTo(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
