// How long the first load takes until the pages can be used, on a processor that is four times as slow: npm run companion:load. Five times, each in a
// browser that knows nothing of them; a figure, and no test.
import { setTimeout as pause } from "node:timers/promises";
import { startChromium } from "../../tools/src/browser/chromium.js";
import { serveCompanion } from "../../tools/src/companion/serve.js";
import { World } from "../../tools/src/companion/world.js";

const TIMES = 5;
const SLOWER = 4;

const browser = await startChromium();
const world = await World.open();
const server = await serveCompanion(world);
const tookMs: number[] = [];
try {
  for (let time = 0; time < TIMES; time++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const tools = await context.newCDPSession(page);
    await tools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    // Drawn, and the page's thread is free: what is pressed then is answered.
    await page.addInitScript(`
      const seen = new MutationObserver(() => {
        if (!document.querySelector("main h1")) return;
        seen.disconnect();
        requestAnimationFrame(() => setTimeout(() => { globalThis.usableMs = performance.now(); }));
      });
      seen.observe(document, { childList: true, subtree: true });`);
    await page.goto(server.url);
    const usable = () => page.evaluate(() => (globalThis as { usableMs?: number }).usableMs);
    let ms = await usable();
    for (; ms === undefined; ms = await usable()) await pause(20);
    tookMs.push(ms);
    await context.close();
  }
} finally {
  await browser.close();
  await server.close();
  await world.close();
}
const sorted = tookMs.toSorted((a, b) => a - b);
console.log(
  `usable after ${sorted[TIMES >> 1]!.toFixed(0)} ms (median of ${TIMES}; ${sorted.map((ms) => ms.toFixed(0)).join(", ")}), processor ${SLOWER} times slower`,
);
process.exit(0);
