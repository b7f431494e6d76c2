// What is between phone and card: nothing, or an air with a Bluetooth controller at either end.

import { Air, Controller, type HciController, PHONE_ADDRESS } from "@enabling-card/emulator";
import { type CardTransport, type MemoryCard, memoryTransport } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn } from "../bluetooth/noble-on.js";
import type { Transport } from "./devices.js";

export interface DemoCarrier {
  /** The card's controller, where it is to have one. */
  readonly radio?: HciController;
  readonly transport: (card: MemoryCard) => CardTransport;
  readonly close: () => void;
}

export function openCarrier(transport: Transport): DemoCarrier {
  if (transport === "memory") return { transport: (card) => memoryTransport([card]), close: () => undefined };
  const air = new Air({ time: "real" });
  const noble = nobleOn(new Controller(air, { address: PHONE_ADDRESS }));
  return {
    radio: new Controller(air),
    transport: () => nobleTransport(noble),
    close: () => {
      noble.stop();
      air.close();
    },
  };
}
