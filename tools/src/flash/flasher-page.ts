// The flasher's page as one file.

import { bundledPage } from "../bundled-page.js";

/** The page's HTML. @throws {CommandError} `BUNDLER_MISSING` */
export function flasherPage(): Promise<string> {
  return bundledPage(new URL("page/", import.meta.url), "flasher.html");
}
