// A page as one file: its script is bundled from the sources, and stands inside.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CommandError, EXIT } from "./exit-codes.js";

/**
 * The HTML of the page in `folder`, whose script is its `main.ts`, put where the HTML says so.
 *
 * @throws {CommandError} `BUNDLER_MISSING`
 */
export async function bundledPage(folder: URL, name: string): Promise<string> {
  const esbuild = await import("esbuild").catch((cause) => {
    throw new CommandError("BUNDLER_MISSING", "npm's esbuild is missing: run npm ci", EXIT.unavailable, { cause });
  });
  const { outputFiles } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL("main.ts", folder))],
    ...{ bundle: true, write: false, minify: true, format: "iife", platform: "browser", target: "es2022" },
    logLevel: "silent",
  });
  const script = outputFiles[0]!.text.replaceAll("</script", "<\\/script");
  const html = await readFile(new URL(name, folder), "utf8");
  return html.replace("/* SCRIPT */", () => script);
}
