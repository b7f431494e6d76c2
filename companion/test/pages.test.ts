// The tester's page, and each page for who sees it otherwise, by axe-core; in Chromium.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Conditions, encodeWav, maskTracks, synthesise } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { AtTable } from "./at-table.js";

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
      await look("no card");
      await pair();
      await look("cards");
      await at.page.goto(`${origin()}/#/pair`);
      await look("pair");
      await at.page.goto(`${origin()}/#/test`);
      await says("Test a recording");
      await look("test");
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
      await at.page.goto(`${origin()}/#/`);
      await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
      await says("Part with it");
      await look("card");
      expect(found).to.deep.equal([]);
    }).timeout(90_000);
  }
});
