// noble on the Bluetooth of this computer: its adapter, or an HCI controller behind a serial port.

import { readdirSync } from "node:fs";
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
  if (controller === undefined && platform() === "linux" && !hasAdapter()) throw unavailable();
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

/** noble on Linux says of no adapter only that it is not on. */
function hasAdapter(): boolean {
  try {
    return readdirSync("/sys/class/bluetooth").length > 0;
  } catch {
    return false;
  }
}

function unavailable(cause?: unknown): CommandError {
  const sentence =
    "This computer has no Bluetooth adapter that can be used: plug one in, or give --device tcp:PORT, or ble:PATH of a controller";
  return new CommandError("BLUETOOTH_UNAVAILABLE", sentence, EXIT.unavailable, { cause });
}
