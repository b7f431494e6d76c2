// A second peripheral, bleno, which shares nothing with the card's own host: over the same controllers and air a phone pairs, loads and presents by it. What
// it carries goes to an emulated card's line, so that a fault of controller or air would show here as it would on the card's host.

import { Air, Controller } from "@enabling-card/emulator";
import { Card } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { nobleOn, stackOn } from "@enabling-card/tools";
import { CARD_RX, CARD_SERVICE, CARD_TX, cardUuid } from "@enabling-card/wire";
import { expect } from "chai";
import { pairedPhone } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { present, watchedWorlds } from "../support/watched-worlds.js";

// biome-ignore lint/suspicious/noExplicitAny: what is used of bleno differs from its types
type Untyped = any;

describe("bleno and a phone", () => {
  const newWorld = watchedWorlds();

  it("carry a card's chunks: pairs, parts, comes back, loads and presents", async () => {
    const air = new Air({ time: "free" });
    const [near, far] = ["0a", "0b"].map((last) => new Controller(air, { address: `c0:ff:ee:00:00:${last}` }));
    const w = await newWorld();
    const bleno = stackOn<Untyped>("@stoprocent/bleno", far!);
    const noble = nobleOn(near!);
    try {
      await advertised(bleno, w.emulator);
      // bleno advertises no identifier of the wallet's.
      const transport = { ...nobleTransport(noble, { timeoutMs: 2_000 }), hidesIdentifiers: true };
      const phone = await pairedPhone(w, 247, transport);
      await phone.card.close();
      const card = await Card.connect(transport, { store: w.store });
      await card.load(await phone.grant({ challenge: card.info.challenge }));
      expect((await present(w, card)).passesSent).to.be.above(0);
      await expectError(() => card.present({ when: "now" }), "GRANT_USED");
      await card.close();
    } finally {
      noble.stop();
      bleno.stop?.();
      air.close();
    }
    expect(near!.violations).to.deep.equal([]);
    expect(far!.violations).to.deep.equal([]);
  });
});

/** The card's service by bleno, with the card's line behind it. */
async function advertised(bleno: Untyped, card: { connectLine(options: { mtu: number }): Untyped }): Promise<void> {
  let line: Untyped;
  let notify: (chunk: Buffer) => void = () => undefined;
  const tx = new bleno.Characteristic({
    uuid: cardUuid(CARD_TX),
    properties: ["notify"],
    onSubscribe: (...given: unknown[]) => {
      notify = given.find((one) => typeof one === "function") as typeof notify;
      line = card.connectLine({ mtu: 247 });
      line.onChunk((chunk: Uint8Array) => notify(Buffer.from(chunk)));
    },
  });
  const rx = new bleno.Characteristic({
    uuid: cardUuid(CARD_RX),
    properties: ["write", "writeWithoutResponse"],
    onWriteRequest: (...given: unknown[]) => {
      void line.write(Uint8Array.from(given.find(Buffer.isBuffer) as Buffer)).catch(() => undefined);
      (given.at(-1) as (result: number) => void)(bleno.Characteristic.RESULT_SUCCESS);
    },
  });
  bleno.on("disconnect", () => line?.close());
  const service = new bleno.PrimaryService({ uuid: cardUuid(CARD_SERVICE), characteristics: [rx, tx] });
  await new Promise<void>((resolve, reject) => {
    bleno.on("stateChange", (state: string) => {
      if (state !== "poweredOn") return;
      bleno.startAdvertising("ecard", [cardUuid(CARD_SERVICE)], (error: unknown) =>
        error ? reject(error) : undefined,
      );
    });
    bleno.on("advertisingStart", () => {
      bleno.setServices([service]);
      resolve();
    });
  });
}
