// The card's image in QEMU, fuzzed over its radio's line: what was made for link alone (bluetooth.ts), said by a controller that is none, and behind it all
// a phone that pairs. No module traps.

import { setTimeout as delay } from "node:timers/promises";
import { Air, Controller, type HciController } from "@enabling-card/emulator";
import { nobleTransport } from "@enabling-card/sdk/node";
import { type BuiltImage, builtImage, nobleOn } from "@enabling-card/tools";
import { fromHex, toHex } from "@enabling-card/wire";
import { qemuWithPhone } from "../support/qemu-with-phone.js";
import { bluetoothSessions } from "./bluetooth.js";
import type { Random } from "./random.js";

/** `npm run fuzz -- --target image`: all of the packets in one run of QEMU. */
export async function image(random: Random, packets: number): Promise<void> {
  await hostileToImage(builtImage("an386"), random, packets);
}

/** Resolves to how many packets were said. */
export async function hostileToImage(built: BuiltImage, random: Random, packets: number): Promise<number> {
  const sessions = bluetoothSessions(random, packets);
  const air = new Air({ time: "real" });
  const radio = new HostileController(new Controller(air));
  const noble = nobleOn(new Controller(air));
  try {
    const bench = await qemuWithPhone(built, {
      radio,
      transport: nobleTransport(noble),
      before: async (qemu) => {
        for (const said of sessions) {
          await radio.begins();
          for (const packet of said) await radio.says(packet);
          await radio.isHeard();
          if (qemu.traps.length > 0) break;
        }
        radio.isHostile = false;
      },
    });
    try {
      const { tokens } = await bench.phone.state();
      const { traps } = bench.qemu;
      if (traps.length > 0 || tokens.length > 0)
        throw new Error(`modules that trapped: ${traps.join(", ")}; tokens: ${tokens.length}`);
    } finally {
      await bench.close();
    }
  } finally {
    noble.stop();
    air.close();
  }
  return sessions.reduce((sum, said) => sum + said.length, 0);
}

/** Hardware Error (Core 6.0, Vol 4 Part E 7.7.16): whoever hears it resets his controller. */
const FAILED = fromHex("04100100");
const RESET = "01030c00";
/** LE Rand's Command Complete, and LE Set Random Address: the card's address is what it was given (7.8.23, 7.8.4). */
const RAND_GIVEN = "040e0c";
const RAND_OPCODE = "182000";
const ADDRESS_SET = "01052006";
/** Octets of the address that are as they were given: the last one says of which kind it is. */
const GIVEN = 5;

/** Between two resets of a controller that fails, and a little more, ms. */
const PAUSE_MS = 2_100;
/** Not heard for so long: what came last said that it is longer than it was, ms. */
const DEAF_MS = 1_500;

/** A controller in whose place another one speaks, until it does not. */
export class HostileController implements HciController {
  isHostile = true;
  readonly #controller: Controller;
  #say: (octets: Uint8Array) => void = () => undefined;
  #resets = 0;
  #given = new Set<string>();
  #isThrough = false;

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  /** A session: its card has just reset what failed, and waits for the answer. */
  async begins(): Promise<void> {
    const before = this.#resets;
    this.isHostile = true;
    await this.#failsUntil(() => this.#resets > before);
    // Its first failure is one that is reset at once, as link's was when this session was made.
    await delay(PAUSE_MS);
  }

  /**
   * All that was said has been taken in: a true controller, which is behind it on the line, gives the card a random number, and that comes back as its
   * address. A reset alone tells nothing: it may be the answer to a failure of long ago.
   */
  async isHeard(): Promise<void> {
    this.isHostile = false;
    this.#given.clear();
    this.#isThrough = false;
    await this.#failsUntil(() => this.#isThrough);
  }

  async #failsUntil(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await this.says(FAILED);
      for (let waited = 0; waited < DEAF_MS && !isSo(); waited += 5) await delay(5);
    }
  }

  /** Not faster than the line takes it. */
  async says(packet: Uint8Array): Promise<void> {
    this.#say(packet);
    await new Promise((resolve) => setImmediate(resolve));
  }

  send(packet: Uint8Array): void {
    const said = toHex(packet);
    if (said === RESET) this.#resets++;
    if (this.isHostile) return;
    if (said.startsWith(ADDRESS_SET)) this.#isThrough ||= this.#given.has(said.slice(8, 8 + 2 * GIVEN));
    this.#controller.send(packet);
  }

  onPacket(listener: (packet: Uint8Array) => void): void {
    this.#say = listener;
    this.#controller.onPacket((packet) => {
      if (this.isHostile) return;
      const said = toHex(packet);
      if (said.startsWith(RAND_GIVEN) && said.slice(8, 14) === RAND_OPCODE)
        this.#given.add(said.slice(14, 14 + 2 * GIVEN));
      listener(packet);
    });
  }

  powerOff(): void {
    this.#controller.powerOff();
  }
}
