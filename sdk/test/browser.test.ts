import { isBuiltin } from "node:module";
import path from "node:path";
import vm from "node:vm";
import { expect } from "chai";
import { build } from "esbuild";

const SDK = path.resolve(import.meta.dirname, "..");

async function bundle(entry: { contents: string } | { file: string }) {
  const result = await build({
    ...("file" in entry
      ? { entryPoints: [path.join(SDK, entry.file)] }
      : { stdin: { contents: entry.contents, resolveDir: path.join(SDK, "test"), loader: "ts" as const } }),
    bundle: true,
    write: false,
    format: "iife",
    globalName: "sdk",
    platform: "browser",
    target: "es2022",
    metafile: true,
    logLevel: "silent",
  });
  return { code: result.outputFiles[0]!.text, inputs: Object.entries(result.metafile.inputs) };
}

/** What a page has, and nothing of Node. A context has types of its own: what the host's objects return is made the page's. */
function page(): vm.Context {
  const { crypto, TextEncoder, TextDecoder, AbortController, AbortSignal, URL, URLSearchParams, btoa, atob } =
    globalThis;
  const { setTimeout, clearTimeout, queueMicrotask, performance, DOMException, fetch } = globalThis;
  const context = vm.createContext({
    ...{ crypto, TextEncoder, TextDecoder, AbortController, AbortSignal, URL, URLSearchParams, btoa, atob },
    ...{ setTimeout, clearTimeout, queueMicrotask, performance, DOMException, fetch },
    toHost: (octets: ArrayLike<number>) => Uint8Array.from(octets).buffer,
  });
  vm.runInContext(
    `{
      const host = { crypto, subtle: crypto.subtle, TextEncoder, toHost };
      delete globalThis.toHost;
      const there = (value) => {
        if (value instanceof ArrayBuffer) return host.toHost(new Uint8Array(value));
        if (value?.constructor !== Object) return value;
        return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, there(inner)])); // HkdfParams
      };
      const here = (value) =>
        Object.prototype.toString.call(value) === "[object ArrayBuffer]" ? Uint8Array.from(new Uint8Array(value)).buffer : value;
      const call = (_, name) =>
        name in host.subtle ? async (...given) => here(await host.subtle[name](...given.map(there))) : undefined;
      globalThis.crypto = {
        getRandomValues: (octets) => host.crypto.getRandomValues(octets),
        subtle: new Proxy({}, { get: call }),
      };
      globalThis.TextEncoder = class {
        encode(text) {
          return Uint8Array.from(new host.TextEncoder().encode(text));
        }
      };
    }`,
    context,
  );
  return context;
}

/** @hpke/common asks for Node's crypto where `globalThis.crypto` is missing, as it was before Node 19: never in a page. */
const KNOWN = /@hpke\/common\/esm\/src\/(algorithm|utils\/misc)\.js$/;

describe("the SDK in a browser", () => {
  it("is bundled without a module of Node", async () => {
    const { inputs, code } = await bundle({ file: "src/index.ts" });
    expect(inputs.length).to.be.greaterThan(20);
    const builtins = inputs.flatMap(([file, { imports }]) =>
      imports
        .filter((one) => isBuiltin(one.path) && !(KNOWN.test(file) && one.kind === "dynamic-import"))
        .map((one) => `${file}: ${one.path}`),
    );
    expect(builtins).to.deep.equal([]);
    expect(code).not.to.match(/\brequire\("(node:|fs|path|crypto)/);
  });

  it("would be caught with one: the adapter for Node does not bundle", async () => {
    const failed = await bundle({ file: "src/node/index.ts" }).then(
      () => "bundled",
      (error: Error) => error.message,
    );
    expect(failed).to.contain("node:fs/promises");
  });

  it("pairs, comes back, loads and pays with a page's globals alone", async () => {
    const { code } = await bundle({
      contents: `
        import * as sdk from "../src/index.js";
        import { TwinCard } from "./twin-card.js";
        export async function journey() {
          const twin = new TwinCard();
          const store = new sdk.MemoryPairingStore();
          const transport = sdk.memoryTransport([twin]);
          const options = { phoneName: "Ada's phone", makerRoot: twin.makerRoot, store };
          await (await sdk.Card.pair(transport, twin.pairingCode, options)).close();
          const card = await sdk.Card.connect(transport, { store });
          await card.setPin("2468");
          const part = new Uint8Array(200).fill(1);
          await card.load({ sealed: part, issuerCert: part, receipt: part, consistency: null });
          const { passesSent } = await card.present({ when: "now", pin: "2468" });
          await card.close();
          return passesSent;
        }`,
    });
    const context = page();
    vm.runInContext(code, context);
    expect(await vm.runInContext("sdk.journey()", context)).to.equal(3);
    expect(vm.runInContext("typeof process + typeof Buffer + typeof require", context)).to.equal("undefined".repeat(3));
  });
});
