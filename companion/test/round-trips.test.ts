// How often a phone has to wait for its card between the tap that begins a payment and a card that is armed, counted on the WebSocket; in Chromium.
import { expect } from "chai";
import type { WebSocket } from "playwright-core";
import { AtTable } from "./at-table.js";

/** As `countingLink` counts them: each time that the phone has written, and then waited for the card. Empty frames are the line's receipts. */
class Trips {
  #isWaiting = false;
  count = 0;
  sent = 0;

  constructor(line: WebSocket) {
    line.on("framesent", ({ payload }) => {
      if (payload.length === 0) return;
      this.sent++;
      this.#isWaiting = true;
    });
    line.on("framereceived", ({ payload }) => {
      if (payload.length === 0 || !this.#isWaiting) return;
      this.count++;
      this.#isWaiting = false;
    });
  }
}

describe("the way to an armed card", () => {
  const at = new AtTable();
  const { pair, press, says } = at;

  for (const [how, agree, armed] of [
    ["Hand the card over", "Yes, arm the card", /\d+ s left/],
    ["Pay here", "Yes, pay", /pass(es have| has) left the coil|Hold the card at the reader|Wait for the answer|Paid/],
  ] as const) {
    it(`is two round trips with a warm session, and one grant fetched: ${how}`, async () => {
      const lines: Trips[] = [];
      let grants = 0;
      at.page.on("websocket", (line) => lines.push(new Trips(line)));
      at.page.on("request", (request) => {
        if (new URL(request.url()).pathname.startsWith("/v1/")) grants += Number(request.method() === "POST");
      });
      await pair();
      await at.page.getByRole("link", { name: /^Pay with/ }).click();
      const own = lines.at(-1)!;
      expect(own.sent, "the session is warm").to.be.above(0);
      [own.count, own.sent, grants] = [0, 0, 0];
      const opened = lines.length;
      await press(how);
      await says(/The card would pay/);
      expect(own.count, "to load the grant").to.equal(1);
      await press(agree);
      await says("Press the card's button twice now.");
      await press("Press its button twice");
      await says(armed);
      expect({ trips: own.count, grants, opened: lines.length }).to.deep.equal({ trips: 2, grants: 1, opened });
    }).timeout(60_000);
  }
});
