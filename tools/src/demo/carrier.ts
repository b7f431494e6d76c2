// What is between phone and card: nothing, or an air with a Bluetooth controller at either end.

import { Air, Controller, type HciController, PHONE_ADDRESS } from "@enabling-card/emulator";
import { type CardTransport, type MemoryCard, memoryTransport } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn } from "../bluetooth/noble-on.js";
import { BrowserPhones } from "../browser/browser-phone.js";
import type { Transport } from "./devices.js";

export interface DemoCarrier {
  /** The card's controller, where it is to have one. */
  readonly radio?: HciController;
  readonly transport: (card: MemoryCard) => CardTransport;
  readonly close: () => Promise<void>;
}

/** @throws {CommandError} `BROWSER_MISSING`, `BROWSER_FAILED`, `BUNDLER_MISSING` of `web-bluetooth` */
export async function openCarrier(transport: Transport): Promise<DemoCarrier> {
  if (transport === "memory") return { transport: (card) => memoryTransport([card]), close: () => Promise.resolve() };
  const phones = transport === "web-bluetooth" ? await BrowserPhones.start() : undefined;
  const air = new Air({ time: "real" });
  const noble = nobleOn(new Controller(air, { address: PHONE_ADDRESS }));
  const phone = await phones?.open(nobleTransport(noble));
  return {
    radio: new Controller(air),
    transport: () => phone?.transport() ?? nobleTransport(noble),
    close: async () => {
      await phone?.close();
      await phones?.close();
      noble.stop();
      air.close();
    },
  };
}
