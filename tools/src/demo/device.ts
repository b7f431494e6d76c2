// The card of the demonstration: the emulated one, or the microcontroller's image in QEMU.

import {
  type Emission,
  EmulatedCard,
  type HciController,
  type MemoryBlock,
  QemuCard,
  type TraceEvent,
} from "@enabling-card/emulator";
import type { MemoryCard } from "@enabling-card/sdk";
import { builtImage } from "../mcu-image.js";
import { builtFirmware, type StageOptions } from "../stage.js";
import type { Device } from "./devices.js";

/** A card on the table, whose button is pressed when it asks for it. */
export interface DemoCard extends MemoryCard {
  /** The last swipe of its coil; undefined where it played nothing. */
  readonly emission: () => Emission | undefined;
  /** Forgets what was played. */
  readonly clear: () => void;
  readonly stop: () => Promise<void>;
  /** Rejects where what it runs in ends of itself; else never comes to anything. */
  readonly lost?: () => Promise<never>;
}

export interface DemoCardOptions {
  /** A personalised card's store. */
  readonly block: MemoryBlock;
  readonly card?: StageOptions["card"];
  readonly radio?: HciController | undefined;
  readonly onTrace?: (event: TraceEvent) => void;
}

/** @throws {CommandError} `IMAGE_MISSING`, `FIRMWARE_MISSING`; {EmulatorError} `QEMU_FAILED` */
export async function startCard(device: Device, { block, card, radio, onTrace }: DemoCardOptions): Promise<DemoCard> {
  if (device === "qemu") {
    const qemu = await QemuCard.start({
      ...builtImage("an386"),
      flash: block.snapshot(),
      autoPress: true,
      icount: true,
      ...(radio && { radio }),
    });
    return {
      id: qemu.id,
      advertised: () => qemu.advertised(),
      connectLine: (options) => qemu.connectLine(options),
      emission: () => qemu.emission(),
      clear: () => qemu.clear(),
      lost: () => qemu.lost(),
      stop: async () => {
        await qemu.stop();
      },
    };
  }
  const firmware = await builtFirmware();
  const emulated = await EmulatedCard.create({ autoPress: true, ...card, firmware, block, ...(radio && { radio }) });
  if (onTrace) emulated.trace.subscribe(onTrace);
  emulated.start();
  return {
    id: emulated.id,
    advertised: () => emulated.advertised(),
    connectLine: (options) => emulated.connectLine(options),
    emission: () => emulated.coil.emission(),
    clear: () => emulated.coil.clear(),
    stop: async () => void emulated.stop(),
  };
}
