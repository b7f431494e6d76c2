// Pictures of each page, light and dark, as wide as a phone and as a desk, into docs/pictures/companion: npm run companion:pictures.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { encodeWav, synthesise } from "@enabling-card/pos-sim";
import type { Page } from "playwright-core";
import { startChromium } from "../../tools/src/browser/chromium.js";
import { serveCompanion } from "../../tools/src/companion/serve.js";
import { World } from "../../tools/src/companion/world.js";

const OUT = fileURLToPath(new URL("../../docs/pictures/companion/", import.meta.url));
const WIDTHS = { phone: 390, desk: 1280 } as const;

await mkdir(OUT, { recursive: true });
const browser = await startChromium();
try {
  for (const [place, width] of Object.entries(WIDTHS))
    for (const colorScheme of ["light", "dark"] as const) {
      // A card of its own each: its account is the first phone's.
      const world = await World.open();
      const server = await serveCompanion(world);
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme,
        reducedMotion: "reduce",
      });
      try {
        await play(await context.newPage(), server.url, `${place}-${colorScheme}`);
      } finally {
        await context.close();
        await server.close();
        await world.close();
      }
    }
} finally {
  await browser.close();
}
process.exit(0);

async function play(page: Page, url: string, suffix: string): Promise<void> {
  const origin = new URL(url).origin;
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  const shot = async (name: string) => {
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: `${OUT}${name}-${suffix}.png` });
    console.log(`${name}-${suffix}.png`);
  };
  const says = (text: string | RegExp) => page.getByRole("main").getByText(text).first().waitFor();
  await page.goto(url);
  await says("This phone has no card yet.");
  await page.goto(`${origin}/#/pair`);
  await says("The code on the card's sheet");
  await shot("pair");
  await press("Take the one on the table");
  await press("Pair");
  await says("Ready");
  await shot("cards");
  await page.getByRole("link", { name: /^Pay with/ }).click();
  await says("Merchant");
  await press("Hand the card over");
  await press("Yes, arm the card");
  await press("Press its button twice");
  await says(/\d+ s left/);
  await shot("hand-over");
  await press("Swipe it at the till");
  await says("Paid. The terminal approved it.");
  await shot("paid");
  await page.getByLabel("The cashier swipes").selectOption("turned");
  await press("Pay again");
  await press("Pay here");
  await press("Yes, pay");
  await press("Press its button twice");
  await says(/^Nothing was paid/);
  await shot("closed");
  await page.goto(`${origin}/#/history`);
  await says("Corner Coffee");
  await shot("history");
  await page.goto(`${origin}/#/`);
  await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
  await says("Part with it");
  await shot("card");
  await page.goto(`${origin}/#/test`);
  const { samples, sampleRateHz } = synthesise(7, { snrDb: 20 });
  const buffer = Buffer.from(encodeWav([samples], sampleRateHz));
  await page.getByLabel(/Drop a WAV file/).setInputFiles({ name: "swipe.wav", mimeType: "audio/wav", buffer });
  await says(/1 read\./);
  await press("Zoom in");
  await press("Zoom in");
  await press("Zoom in");
  await shot("test");
}
