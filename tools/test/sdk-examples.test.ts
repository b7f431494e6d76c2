// The SDK's smallest programs, run as their readers would: that of Node beside an emulated card, that of a page in Chromium.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { sampleKeys, startIssuer } from "@enabling-card/issuer";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { build } from "esbuild";
import { startChromium } from "../src/browser/chromium.js";
import { serveCardSocket } from "../src/companion/card-socket.js";
import { builtFirmware, developmentLog, makeCard, serveLine } from "../src/index.js";
import { testFolder } from "./run-ecard.js";

/** By its place, as the example runs elsewhere. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const EXAMPLES = new URL("../../sdk/examples/", import.meta.url);
const keys = sampleKeys();

async function cardOnTable() {
  const block = new MemoryBlock();
  const { pairingCode } = await makeCard(block, {
    keys,
    log: developmentLog(keys),
    now: Math.floor(Date.now() / 1000),
  });
  const options = { firmware: await builtFirmware(), block, clock: "real", autoPress: true } as const;
  return { pairingCode, card: (await EmulatedCard.create(options)).start() };
}

describe("the SDK's examples", () => {
  const folder = testFolder();

  it("of Node: pairs, and pays once", async () => {
    const { card, pairingCode } = await cardOnTable();
    const [line, issuer] = await Promise.all([serveLine(card), startIssuer({ keys })]);
    try {
      const [sheet, root] = [join(folder(), "sheet.txt"), join(folder(), "root.txt")];
      await writeFile(sheet, pairingCode);
      await writeFile(root, toHex(keys.makerRoot.publicKey));
      const example = fileURLToPath(new URL("node.ts", EXAMPLES));
      const run = spawn(process.execPath, ["--import", TSX, example, sheet, root, issuer.url, String(line.port)], {
        cwd: folder(),
      });
      let said = "";
      for (const stream of [run.stdout, run.stderr])
        stream.on("data", (piece) => {
          said += piece;
        });
      const [code] = await once(run, "close");
      expect(code, said).to.equal(0);
      expect(said).to.contain("Corner Coffee at most 9.5 EUR");
      expect(said).to.match(/\d passes left the coil/);
      expect(card.coil.emission()?.passes.length).to.be.greaterThan(0);
    } finally {
      await line.close();
      await issuer.close();
      card.stop();
    }
  }).timeout(60_000);

  it("of a page: pairs, and shows the card; another code is refused in words", async () => {
    const { outputFiles } = await build({
      ...{ entryPoints: [fileURLToPath(new URL("browser.ts", EXAMPLES))], bundle: true, write: false },
      ...{ format: "esm", platform: "browser", logLevel: "silent" },
    });
    const html = (await readFile(new URL("browser.html", EXAMPLES), "utf8")).replace("./browser.ts", "./browser.js");
    const server = createServer((request, response) => {
      const isScript = request.url!.startsWith("/browser.js");
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? outputFiles[0]!.text : html);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { card, pairingCode } = await cardOnTable();
    const stop = serveCardSocket(server, card, { path: "/card", token: "example" });
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      const settings = new URLSearchParams({
        ...{ card: `ws://127.0.0.1:${port}/card`, token: "example", makerRoot: toHex(keys.makerRoot.publicKey) },
      });
      await page.goto(`http://127.0.0.1:${port}/?${settings}`);
      await page.getByLabel("The code on the card's sheet").fill("ECARD1:x");
      await page.getByRole("button").click();
      await page.getByText(/This is not a pairing code/).waitFor();
      await page.getByLabel("The code on the card's sheet").fill(pairingCode);
      await page.getByRole("button").click();
      await page.getByText(/^Card [A-Z2-7]{6}, battery \d+ %$/).waitFor();
    } finally {
      await browser.close();
      stop();
      server.closeAllConnections();
      server.close();
      card.stop();
    }
  }).timeout(60_000);
});
