// noble's own stack (its GAP, GATT, ATT and HCI) in this process, above a controller of ours: its socket to the kernel is the one thing replaced.

import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { HciController } from "@enabling-card/emulator";
import type { Noble } from "@enabling-card/sdk/node";

const require = createRequire(import.meta.url);

/** Noble, and what ends it. */
export type StoppableNoble = Noble & { stop(): void };

/** Noble takes its socket's class once a process: each new socket is above this controller. */
let below: HciController;

class Socket extends EventEmitter {
  readonly #controller = below;
  #up = false;
  setFilter(): void {}
  bindRaw(): void {}
  bindUser(): void {}
  reset(): void {}
  isDevUp(): boolean {
    return this.#up;
  }
  start(): void {
    // Not inside `write`: noble asks before it listens.
    this.#controller.onPacket((packet) => setImmediate(() => this.#up && this.emit("data", Buffer.from(packet))));
    this.#up = true;
    queueMicrotask(() => this.emit("state", true));
  }
  stop(): void {
    this.#up = false;
  }
  write(packet: Buffer): void {
    this.#controller.send(Uint8Array.from(packet));
  }
}

/** One a controller; several in a process, at the same time too. */
export function nobleOn(controller: HciController): StoppableNoble {
  below = controller;
  require("@stoprocent/bluetooth-hci-socket").loadDriver = () => Socket;
  const noble = require("@stoprocent/noble").withBindings("hci", {}) as StoppableNoble & { readonly state: string };
  void noble.state; // asked for it, noble makes its socket: now, and not when another controller is the newest
  return noble;
}
