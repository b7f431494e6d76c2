// The built pages, each file by its own name: what is not among them is not there.

import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError, EXIT } from "../exit-codes.js";

export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  /** Its name has a digest of it: it never changes. */
  readonly isFixed: boolean;
}

const BUILT = fileURLToPath(new URL("../../../build/companion/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** By path. @throws {CommandError} `PAGES_MISSING` */
export async function builtPages(folder = BUILT): Promise<ReadonlyMap<string, PageFile>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const pages = new Map<string, PageFile>();
  for (const file of found.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name);
    const name = `/${relative(folder, path).split(sep).join("/")}`;
    const type = TYPES[extname(file.name)];
    if (type === undefined) continue;
    pages.set(name, { body: await readFile(path), type, isFixed: name.startsWith("/assets/") });
  }
  const index = pages.get("/index.html");
  if (index === undefined)
    throw new CommandError("PAGES_MISSING", "The pages are not built: run npm run companion", EXIT.unavailable);
  return pages.set("/", index);
}
