// noble on the Bluetooth of this computer: its adapter, or an HCI controller behind a serial port.

import { createRequire } from "node:module";
import { CommandError, EXIT } from "../exit-codes.js";
import type { StoppableNoble } from "./noble-on.js";

const require = createRequire(import.meta.url);

export interface SerialController {
  readonly port: string;
  readonly baudRate: number;
}

/** Loaded when it is needed: it brings a native part. @throws {CommandError} `BLUETOOTH_UNAVAILABLE` */
export function systemNoble(controller?: SerialController): StoppableNoble {
  try {
    const library = require("@stoprocent/noble") as {
      withBindings(name: string, options?: object): StoppableNoble;
    };
    if (controller === undefined) return library.withBindings("default");
    return library.withBindings("hci", { hciDriver: "uart", bindParams: { uart: controller } });
  } catch (cause) {
    const sentence =
      "Bluetooth cannot be used here: this computer has no adapter that this user may use; check it with bluetoothctl show, or give --device tcp:PORT";
    throw new CommandError("BLUETOOTH_UNAVAILABLE", sentence, EXIT.unavailable, { cause });
  }
}
