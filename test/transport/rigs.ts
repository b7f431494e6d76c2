// A rig for each adapter of the SDK: the adapter as an app has it, the platform below it, and at the far end an emulated card on its own radio or line, with
// a watch on each chunk in between. What is noble's is noble; of the platforms that Node cannot have, test/support/platforms has the calls.

import { setTimeout as delay } from "node:timers/promises";
import { Air, Controller, type HciController } from "@enabling-card/emulator";
import {
  blePlxTransport,
  type CardTransport,
  capacitorTransport,
  type GattOptions,
  memoryTransport,
  serialTransport,
  webBluetoothTransport,
} from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { BrowserPhones, chromiumPath, nobleOn } from "@enabling-card/tools";
import { LE_MTU_MAX } from "@enabling-card/wire";
import { expect } from "chai";
import type { World } from "../support/card-with-issuer.js";
import { ChunkWatch, WatchedController } from "../support/chunk-watch.js";
import { GattCentral } from "../support/gatt-central.js";
import { type BlePlxHabits, FakeBlePlx } from "../support/platforms/ble-plx.js";
import { FakeCapacitor } from "../support/platforms/capacitor.js";
import { FakeSerialPort } from "../support/platforms/serial-port.js";
import { FakeWebBluetooth } from "../support/platforms/web-bluetooth.js";
import type { watchedWorlds } from "../support/watched-worlds.js";

type NewWorld = ReturnType<typeof watchedWorlds>;

/** A phone, a card, and what is between them. */
export interface Bench {
  readonly w: World;
  /** Sees the first phone's chunks. */
  readonly watch: ChunkWatch;
  transport(options?: GattOptions): CardTransport;
  /** Of a second phone beside the first, with nobody watching. */
  other(options?: GattOptions): CardTransport;
  /** The card's word, as the phone hears it. */
  say(chunk: Uint8Array): void;
  close(): Promise<void>;
}

export interface Rig {
  readonly name: string;
  /** Longer than any answer of the card's takes to get to the phone, on a machine that is busy, ms. */
  readonly patienceMs: number;
  /** How long is waited for what may not come: longer than a card takes that is there, ms. */
  readonly lookMs: number;
  /** What `maxWrite` is at first where so much was asked for, octets. */
  maxWrite(asked: number): number;
  begin(newWorld: NewWorld): Promise<Bench>;
}

/** Longer than any step of a platform here takes, short enough to wait for, ms. */
const TIMEOUT_MS = 1_000;
/** The same of a browser, whose processes wait for each other where others want the processor: only what is under it is ever waited for. */
const BROWSER_MS = 15_000;
const WAITS = { patienceMs: 10_000, lookMs: 600 };

/** What is above a phone's controller. */
interface Phone {
  transport(options: GattOptions): CardTransport;
  stop(): void | Promise<void>;
}

function onTheAir(
  name: string,
  maxWrite: Rig["maxWrite"],
  phoneOn: (controller: HciController) => Phone | Promise<Phone>,
  otherOn = phoneOn as (controller: HciController) => Phone,
  { timeoutMs = TIMEOUT_MS, ...waits } = { timeoutMs: TIMEOUT_MS, ...WAITS },
): Rig {
  return {
    name,
    ...waits,
    maxWrite,
    async begin(newWorld) {
      const air = new Air({ time: "free" });
      const [near, far] = ["0a", "0d"].map((last) => new Controller(air, { address: `c0:ff:ee:00:00:${last}` }));
      const radio = new Controller(air);
      const w = await newWorld({ radio });
      const watch = new ChunkWatch();
      const watched = new WatchedController(near!, watch);
      watch.onCut = () => air.setReach(near!, radio, false);
      near!.tap((_, packet) => {
        if (packet[0] !== 4 || packet[1] !== 0x05 || !watch.isCut) return;
        air.setReach(near!, radio, true); // once both know
        watch.mend();
      });
      const phone = await phoneOn(watched);
      let second: Phone | undefined;
      return {
        w,
        watch,
        transport: (options) => phone.transport({ timeoutMs, ...options }),
        other(options) {
          second ??= otherOn(far!);
          return second.transport({ timeoutMs: TIMEOUT_MS, ...options });
        },
        say: (chunk) => watched.say(chunk),
        async close() {
          await phone.stop();
          second?.stop();
          air.close();
          expect(radio.violations, "the card kept to its controller's buffers").to.deep.equal([]);
          expect(near!.violations).to.deep.equal([]);
        },
      };
    },
  };
}

/** At most what the card takes, and no more than was asked for. */
const agreed = (asked: number) => Math.min(asked, LE_MTU_MAX) - 3;
const nothing = () => undefined;

const nobleAbove = (controller: HciController): Phone => {
  const noble = nobleOn(controller);
  return { transport: (options) => nobleTransport(noble, options), stop: () => noble.stop() };
};

const noble = onTheAir("noble", agreed, nobleAbove);

let browser: Promise<BrowserPhones> | undefined;

/** The adapter in a page of Chromium, on the browser's own Web Bluetooth; its emulated radio leads to noble's. */
const chromium = onTheAir(
  "web-bluetooth in Chromium",
  () => 20,
  async (controller) => {
    browser ??= BrowserPhones.start();
    const noble = nobleOn(controller);
    await noble.waitForPoweredOnAsync();
    const phone = await (await browser).open(nobleTransport(noble, { timeoutMs: TIMEOUT_MS }));
    const stop = async () => {
      await phone.close();
      noble.stop();
    };
    return { transport: (options) => phone.transport(options), stop };
  },
  nobleAbove,
  { timeoutMs: BROWSER_MS, patienceMs: BROWSER_MS, lookMs: 4_500 },
);

const webBluetooth = onTheAir(
  "web-bluetooth",
  () => 20,
  (controller) => {
    const bluetooth = new FakeWebBluetooth(new GattCentral(controller));
    return { transport: (options) => webBluetoothTransport(bluetooth, options), stop: nothing };
  },
);

const blePlx = (platform: BlePlxHabits["platform"], maxWrite: Rig["maxWrite"]) =>
  onTheAir(`ble-plx, ${platform}`, maxWrite, (controller) => {
    const manager = new FakeBlePlx(new GattCentral(controller), { platform });
    return { transport: (options) => blePlxTransport(manager, options), stop: nothing };
  });

const capacitor = (platform: "android" | "ios" | "web", maxWrite: Rig["maxWrite"]) =>
  onTheAir(`capacitor, ${platform}`, maxWrite, (controller) => {
    const client = new FakeCapacitor(new GattCentral(controller), platform);
    return { transport: (options) => capacitorTransport(client, options), stop: nothing };
  });

const memory: Rig = {
  name: "memory",
  ...WAITS,
  maxWrite: (asked) => asked - 3,
  async begin(newWorld) {
    const w = await newWorld();
    const watch = new ChunkWatch();
    let said: (chunk: Uint8Array) => void = nothing;
    watch.onCut = () => w.emulator.dropLine();
    const card = {
      id: w.emulator.id,
      advertised: () => w.emulator.advertised(),
      connectLine(options?: { readonly mtu?: number }) {
        const line = w.emulator.connectLine(options);
        watch.mend();
        return {
          maxWrite: line.maxWrite,
          async write(chunk: Uint8Array) {
            const answer = watch.answer();
            const given = answer === "refused" ? [] : watch.down(chunk);
            if (watch.isCut || answer === "refused") throw new Error("cut, or refused");
            for (const one of given) await line.write(one).catch(nothing); // a lie may be too long for it
            if (answer === "never")
              await delay(TIMEOUT_MS, undefined, { ref: false }).then(() => Promise.reject(new Error("late")));
          },
          onChunk(listener: (chunk: Uint8Array) => void) {
            said = listener;
            return line.onChunk((chunk) => {
              for (const one of watch.up(chunk)) listener(one);
            });
          },
          onClose: (listener: () => void) => line.onClose(listener),
          close: () => line.close(),
        };
      },
    };
    return {
      w,
      watch,
      transport: ({ mtu } = {}) => memoryTransport([card], { ...(mtu && { mtu }) }),
      other: ({ mtu } = {}) => memoryTransport([w.emulator], { ...(mtu && { mtu }) }),
      say: (chunk) => said(chunk),
      close: async () => undefined,
    };
  },
};

const serial: Rig = {
  name: "serial",
  ...WAITS,
  maxWrite: (asked) => asked - 3,
  async begin(newWorld) {
    const w = await newWorld();
    const watch = new ChunkWatch();
    const port = new FakeSerialPort(w.emulator, watch);
    watch.onCut = () => {
      port.pull();
      port.plug();
      watch.mend();
    };
    const transport = (options: GattOptions = {}) => serialTransport(port, { timeoutMs: TIMEOUT_MS, ...options });
    return { w, watch, transport, other: transport, say: (chunk) => port.say(chunk), close: async () => undefined };
  },
};

/** Set-up installs it where that is permitted; elsewhere these tests are let off with a word, but not in CI. */
function hasChromium(): boolean {
  const has = chromiumPath() !== undefined;
  if (!has) console.log("    Chromium is not installed (apt-get install chromium): web-bluetooth is not tried in it");
  return has || process.env.CI === "true";
}

/** Each adapter once; all of the suite runs over these. */
export const RIGS: readonly Rig[] = [
  noble,
  ...(hasChromium() ? [chromium] : []),
  webBluetooth,
  blePlx("android", agreed),
  capacitor("android", agreed),
  serial,
  memory,
];

/** The same adapters where the platform has another idea of an MTU. */
export const MORE_MTUS: readonly Rig[] = [
  blePlx("android 14", agreed),
  blePlx("ios", (asked) => Math.min(asked, 185) - 3),
  capacitor("ios", (asked) => Math.min(asked, 185) - 3),
  capacitor("web", () => 20),
];
