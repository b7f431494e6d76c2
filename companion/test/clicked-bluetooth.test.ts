// An image over Bluetooth from a page, whose user clicks for each connection: the page's own transport over a browser's Web Bluetooth as it behaves, an emulated air, and
// a card with a loader.
import { Air, Controller, SlotFlash } from "@enabling-card/emulator";
import { type CardError, type FlashStep, flashCardOverAir, webBluetoothTransport } from "@enabling-card/sdk";
import { FlashArea, PAIRING_HOLD_MS } from "@enabling-card/wire";
import { effect } from "@preact/signals";
import { expect } from "chai";
import { GattCentral } from "../../test/support/gatt-central.js";
import {
  BOARD,
  codeOf,
  loaderModule,
  partsOf,
  ROOT,
  SECTORS,
  sealed,
  versionIn,
} from "../../test/support/loader-card.js";
import { FakeWebBluetooth } from "../../test/support/platforms/web-bluetooth.js";
import { watchedWorlds } from "../../test/support/watched-worlds.js";
import { ClickedBluetooth } from "../src/engineer/clicked-bluetooth.js";

const TWO = sealed(partsOf(2, 2));
const newWorld = watchedWorlds();

describe("an image over Bluetooth, from a page", () => {
  let air: Air;
  let browser: FakeWebBluetooth;
  let flash: SlotFlash;
  let w: Awaited<ReturnType<typeof newWorld>>;
  let bluetooth: ClickedBluetooth;

  beforeEach(async () => {
    air = new Air({ time: "free" });
    browser = new FakeWebBluetooth(new GattCentral(new Controller(air, { address: "c0:ff:ee:00:00:0a" })));
    flash = new SlotFlash(SECTORS);
    flash.install(FlashArea.Slot0, sealed(partsOf(1, 1)));
    const loader = { module: await loaderModule(), flash, board: BOARD, root: ROOT };
    w = await newWorld({ radio: new Controller(air), loader });
    bluetooth = new ClickedBluetooth(webBluetoothTransport(browser));
    browser.userActivation = false;
  });
  afterEach(() => air.close());

  const click = async () => {
    browser.userActivation = true;
    try {
      await bluetooth.choose();
    } finally {
      browser.userActivation = false;
    }
  };
  /** A user who clicks each time that he is asked. */
  const whenAsked = (does: () => void) =>
    effect(() => {
      if (bluetooth.isAsking.value) setTimeout(does, 20);
    });

  it("is sent, tried and confirmed, with a click for each connection", async () => {
    w.emulator.hold(PAIRING_HOLD_MS + 100);
    await click();
    let clicks = 0;
    const stop = whenAsked(() => {
      clicks++;
      void click();
    });
    const steps: FlashStep[] = [];
    const result = await flashCardOverAir(bluetooth, {
      ...{ image: TWO, reachMs: 10_000, onStep: (step: FlashStep) => steps.push(step) },
    });
    stop();
    expect(result).to.include({ confirmed: true, sentOctets: TWO.length });
    expect(steps).to.deep.equal(["checked", "connected", "sent", "testing", "confirmed"]);
    expect(clicks, "once after its start").to.equal(1);
    expect(bluetooth.isAsking.value).to.equal(false);
    expect(versionIn(flash.areas[FlashArea.Slot0])).to.equal(2);
  }).timeout(30_000);

  it("asks nobody's browser without a click, and ends where none comes", async () => {
    const asked = flashCardOverAir(bluetooth, { image: TWO, reachMs: 300 });
    expect(await codeOf(asked)).to.equal("CARD_NOT_FOUND");
    expect(bluetooth.isAsking.value).to.equal(true);
  }).timeout(30_000);

  it("goes on asking where its user has closed the browser's list", async () => {
    w.emulator.hold(PAIRING_HOLD_MS + 100);
    await click();
    let clicks = 0;
    const stop = whenAsked(async () => {
      w.emulator.stop();
      const closed = await click().catch((error: unknown) => error);
      expect((closed as CardError).code).to.equal("CARD_NOT_CHOSEN");
      expect(bluetooth.isAsking.value).to.equal(true);
      w.emulator.start();
      clicks++;
      await click();
    });
    // Its second start is no trial any more: it went back while the list was open.
    const code = await codeOf(flashCardOverAir(bluetooth, { image: TWO, reachMs: 2_000 }));
    stop();
    expect([code, clicks]).to.deep.equal(["UPDATE_NOT_ALLOWED", 1]);
  }).timeout(30_000);

  it("is let go where it is cancelled while the click is waited for", async () => {
    const over = new AbortController();
    const stop = whenAsked(() => over.abort());
    expect(await codeOf(flashCardOverAir(bluetooth, { image: TWO, signal: over.signal }))).to.equal("ABORTED");
    stop();
  }).timeout(30_000);
});
