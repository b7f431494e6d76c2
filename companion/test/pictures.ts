// Pictures of each page, light and dark, as wide as a phone and as a desk, into docs/pictures/companion: npm run companion:pictures, or `-- --only test,card` for
// some of them.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encodeWav, synthesise } from "@enabling-card/pos-sim";
import type { Page } from "playwright-core";
import { startChromium } from "../../tools/src/browser/chromium.js";
import { serveCompanion } from "../../tools/src/companion/serve.js";
import { World } from "../../tools/src/companion/world.js";
import { tableImage } from "./table-image.js";

const OUT = fileURLToPath(new URL("../../docs/pictures/companion/", import.meta.url));
const { values } = parseArgs({ options: { only: { type: "string" } } });
const only = values.only?.split(",");
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
  const shot = async (name: string, { fullPage = false, to = "h1" } = {}) => {
    if (only !== undefined && !only.includes(name)) return;
    await page.evaluate((seen) => {
      if (seen === "h1") scrollTo(0, 0);
      else document.querySelector(seen)!.scrollIntoView({ block: "center" });
    }, to);
    await page.screenshot({ path: `${OUT}${name}-${suffix}.png`, fullPage });
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
  await page.goto(`${origin}/#/engineer`);
  await says("Battery, and energy a swipe");
  await press("Follow the log");
  await page.getByLabel("Image, of ecard image sign").setInputFiles({
    ...{ name: "two.img", mimeType: "application/octet-stream", buffer: tableImage({ octets: 24_000 }) },
  });
  await says(/octets, whole/);
  await press("Flash it");
  await page.waitForFunction(() => Number(document.querySelector<HTMLProgressElement>("progress")?.value) > 12_000);
  await shot("engineer-flashing");
  await says(/runs on an386, confirmed/);
  await says(/the image runs as before/);
  await shot("engineer", { fullPage: true });
  await page.goto(`${origin}/#/`);
  await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
  await says("Part with it");
  await press("Add a payment means");
  await page
    .getByRole("link", { name: /^Pay with/ })
    .nth(1)
    .waitFor();
  await press("Press its button once");
  await says(/^Chosen with the card's button/);
  await shot("choosing");
  await page.clock.install();
  await page.reload();
  await says("Ready");
  await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
  await page.getByLabel("This phone may be away from it for").selectOption({ label: "1 minute" });
  await says(/^Together now/);
  await shot("nearness", { to: "[aria-labelledby=nearness]" });
  await press("Carry it away");
  await says("The card holds this: bring it near to change it.");
  await page.clock.fastForward(61_000);
  await page
    .getByRole("alert")
    .getByText(/was left behind/)
    .waitFor();
  await shot("left-behind");
}
