// The tester's page, and each page for who sees it otherwise, by axe-core; in Chromium.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Conditions, encodeWav, maskTracks, synthesise } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { AtTable } from "./at-table.js";
import { tableImage } from "./table-image.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

describe("the pages of the companion", () => {
  const at = new AtTable();
  const { pair, press, says, main, order, origin } = at;
  let axe: string;
  before(async () => {
    axe = await readFile(AXE, "utf8");
  });

  describe("on the tester's page", () => {
    const wav = (conditions: Conditions) => {
      const { samples, sampleRateHz, text } = synthesise(7, conditions);
      const buffer = Buffer.from(encodeWav([samples], sampleRateHz));
      return { text, file: { name: "swipe.wav", mimeType: "audio/wav", buffer } };
    };
    const drop = async (file: { name: string; mimeType: string; buffer: Buffer }) => {
      await at.page.goto(`${origin()}/#/test`);
      await at.page.getByLabel(/Drop a WAV file/).setInputFiles(file);
    };

    it("reads a recording, and shows it on a scope", async () => {
      const { text, file } = wav({ snrDb: 20 });
      await drop(file);
      await says(/swipe.wav, .* 1 read\./);
      await says(maskTracks(text));
      const scope = at.page.getByRole("img", { name: /^Read 1: its waveform/ });
      const seen = async () =>
        (await scope.getAttribute("aria-label"))!
          .match(/from ([\d.]+) to ([\d.]+)/)!
          .slice(1)
          .map(Number);
      const [from, to] = (await seen()) as [number, number];
      await press("Zoom in");
      const [closer, less] = (await seen()) as [number, number];
      expect(less - closer).to.be.closeTo((to - from) / 1.5, 0.001);
      await press("All of it");
      await at.page.getByLabel("Cursor 1").focus();
      await at.page.keyboard.press("ArrowRight");
      await says(/us between the cursors, [\d.]+ cells/);
    }).timeout(60_000);

    it("says why nothing was read, and what perhaps", async () => {
      await drop(wav({ snrDb: -3 }).file);
      await says(/0 reads/);
      await says("Perhaps");
      await main().getByRole("alert").waitFor();
    }).timeout(60_000);

    it("refuses what is no WAV file", async () => {
      await drop({ name: "x.wav", mimeType: "audio/wav", buffer: Buffer.from("nothing of that kind") });
      await says("WAV_NOT_WAV");
    }).timeout(60_000);
  });

  it("is no wider than a window of 320 pixels, whatever merchants and holders are called", async () => {
    const isWide = () => at.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const long = "W".repeat(40);
    await at.page.setViewportSize({ width: 320, height: 640 });
    await pair();
    expect(await isWide(), "cards").to.be.at.most(0);
    await at.page.getByLabel("Merchant", { exact: true }).fill(long);
    await press("Charge");
    await at.page.getByText(`9.50 EUR at ${long}`).waitFor();
    expect(await isWide(), "the till").to.be.at.most(0);
    await at.page.getByRole("link", { name: /^Pay with/ }).click();
    await press("Pay here");
    await says(/The card would pay W{20}/);
    expect(await isWide(), "what the card says").to.be.at.most(0);
    await press("Yes, pay");
    await press("Press its button twice");
    await says("Paid. The terminal approved it.");
    expect(await isWide(), "paid").to.be.at.most(0);
    await at.page.getByRole("link", { name: "History" }).click();
    await says(long);
    expect(await isWide(), "history").to.be.at.most(0);
    await at.page.goto(`${origin()}/#/`);
    await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    expect(await isWide(), "card").to.be.at.most(0);
    await at.page.goto(`${origin()}/#/pair`);
    expect(await isWide(), "pair").to.be.at.most(0);
    await at.page.goto(`${origin()}/#/engineer`);
    await at.page.getByRole("region", { name: "Passes" }).waitFor();
    expect(await isWide(), "engineer").to.be.at.most(0);
  }).timeout(60_000);

  it("moves the focus to the new step of a payment, and takes it from nobody who is at the table", async () => {
    await pair();
    const focused = () => at.page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    await at.page.getByRole("link", { name: /^Pay with/ }).click();
    await at.page.getByRole("button", { name: "Pay here" }).focus();
    await at.page.keyboard.press("Enter");
    await says(/The card would pay/);
    expect(await focused()).to.equal("Payment");
    await at.page.keyboard.press("Tab");
    await at.page.keyboard.press("Enter");
    await says("Press the card's button twice now.");
    expect(await focused()).to.equal("Payment");
    await at.page.getByRole("button", { name: "Press its button twice" }).focus();
    await at.page.keyboard.press("Enter");
    await says("Paid. The terminal approved it.");
    expect(await at.page.evaluate(() => document.activeElement?.textContent)).to.equal("Press its button twice");
  }).timeout(60_000);

  it("says what is wrong with an amount and a merchant, with the line that it is in", async () => {
    await pair();
    await at.page.getByRole("link", { name: /^Pay with/ }).click();
    const amount = at.page.getByLabel("The most that may be charged, EUR");
    const isOff = () => at.page.getByRole("button", { name: "Pay here" }).isDisabled();
    for (const wrong of ["nine", "0", "9.505", "-1", "1234567", "9,5,0"]) {
      await amount.fill(wrong);
      await says("Write an amount from 0.01 to 999999.99, for instance 9.50");
      expect([await amount.getAttribute("aria-invalid"), await isOff()], wrong).to.deep.equal(["true", true]);
    }
    await amount.fill("9,50");
    expect([await amount.getAttribute("aria-invalid"), await isOff()]).to.deep.equal(["false", false]);
    await main().getByLabel("Merchant").fill("Café");
    await says(/Write it with plain letters, digits and signs/);
    expect(await isOff()).to.equal(true);
    const till = at.page.getByRole("region", { name: "The till" });
    await till.getByLabel("Merchant").fill("");
    await till.getByText("Write the merchant's name").waitFor();
    await till.getByLabel("Amount, EUR").fill("free");
    await till.getByText("Write an amount from 0.01").waitFor();
    expect(await till.getByRole("button", { name: "Charge" }).isDisabled()).to.equal(true);
  }).timeout(60_000);

  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 390],
  ] as const) {
    it(`has no fault that axe-core finds on any page, ${scheme}, ${width} pixels wide`, async () => {
      await at.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await at.page.setViewportSize({ width, height: 800 });
      const found: string[] = [];
      const look = async (name: string) => {
        await at.page.evaluate(axe);
        const { violations } = await at.page.evaluate(() =>
          (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run(),
        );
        for (const { id, nodes } of violations) found.push(`${name}: ${id}: ${nodes[0]!.html}`);
        const isWide = await at.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (isWide) found.push(`${name}: wider than the window`);
      };
      const choose = (buffer: Buffer) => {
        const file = { name: "card.img", mimeType: "application/octet-stream", buffer };
        return at.page.getByLabel("Image, of ecard image sign").setInputFiles(file);
      };
      await look("no card");
      await pair();
      await look("cards");
      await at.page.goto(`${origin()}/#/pair`);
      await look("pair");
      await at.page.goto(`${origin()}/#/test`);
      await says("Test a recording");
      await look("test");
      await at.page.goto(`${origin()}/#/engineer`);
      await says("Battery, and energy a swipe");
      await look("engineer, nothing yet");
      await at.page.goto(`${origin()}/#/`);
      await order("Pay here");
      await look("confirm");
      await press("Yes, pay");
      await press("Press its button twice");
      await says("Paid. The terminal approved it.");
      await look("paid");
      await at.page.getByRole("link", { name: "History" }).click();
      await says("Corner Coffee");
      await look("history");
      await at.page.getByRole("link", { name: "Engineer", exact: true }).click();
      await press("Follow the log");
      await at.page.getByRole("log").getByText("started").waitFor();
      await choose(Buffer.from("no image"));
      await says("IMAGE_CUT");
      await look("engineer, an image refused");
      await choose(tableImage());
      await says(/octets, whole/);
      await press("Flash it");
      await says(/runs on an386, confirmed/);
      await at.page.getByText(/^Its first 100 intervals/).click();
      await look("engineer");
      await at.page.goto(`${origin()}/#/`);
      await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
      await says("Part with it");
      await look("card");
      expect(found).to.deep.equal([]);
    }).timeout(90_000);
  }
});
