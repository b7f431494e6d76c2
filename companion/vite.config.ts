// Builds the pages into build/companion, and a service worker that knows their files.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const ROOT = import.meta.dirname;

export default defineConfig({
  root: ROOT,
  build: {
    outDir: "../build/companion",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  // The reader's files are bytes here.
  resolve: { alias: [{ find: /^node:.*$/, replacement: join(ROOT, "src/scope/without-node.ts") }] },
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [serviceWorker()],
});

/** All files of the build, kept under a name made of what is in them. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const hash = createHash("sha256");
      const files = ["/"];
      for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
        hash.update(name).update(file.type === "chunk" ? file.code : file.source);
        if (name !== "index.html") files.push(`/${name}`);
      }
      for (const name of readdirSync(join(ROOT, "public")).sort()) {
        hash.update(name).update(readFileSync(join(ROOT, "public", name)));
        files.push(`/${name}`);
      }
      const source = readFileSync(join(ROOT, "src/service-worker.js"), "utf8")
        .replace("__VERSION__", hash.digest("hex").slice(0, 16))
        .replace('["__FILES__"]', JSON.stringify(files));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}
