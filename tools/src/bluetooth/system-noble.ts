// noble on the Bluetooth of this computer: its adapter, or an HCI controller behind a serial port.

import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { platform } from "node:os";
import { CommandError, EXIT } from "../exit-codes.js";
import { type StoppableNoble, tamed } from "./tamed.js";

const require = createRequire(import.meta.url);

export interface SerialController {
  readonly port: string;
  readonly baudRate: number;
}

/** Loaded when it is needed: it brings a native part. @throws {CommandError} `BLUETOOTH_UNAVAILABLE` */
export function systemNoble(controller?: SerialController): StoppableNoble {
  if (controller === undefined && adapters()?.length === 0) throw unavailable();
  try {
    const library = require("@stoprocent/noble") as {
      withBindings(name: string, options?: object): StoppableNoble;
    };
    if (controller === undefined) return tamed(library.withBindings("default"));
    return tamed(library.withBindings("hci", { hciDriver: "uart", bindParams: { uart: controller } }));
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** A controller that has not answered by then is none, or another program has it. */
const ANSWER_MS = 4_000;

/**
 * noble above the controller, once it answers.
 *
 * @throws {CommandError} `BLUETOOTH_UNAVAILABLE`, `CONTROLLER_UNAVAILABLE`; what aborted `signal`
 */
export async function nobleOnController(controller: SerialController, signal?: AbortSignal): Promise<StoppableNoble> {
  const { port } = controller;
  // noble looks for a port that is not there for ten seconds, and says no word of it.
  if (platform() !== "win32" && !isDevice(port)) throw silent(port, "there is no serial port");
  const noble = systemNoble(controller);
  const answers = noble.waitForPoweredOnAsync(ANSWER_MS).catch((cause: unknown) => {
    throw silent(port, "no Bluetooth controller answers", cause);
  });
  try {
    await (signal === undefined ? answers : Promise.race([answers, abortion(signal)]));
  } catch (error) {
    answers.catch(() => undefined);
    noble.stop();
    throw error;
  }
  return noble;
}

function isDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() ?? false;
}

function silent(port: string, what: string, cause?: unknown): CommandError {
  const todo =
    "give the path that ecard emulate --pty says, or the port of a controller that no other program has open";
  return new CommandError("CONTROLLER_UNAVAILABLE", `${port}: ${what}: ${todo}`, EXIT.unavailable, { cause });
}

function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** This computer's adapters, by name; undefined where the system does not tell. noble on Linux says of none only that it is not on. */
export function adapters(): readonly string[] | undefined {
  if (platform() !== "linux") return undefined;
  try {
    return readdirSync("/sys/class/bluetooth");
  } catch {
    return [];
  }
}

function unavailable(cause?: unknown): CommandError {
  const sentence =
    "This computer has no Bluetooth adapter that can be used: plug one in, or give --device tcp:PORT, or ble:PATH of a controller";
  return new CommandError("BLUETOOTH_UNAVAILABLE", sentence, EXIT.unavailable, { cause });
}
