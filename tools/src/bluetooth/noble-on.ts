// noble's own stack (its GAP, GATT, ATT and HCI) in this process, above a controller of ours: its socket to the kernel is the one thing replaced.

import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { HciController } from "@enabling-card/emulator";
import { type StoppableNoble, tamed } from "./tamed.js";

const require = createRequire(import.meta.url);

/** What noble is given to bind its socket to. */
interface Below {
  readonly controller: HciController;
}

const DRIVER = "controller";

class Socket extends EventEmitter {
  #controller: HciController | undefined;
  #up = false;
  setFilter(): void {}
  bindRaw(_device: unknown, { controller }: Below): void {
    this.#controller = controller;
  }
  bindUser(device: unknown, below: Below): void {
    this.bindRaw(device, below);
  }
  /** Of the kernel's management channel, which bleno tells its keys. */
  bindControl(): void {}
  reset(): void {}
  isDevUp(): boolean {
    return this.#up;
  }
  start(): void {
    // Not inside `write`: noble asks before it listens.
    this.#controller?.onPacket((packet) => setImmediate(() => this.#up && this.emit("data", Buffer.from(packet))));
    this.#up = true;
    queueMicrotask(() => this.emit("state", true));
  }
  stop(): void {
    this.#up = false;
  }
  write(packet: Buffer): void {
    this.#controller?.send(Uint8Array.from(packet));
  }
}

/** One a controller; several in a process, at the same time too. */
export function nobleOn(controller: HciController): StoppableNoble {
  return tamed(stackOn("@stoprocent/noble", controller));
}

/** A stack of noble's kin: bleno is its peripheral. */
export function stackOn<Stack>(name: string, controller: HciController): Stack {
  const sockets = require("@stoprocent/bluetooth-hci-socket") as { loadDriver: (name: string) => unknown };
  const { loadDriver } = sockets;
  // A stack takes this function once a process, with its first HCI bindings; which controller it is, each socket is told when it is bound.
  sockets.loadDriver = (name) => (name === DRIVER ? Socket : loadDriver(name));
  try {
    const { withBindings } = require(name) as { withBindings(name: string, options: object): Stack };
    return withBindings("hci", { hciDriver: DRIVER, bindParams: { controller } satisfies Below });
  } finally {
    sockets.loadDriver = loadDriver;
  }
}
