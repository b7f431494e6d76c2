// Worlds that are watched: at the end of a test no module of the card trapped, broke a rule or left its memory. And what is done in them.

import { type Card, memoryTransport } from "@enabling-card/sdk";
import { Indicator } from "@enabling-card/wire";
import { expect } from "chai";
import { type World, world } from "./card-with-issuer.js";

export const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** Makes worlds for the tests of a file, looks at each when its test is over, or all of a suite's with `after`, and closes it. */
export function watchedWorlds(hook = afterEach): (options?: Parameters<typeof world>[0]) => Promise<World> {
  const open: World[] = [];
  hook(async () => {
    for (const { emulator, close } of open.splice(0)) {
      expect(emulator.traps, "no module trapped").to.deep.equal([]);
      expect(emulator.violations).to.deep.equal([]);
      if (emulator.on) {
        for (const { heapBase, budget, touchedAbove } of Object.values(emulator.budgets())) {
          expect(heapBase).to.be.at.most(budget);
          expect(touchedAbove).to.equal(false);
        }
      }
      await close();
    }
  });
  return async (options) => {
    const made = await world(options);
    open.push(made);
    return made;
  };
}

export function pairOptions({ makerRoot, store }: World) {
  return { phoneName: "Ada's phone", makerRoot, store, timeoutMs: 2000 };
}

/** Presents, with somebody who presses the button twice when the lights ask. */
export async function present({ emulator }: World, card: Card, when: "now" | "swipe" = "now") {
  const presenting = card.present({ when });
  await Promise.race([emulator.shows(Indicator.Ask), presenting]);
  emulator.pressTwice();
  return presenting;
}

/** The same, of a remote grant. */
export async function confirm({ emulator }: Pick<World, "emulator">, card: Card) {
  const confirming = card.confirm();
  await Promise.race([emulator.shows(Indicator.Ask), confirming]);
  emulator.pressTwice();
  return confirming;
}

/** A transport whose next link is cut after a number of chunks, either way; the links after it are whole. */
export function cutting(left: number) {
  let chunks = 0;
  return {
    chunks: () => chunks,
    after(more: number) {
      left = more;
    },
    wrap({ emulator }: World, mtu: number) {
      const air = {
        id: emulator.id,
        advertised: () => emulator.advertised(),
        connectLine(options?: { readonly mtu?: number }) {
          const line = emulator.connectLine(options);
          const count = () => {
            chunks++;
            if (left-- > 0) return false;
            left = Number.POSITIVE_INFINITY;
            void line.close();
            return true;
          };
          return {
            maxWrite: line.maxWrite,
            async write(chunk: Uint8Array) {
              if (count()) throw new Error("cut");
              await line.write(chunk);
            },
            onChunk: (listener: (chunk: Uint8Array) => void) => line.onChunk((chunk) => count() || listener(chunk)),
            onClose: (listener: () => void) => line.onClose(listener),
            close: () => line.close(),
          };
        },
      };
      return memoryTransport([air], { mtu });
    },
  };
}
