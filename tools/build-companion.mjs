// Builds the companion's pages with Vite into build/companion. Does nothing where nothing changed. Plain JavaScript: set-up runs it.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "./build-firmware.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUT = join(ROOT, "build/companion");
/** What the pages are made of. */
const SOURCES = ["companion", "sdk/src", "wire"];
const OTHERS = ["package-lock.json", "tools/build-companion.mjs"];

/** Throws what Vite says, and then the next build begins anew. */
export async function buildCompanion(log = console.log) {
  const digest = digestOf([...SOURCES.flatMap(filesIn), ...OTHERS.map((name) => join(ROOT, name))]);
  const stamp = join(OUT, "stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  rmSync(stamp, { force: true });
  const { build } = await import("vite");
  await build({ configFile: join(ROOT, "companion/vite.config.ts"), logLevel: "error" });
  writeWhole(stamp, digest);
  log("the companion's pages: built");
}

function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !file.parentPath.includes("node_modules"))
    .map((file) => join(file.parentPath, file.name));
}

function digestOf(files) {
  const hash = createHash("sha256");
  for (const file of files.sort()) hash.update(file.slice(ROOT.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}
