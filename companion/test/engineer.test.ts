// The engineer's page, in Chromium: an image checked, flashed, cancelled, cut off, refused; the card's log; a swipe's energy and edges.
import { readFile } from "node:fs/promises";
import { readBoard } from "@enabling-card/tools";
import { FlashArea, LoaderVerdict } from "@enabling-card/wire";
import { expect } from "chai";
import { LoaderCard, OTHER_SECRET, partsOf, sealed, versionIn } from "../../test/support/loader-card.js";
import { encodePng } from "../../tools/src/png.js";
import { AtTable } from "./at-table.js";
import { tableImage as image } from "./table-image.js";

/** Takes some seconds at 115,200 baud. */
const LARGE = 40_000;

describe("the engineer's page", () => {
  const at = new AtTable();
  const { pair, press, says, main, order } = at;
  const open = async () => {
    await at.page.getByRole("link", { name: "Engineer", exact: true }).click();
    await main().getByRole("heading", { level: 2, name: "Flash" }).waitFor();
  };
  const choose = async (buffer: Buffer, name = "card.img") => {
    const mimeType = "application/octet-stream";
    await main().getByLabel("Image, of ecard image sign").setInputFiles({ name, mimeType, buffer });
  };
  const flash = async (buffer: Buffer) => {
    await choose(buffer);
    await says(/octets, whole/);
    await press("Flash it");
  };
  const bar = () => main().getByRole("progressbar", { name: "Octets that the card has" });
  const has = async () => Number(await bar().getAttribute("value"));
  const sending = async (octets: number) => {
    await bar().waitFor();
    await at.page.waitForFunction((least) => {
      const { value, max } = document.querySelector<HTMLProgressElement>(".flash-progress progress")!;
      return value >= least && value < max;
    }, octets);
  };
  const steps = () => main().getByRole("list", { name: "Steps" }).getByRole("listitem").allTextContents();
  const names = async () => (await steps()).map((text) => text.split(":")[0]);
  const isOff = () => main().getByRole("button", { name: "Flash it" }).isDisabled();
  /** Lines to the card that the page opens from now on. */
  const opened = () => {
    const lines: string[] = [];
    at.page.on("websocket", (socket) => {
      if (socket.url().endsWith("/serial")) lines.push(socket.url());
    });
    return lines;
  };

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

  describe("the log", () => {
    const log = () => main().getByRole("log");
    const saved = async () => {
      const [file] = await Promise.all([at.page.waitForEvent("download"), press("Save")]);
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
    };

    it("comes as it happens, is paused and filtered, and is saved; and holds no number, no track, no key", async () => {
      await open();
      await press("Follow the log");
      await log()
        .getByText(/info +started +the image runs as before/)
        .waitFor();
      await pair();
      await open();
      await log()
        .getByText(/info +line up +chunks of at most 244 octets/)
        .waitFor();
      await press("Pause");
      const before = await log().getByRole("paragraph").count();
      at.world.does("away");
      await says(/^Paused, [1-9]\d* more\./);
      expect(await log().getByRole("paragraph").count()).to.equal(before);
      await press("Go on");
      await log().getByText("line down").last().waitFor();
      expect(await log().getByRole("paragraph").count()).to.be.greaterThan(before);
      at.world.does("near");
      await at.page.getByRole("link", { name: "Cards", exact: true }).click();
      await press("Look for it");
      await order("Pay here");
      await press("Yes, pay");
      await press("Press its button twice");
      await says("Paid. The terminal approved it.");
      await open();
      await log()
        .getByText(/played +a pass; \d+ % of the cell left/)
        .first()
        .waitFor();
      const { name, text } = await saved();
      expect(name).to.equal("card-log.txt");
      expect(text).to.match(/^ +0\.000 info +started +the image runs as before\n/);
      expect(text.trim().split("\n").length).to.be.greaterThan(5);
      // Nothing of a PAN's, a track's or a key's length; nor the sheet's secret.
      expect(text).to.not.match(/\d{7}|[0-9a-f]{16}|[%;^=?]\d{4}/i);
      expect(text).to.not.contain(at.world.pairingCode.slice(-12));
      await main().getByLabel("Event").selectOption("started");
      expect(await log().getByRole("paragraph").count()).to.equal(1);
      await main().getByLabel("Event").selectOption("all");
      await main().getByLabel("Level").selectOption("warning");
      expect(await log().getByRole("paragraph").count(), "no module was started anew").to.equal(0);
      await press("Stop following");
      await says(/^Not followed\./);
    }).timeout(60_000);

    it("goes on behind an image that was flashed, with why the card has started", async () => {
      await open();
      await press("Follow the log");
      await log()
        .getByText(/the image runs as before/)
        .waitFor();
      await flash(image());
      await says(/Version 2\.0\.0\+0 runs on an386, confirmed\./);
      await at.page.waitForFunction(() => document.querySelectorAll(".log p").length > 1);
      await says(/^Followed\./);
      expect(
        await log()
          .getByText(/started/)
          .count(),
      ).to.be.greaterThan(1);
    }).timeout(60_000);

    it("ends with its cable, and is followed again", async () => {
      await open();
      await press("Follow the log");
      await log()
        .getByText(/started/)
        .waitFor();
      at.world.serial.unplug();
      await says(/^Not followed\./);
      await press("Follow the log");
      await says(/^Followed\./);
    }).timeout(60_000);

    it("says that nothing is heard of a card without power", async () => {
      await open();
      at.world.does("power-off");
      await press("Follow the log");
      await says(/^Followed; nothing was heard yet: does an image run on the card\?/);
      at.world.does("power-on");
      await says(/^Followed\. /);
    }).timeout(60_000);

    it("is another tab's, where that has taken the card over", async () => {
      await open();
      await press("Follow the log");
      await log()
        .getByText(/started/)
        .waitFor();
      at.page = await at.opened();
      await press("Use it here");
      await open();
      await press("Follow the log");
      await log()
        .getByText(/started/)
        .waitFor();
    }).timeout(60_000);
  });

  describe("a swipe", () => {
    const row = () => main().getByRole("region", { name: "Energy a swipe" }).locator("tbody tr");

    it("has its energy in a row, and its edges in numbers, a picture and files", async () => {
      await pair();
      await open();
      await says("No swipe was seen yet: pay, or hand the card over, and swipe it at the till.");
      await at.page.getByRole("link", { name: "Cards", exact: true }).click();
      await order("Pay here");
      await press("Yes, pay");
      await press("Press its button twice");
      await says("Paid. The terminal approved it.");
      await open();
      await row().first().waitFor();
      expect(await row().count()).to.equal(1);
      const [, passes, lasted, energy] = await row().first().getByRole("cell").allTextContents();
      const [ms, mj] = [Number.parseFloat(lasted!), Number.parseFloat(energy!)];
      expect(Number(passes)).to.be.within(1, 3);
      expect(mj, "450 mW while it plays, and no more than as long as it lasted").to.be.within(1, 0.45 * ms);
      const [, left] = /^(\d+) swipes$/.exec(
        (await main()
          .getByText(/^\d+ swipes$/)
          .textContent())!,
      )!;
      expect(Number(left)).to.be.within((0.9 * 158_000) / mj, 158_760 / mj + 1);
      await says(/^By the emulator's model, and measured on no card: 450 mW while the coil plays/);

      const rows = main().getByRole("region", { name: "Passes" }).locator("tbody tr");
      expect(await rows.count()).to.be.at.least(Number(passes));
      expect(await rows.first().getByRole("cell").nth(3).textContent()).to.equal("400.0 us");
      expect(await rows.first().getByRole("cell").nth(4).textContent()).to.equal("0.00 us, 0.00 %");
      await main()
        .getByRole("img", { name: /^Pass 1, current in the coil: its waveform from/ })
        .waitFor();
      await press("Zoom in");
      await main()
        .getByText(/^Its first 100 intervals/)
        .click();
      const intervals = main().getByRole("region", { name: "Intervals" }).locator("tbody tr");
      expect(await intervals.count()).to.equal(100);
      expect(await intervals.first().getByRole("cell").allTextContents()).to.deep.equal([
        ...["400.0 us", "400.0 us", "a cell", "0.00 us"],
      ]);
      for (const [button, name, head] of [
        ["Save as CSV", "swipe-edges.csv", /^time_ns,direction,interval_ns\n0,1,\n400000,0,400000\n/],
        ["Save as VCD", "swipe-edges.vcd", /^\$comment .*\n\$timescale 1 ns \$end\n/],
      ] as const) {
        const [file] = await Promise.all([at.page.waitForEvent("download"), press(button)]);
        expect(file.suggestedFilename()).to.equal(name);
        expect(await readFile(await file.path(), "utf8")).to.match(head);
      }
    }).timeout(60_000);
  });
});
