// Chromium without a window, as Debian has it.

import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";
import { CommandError, EXIT } from "../exit-codes.js";

const PROGRAMS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** Web Bluetooth is behind a flag on Linux. As root it runs without its sandbox; the pages are our own. */
const FLAGS = [
  "--enable-blink-features=WebBluetooth",
  "--no-first-run",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** Its path; undefined where it is not installed. */
export const chromiumPath = (): string | undefined => PROGRAMS.find(existsSync);

/** @throws {CommandError} `BROWSER_MISSING`, `BROWSER_FAILED` */
export async function startChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined)
    throw new CommandError("BROWSER_MISSING", "Chromium is missing: run apt-get install -y chromium", EXIT.unavailable);
  const { chromium } = await import("playwright-core");
  try {
    return await chromium.launch({ executablePath, headless: true, args: FLAGS });
  } catch (cause) {
    throw new CommandError("BROWSER_FAILED", `${executablePath} does not start`, EXIT.unavailable, { cause });
  }
}
