// The engineer's page, in Chromium: an image checked, flashed, cancelled, cut off, refused.
import { readBoard } from "@enabling-card/tools";
import { FlashArea, LoaderVerdict } from "@enabling-card/wire";
import { expect } from "chai";
import { LoaderCard, OTHER_SECRET, partsOf, sealed, versionIn } from "../../test/support/loader-card.js";
import { encodePng } from "../../tools/src/png.js";
import { engineersPage, LARGE } from "./at-engineers-page.js";
import { AtTable } from "./at-table.js";
import { tableImage as image } from "./table-image.js";

describe("the engineer's page", () => {
  const at = new AtTable();
  const { pair, press, says, main, order } = at;
  const { open, choose, flash, bar, has, sending, names, isOff, opened } = engineersPage(at);

  describe("flashes", () => {
    it("a good image to its confirmed end, counted on the way; and the card pays afterwards", async () => {
      await pair();
      await open();
      const good = image();
      const told: number[] = [];
      await at.page.exposeFunction("tellValue", (value: number) => told.push(value));
      await at.page.evaluate(`new MutationObserver(() => {
        const bar = document.querySelector(".flash-progress progress");
        if (bar) tellValue(bar.value);
      }).observe(document.querySelector("main"), { childList: true, subtree: true, attributes: true })`);
      await flash(good);
      await says(`Version 2.0.0+0 runs on an386, confirmed. ${good.length} octets sent`);
      expect(await names()).to.deep.equal([
        ...["Checked", "Its loader answers", "Sent, and checked by the card", "Trying it", "Confirmed"],
      ]);
      expect(await has()).to.equal(good.length);
      await says(new RegExp(`^${good.length} of ${good.length} octets, 100 %, [\\d.]+ kB/s$`));
      expect(new Set(told).size, "told on the way").to.be.greaterThan(3);
      await at.page.getByRole("link", { name: "Cards", exact: true }).click();
      await says(/in reach, battery/);
      await order("Pay here");
      await press("Yes, pay");
      await press("Press its button twice");
      await says("Paid. The terminal approved it.");
    }).timeout(60_000);

    it("what was cancelled amid it, again, behind what the card has", async () => {
      await open();
      await flash(image({ octets: LARGE }));
      await sending(8_000);
      await press("Cancel");
      await says("It was cancelled.");
      await says(/^Flash the same image again: it goes on/);
      expect((await names()).at(-1)).to.equal("Broken off");
      await press("Flash it");
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
      const [, resumed] = /^(\d+) octets were there already/.exec(
        (await main().getByText("octets were there already").textContent())!,
      )!;
      // The first chunk is sent again, to ask where it stands.
      expect(Number(resumed)).to.be.at.least(7_000);
    }).timeout(60_000);

    it("by keys alone: who has pressed what cannot be pressed any more goes on at what can", async () => {
      const focused = () => at.page.evaluate(() => document.activeElement?.textContent);
      await open();
      await choose(image({ octets: LARGE }));
      await says(/octets, whole/);
      await main().getByRole("button", { name: "Flash it" }).focus();
      await at.page.keyboard.press("Enter");
      await sending(1_000);
      expect(await focused()).to.equal("Cancel");
      await at.page.keyboard.press("Enter");
      await says("It was cancelled.");
      expect(await focused()).to.equal("Flash it");
    }).timeout(60_000);

    it("what a cable that was pulled broke off: said, with the way on, and it goes on from there", async () => {
      await open();
      await flash(image({ octets: LARGE }));
      await sending(8_000);
      at.world.serial.unplug();
      await says("LINK_LOST");
      await says(/^Flash the same image again: it goes on/);
      await press("Flash it");
      await says(/octets were there already/);
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
    }).timeout(60_000);

    it("what a power cut broke off, behind the sectors that are whole", async () => {
      await open();
      await flash(image({ octets: LARGE }));
      await sending(10_000);
      at.world.does("power-off");
      await says("LINK_TIMEOUT");
      at.world.does("power-on");
      await press("Flash it");
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
      const text = await main().getByText("octets were there already").textContent();
      expect(Number.parseInt(text!, 10)).to.be.at.least(8_192 - 1_024);
    }).timeout(60_000);

    it("what a page that was loaded anew broke off: the browser asks first", async () => {
      await open();
      await flash(image({ octets: LARGE }));
      await sending(8_000);
      const asked: string[] = [];
      at.page.once("dialog", (dialog) => {
        asked.push(dialog.type());
        void dialog.accept();
      });
      await at.page.reload();
      expect(asked).to.deep.equal(["beforeunload"]);
      await open();
      await flash(image({ octets: LARGE }));
      await says(/octets were there already/);
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
    }).timeout(60_000);

    it("an image on trial, which is gone with the next start where nobody has confirmed it", async () => {
      await open();
      await main().getByLabel("Confirm it once it has come up").uncheck();
      await flash(image());
      await says(/runs on an386, on trial: the next start goes back/);
      await press("Follow the log");
      await says(/a new image was swapped in, and runs on trial/);
      at.world.does("power-off");
      at.world.does("power-on");
      await says(/nobody had confirmed the image on trial: the one before is back/);
    }).timeout(60_000);

    it("while another page is looked at, and tells it when one comes back", async () => {
      await open();
      await flash(image({ octets: LARGE }));
      await sending(4_000);
      await at.page.getByRole("link", { name: "History" }).click();
      await main().getByRole("heading", { level: 1, name: "History" }).waitFor();
      await open();
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
    }).timeout(60_000);
  });

  describe("refuses before anything is sent", () => {
    const LONG = 10 * 1024 * 1024;
    const png = () => encodePng([[true, false]], 8);
    const bent = (octet: number) => {
      const bytes = image();
      bytes[octet]! ^= 0x40;
      return bytes;
    };
    const whole = image().length;
    for (const [what, make, code, where] of [
      ["an empty file", () => Buffer.alloc(0), "IMAGE_EMPTY", undefined],
      ["ten megabytes", () => Buffer.alloc(LONG), "IMAGE_TOO_LARGE", /10485760 octets: it was not read/],
      ["a picture", png, "IMAGE_CUT", "Octet 0: here stands 89 50 4e 47, and an image begins with 3d b8 f3 96."],
      ["an octet bent in the header", () => bent(700), "IMAGE_HEADER_PAD", `Octet 700 (0x2bc) of ${whole}.`],
      ["a type bent in a list", () => bent(7_028), "IMAGE_TLV_UNKNOWN", `Octet 7028 (0x1b74) of ${whole}.`],
      [
        "an octet bent in the program",
        () => bent(3_000),
        "IMAGE_DIGEST",
        /^Octets 0 to 7044 do not make the digest that stands at octet 7053: at least one of all these is bent/,
      ],
      ["a copy that ends too early", () => image().subarray(0, 5_000), "IMAGE_CUT", "Octet 5000 (0x1388) of 5000."],
      ["what stands behind its end", () => Buffer.concat([image(), Buffer.of(1)]), "IMAGE_TRAILING", `Octet ${whole} `],
    ] as const) {
      it(`${what}: ${code}, and where`, async () => {
        await open();
        const lines = opened();
        await choose(make());
        const alert = main().getByRole("alert");
        await alert.getByText(code).waitFor();
        if (where !== undefined) await alert.getByText(where).waitFor();
        await alert.getByText("Nothing is sent of it.").waitFor();
        expect([await isOff(), lines]).to.deep.equal([true, []]);
        await choose(image());
        await says(/octets, whole/);
        expect(await isOff()).to.equal(false);
      }).timeout(60_000);
    }

    for (const [what, make, code] of [
      ["another root's image", () => Buffer.from(sealed(partsOf(2, 2), OTHER_SECRET)), "IMAGE_KEY_OTHER"],
      ["another board's", () => image({ board: readBoard("an505") }), "IMAGE_BOARD_OTHER"],
    ] as const) {
      it(`${what}, as the card's loader tells what it takes: ${code}; and the card runs on`, async () => {
        await open();
        await flash(make());
        await main().getByRole("alert").getByText(code).waitFor();
        expect(await names()).to.deep.equal(["Checked", "Its loader answers", "Left as it was"]);
        expect(await bar().count()).to.equal(0);
        await at.page.getByText(/^Its light is/).waitFor();
      }).timeout(60_000);
    }

    it("an older image than the card has confirmed: IMAGE_COUNTER_LOWER", async () => {
      await open();
      await flash(image({ version: 3, counter: 7 }));
      await says(/Version 3\.0\.0\+0 runs on an386, confirmed\./);
      await flash(image({ version: 4, counter: 6 }));
      const alert = main().getByRole("alert");
      await alert.getByText("IMAGE_COUNTER_LOWER").waitFor();
      await alert.getByText(/6, and at least 7 is needed/).waitFor();
      expect(await bar().count(), "nothing was sent").to.equal(0);
    }).timeout(60_000);
  });

  describe("by a serial port of the browser", () => {
    const WAY = "A serial port of this computer";

    /** A port of the page's, whose other end is a card in this process. */
    const wired = async (card: LoaderCard) => {
      const line = card.line();
      await at.page.exposeFunction("cardHears", (octets: number[]) => line.write(Uint8Array.from(octets)));
      await at.page.addInitScript(`{
        const port = {
          readable: null, writable: null,
          async open() {
            port.readable = new ReadableStream({ start: (given) => { globalThis.portGives = given; } });
            port.writable = new WritableStream({ write: (octets) => cardHears([...octets]) });
          },
          async close() { port.readable = port.writable = null; },
        };
        const requestPort = async () => {
          if (!navigator.userActivation.isActive) throw new DOMException("no gesture", "SecurityError");
          if (globalThis.choosesNone) throw new DOMException("none", "NotFoundError");
          return port;
        };
        Object.defineProperty(Navigator.prototype, "serial", { value: { requestPort } });
      }`);
      const stop = line.onOctets((octets) => {
        const text = JSON.stringify([...octets]);
        void at.page.evaluate(`globalThis.portGives?.enqueue(Uint8Array.from(${text}))`).catch(() => undefined);
      });
      await at.page.reload();
      await at.page.getByRole("heading", { level: 1 }).waitFor();
      await open();
      await main().getByLabel(WAY).check();
      return stop;
    };
    const running = async () => {
      const card = await LoaderCard.create();
      card.install(FlashArea.Slot0, sealed(partsOf(1, 5)));
      card.start();
      return card;
    };
    const TWO = Buffer.from(sealed(partsOf(2, 6)));

    it("flashes the card behind it to its confirmed end", async () => {
      const card = await running();
      const stop = await wired(card);
      await flash(TWO);
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
      expect(card.start()).to.equal(LoaderVerdict.Boot);
      expect(versionIn(card.flash.areas[FlashArea.Slot0])).to.equal(2);
      stop();
    }).timeout(60_000);

    it("tells an image that met a fault of its own: the card went back", async () => {
      const card = await running();
      const stop = await wired(card);
      // What was on trial is gone with the next start.
      card.runs = () => {
        if (versionIn(card.flash.areas[FlashArea.Slot0]) === 2) card.start();
        return true;
      };
      await flash(TWO);
      const alert = main().getByRole("alert");
      await alert.getByText("UPDATE_REVERTED").waitFor();
      await alert.getByText(/nobody had confirmed the image on trial: the one before is back/).waitFor();
      expect(versionIn(card.flash.areas[FlashArea.Slot0])).to.equal(1);
      stop();
    }).timeout(60_000);

    it("says that none was chosen", async () => {
      const stop = await wired(await running());
      await at.page.evaluate("globalThis.choosesNone = true");
      await flash(TWO);
      await says("PORT_NOT_CHOSEN");
      stop();
    }).timeout(60_000);

    it("says where a browser has none, nor Bluetooth, and what to use instead", async () => {
      await at.page.addInitScript("delete Navigator.prototype.serial; delete Navigator.prototype.bluetooth;");
      await at.page.reload();
      await open();
      await says(/^This browser has no serial ports for pages: use Chrome, .*ecard flash IMAGE --port PATH\.$/);
      await says(/^This browser has no Web Bluetooth for this page: .*ecard flash IMAGE --device ble\.$/);
      for (const name of [WAY, "Bluetooth"]) expect(await main().getByLabel(name).isDisabled(), name).to.equal(true);
      expect(await main().getByLabel("The emulated card's serial line").isChecked()).to.equal(true);
    }).timeout(60_000);
  });
});
