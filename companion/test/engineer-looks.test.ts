// The engineer's page, in Chromium: the card's log; a swipe's energy and edges.
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { engineersPage } from "./at-engineers-page.js";
import { AtTable } from "./at-table.js";
import { tableImage as image } from "./table-image.js";

describe("what the engineer's page shows", () => {
  const at = new AtTable();
  const { pair, press, says, main, order } = at;
  const { open, flash } = engineersPage(at);

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
