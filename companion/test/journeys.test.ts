// What a cardholder does, in Chromium: the built pages, and behind them the emulated card, the network and the till.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Conditions, encodeWav, maskTracks, synthesise } from "@enabling-card/pos-sim";
import { decodePairingCode } from "@enabling-card/wire";
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startChromium } from "../../tools/src/browser/chromium.js";
import { type CompanionServer, serveCompanion } from "../../tools/src/companion/serve.js";
import { World } from "../../tools/src/companion/world.js";
import { issuerDesk } from "../../tools/src/network/issuer-desk.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** A page that waits for card, issuer or till, on a busy machine, ms. */
const PATIENCE = 20_000;

describe("the companion in a browser", () => {
  let browser: Browser;
  let axe: string;
  let world: World;
  let server: CompanionServer;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  before(async () => {
    browser = await startChromium();
    axe = await readFile(AXE, "utf8");
  });
  after(() => browser.close());

  beforeEach(async () => {
    world = await World.open();
    server = await serveCompanion(world);
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    faults = [];
    page = await opened();
  });
  afterEach(async () => {
    await context.close();
    await server.close().catch(() => undefined);
    await world.close();
    expect(faults).to.deep.equal([]);
  });

  async function opened(url = server.url): Promise<Page> {
    const one = await context.newPage();
    one.setDefaultTimeout(PATIENCE);
    one.on("pageerror", (error) => faults.push(error.message));
    one.on("console", (message) => {
      if (/content security policy/i.test(message.text())) faults.push(message.text());
    });
    one.on("request", (request) => {
      if (new URL(request.url()).hostname !== "127.0.0.1") faults.push(`asked ${request.url()}`);
    });
    await one.goto(url);
    await one.getByRole("heading", { level: 1 }).waitFor();
    return one;
  }

  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  const main = () => page.getByRole("main");
  const says = (text: string | RegExp) => main().getByText(text).first().waitFor();
  async function pair(): Promise<void> {
    await page.goto(`${origin()}/#/pair`);
    await press("Take the one on the table");
    await press("Pair");
    await says("Ready");
  }
  const origin = () => new URL(server.url).origin;
  async function order(how: "Pay here" | "Hand the card over"): Promise<void> {
    await page.getByRole("link", { name: /^Pay with/ }).click();
    await press(how);
    await says(/The card would pay Corner Coffee, at most 9.50 EUR/);
  }

  it("pairs a card, and pays with it: the receipt is on the page, and in the history", async () => {
    await says("This phone has no card yet.");
    await pair();
    await order("Pay here");
    await press("Yes, pay");
    await says("Press the card's button twice now.");
    await press("Press its button twice");
    await says("Paid. The terminal approved it.");
    await says(/999999\*{6}\d{4}/);
    await says(/The swipe: \d passe?s? in/);
    await page.getByRole("link", { name: "History" }).click();
    await says("Corner Coffee");
    await says("paid");
  }).timeout(60_000);

  it("hands the card over: armed, it sends at the till without its phone", async () => {
    await pair();
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says("Swipe at the reader, or hand the card over.");
    await says(/\d+ s left/);
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
    expect(world.view.lights).to.not.equal("armed");
  }).timeout(60_000);

  it("hands the card over, and it leaves its phone: what the terminal says is this payment's", async () => {
    await pair();
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await press("Carry it away");
    await page.getByRole("button", { name: "Bring it back" }).waitFor();
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("leaves a card armed that was handed over, where its page is left", async () => {
    await pair();
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await page.getByRole("link", { name: "Cards" }).click();
    await says(/Swipe at the reader, or hand the card over/);
    await press("Swipe it at the till");
    await page.getByText("Approved", { exact: true }).waitFor();
  }).timeout(60_000);

  it("has several payment means on a card, each as steady as one", async () => {
    await pair();
    for (let more = 0; more < 2; more++) {
      await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
      await press("Add a payment means");
      await main()
        .getByText("Ready")
        .nth(more + 1)
        .waitFor();
    }
    for (let look = 0; look < 15; look++) {
      expect(await main().getByText("Ready", { exact: true }).count()).to.equal(3);
      await page.waitForTimeout(200);
    }
  }).timeout(60_000);

  it("takes a payment back, before the card was asked and while it is armed", async () => {
    await pair();
    await order("Pay here");
    await press("No, take it back");
    await says("Nothing was sent.");
    await press("Pay again");
    await press("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await press("Take it back");
    await says("Nothing was sent.");
    await press("Swipe it at the till");
    expect(await page.getByText("No card was swiped yet.").count()).to.equal(1);
  }).timeout(60_000);

  it("knows of a payment whose page was closed: what the card had not, what is armed still, and what was sent", async () => {
    const history = async (text: string) => {
      await page.getByRole("link", { name: "History" }).click();
      await says(text);
      await page.getByRole("link", { name: "Cards" }).click();
      await says("Ready");
    };
    await pair();
    await order("Pay here");
    await page.reload();
    await page.goto(`${origin()}/#/`);
    await press("Take it back");
    await history("The card has sent nothing of it");
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await page.reload();
    await page.goto(`${origin()}/#/`);
    await says(/Swipe at the reader, or hand the card over/);
    await press("Swipe it at the till");
    await page.getByText("Approved", { exact: true }).waitFor();
    await press("Take it back");
    await history("The card has sent it; the terminal knows how it ended");
  }).timeout(90_000);

  it("tells why a terminal declined", async () => {
    await pair();
    await page.getByLabel("Amount, EUR", { exact: true }).fill("30");
    await press("Charge");
    await page.getByText("It asks for 30.00 EUR").waitFor();
    await page.getByRole("link", { name: /^Pay with/ }).click();
    await page.getByLabel("The most that may be charged, EUR").fill("9.50");
    await press("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says(/Not paid. The terminal declined it: AMOUNT_OVER_CAP/);
  }).timeout(60_000);

  it("suspends and resumes: nothing can be paid with what is suspended", async () => {
    await pair();
    await press("Suspend");
    await says(/^Suspended by cardholder/);
    expect(await page.getByRole("link", { name: /^Pay with/ }).count()).to.equal(0);
    await press("Resume");
    await says("Ready");
  }).timeout(60_000);

  it("hears of what others do with its payment means, as soon as they do", async () => {
    await pair();
    const { cardId } = decodePairingCode(world.pairingCode);
    const keys = { keysFile: undefined, writtenKeys: undefined };
    const desk = await issuerDesk({ who: "operator", url: world.network.issuer.url, ...keys });
    const [token] = await desk.tokens(cardId);
    await desk.move(token!, "suspended");
    await says(/^Suspended by issuer/);
    await says("Ask the issuer");
    await desk.move(token!, "active");
    await says("Ready");
  }).timeout(60_000);

  it("keeps its card over a reload, in keys that the page cannot read", async () => {
    await pair();
    await page.reload();
    await says("Ready");
    const keys = await page.evaluate(async () => {
      const open = indexedDB.open("enabling-card");
      await new Promise((resolve) => open.addEventListener("success", resolve));
      const all = open.result.transaction("pairings").objectStore("pairings").getAll();
      await new Promise((resolve) => all.addEventListener("success", resolve));
      open.result.close();
      return all.result.map(({ phoneKey }) => ("secret" in phoneKey ? "octets" : phoneKey.privateKey.extractable));
    });
    expect(keys).to.deep.equal([false]);
  }).timeout(60_000);

  it("has its card in one tab at a time, and takes it over where it is asked to", async () => {
    await pair();
    const other = await opened();
    await other.getByText("This app is open in another tab, which has the card.").waitFor();
    await other.getByRole("button", { name: "Use it here" }).click();
    await page.getByText("Another tab has taken the card over.").waitFor();
    await other.getByText("Ready").waitFor();
    await other.close();
    await page.reload();
    await says("Ready");
  }).timeout(60_000);

  it("goes on where this browser's data were cleared: paired anew, with a new access key of the issuer's", async () => {
    await pair();
    await page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name!);
    });
    await page.reload();
    await says("This phone has no card yet.");
    await page.goto(`${origin()}/#/pair`);
    await press("Take the one on the table");
    await press("Pair");
    await page
      .getByRole("alert")
      .getByText(/hold|button|pair/i)
      .waitFor();
    await press("Hold its button 3 s");
    await page.getByText("Its light is blue").waitFor();
    await press("Pair");
    await page
      .getByRole("alert")
      .getByText(/ask the issuer for a new access key/)
      .waitFor();
    await page.goto(`${origin()}/#/`);
    await page.getByRole("link", { name: "Finish setting it up" }).click();
    await press("Ask the issuer's desk for a key");
    await page.waitForFunction(() => [...document.querySelectorAll("input")].some(({ value }) => value.length > 30));
    await press("Set it up");
    await says("Ready");
  }).timeout(90_000);

  it("takes a new access key of the issuer's where the one that it had is no good any more", async () => {
    await pair();
    await world.renewAccess();
    await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    await page.getByText("The issuer gave me a new access key").click();
    await press("Ask the issuer's desk for a key");
    await page.waitForFunction(() => [...document.querySelectorAll("input")].some(({ value }) => value.length > 30));
    await press("Set it up");
    await says("Ready");
    await press("Suspend");
    await says(/^Suspended by cardholder/);
  }).timeout(60_000);

  it("says what to do where nothing can be kept, and where there is no room", async () => {
    const other = await browser.newContext();
    try {
      const [none, full] = [await other.newPage(), await other.newPage()];
      await none.addInitScript(() => {
        indexedDB.open = () => {
          throw new DOMException("no", "SecurityError");
        };
      });
      await none.goto(server.url);
      await none.getByText(/This browser keeps nothing for this page/).waitFor();
      await none.close();
      // As a text: what is compiled here would miss its helpers there.
      await full.addInitScript(`const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (...record) {
          if (this.name === "settings") return put.apply(this, record);
          throw new DOMException("full", "QuotaExceededError");
        };`);
      await full.goto(`${origin()}/#token=${server.url.split("=")[1]}`);
      await full.goto(`${origin()}/#/pair`);
      await full.getByRole("button", { name: "Take the one on the table" }).click();
      await full.getByRole("button", { name: "Pair", exact: true }).click();
      await full
        .getByRole("alert")
        .getByText(/free some space/)
        .waitFor();
    } finally {
      await other.close();
    }
  }).timeout(60_000);

  it("says that the card is out of reach, and finds it again", async () => {
    await pair();
    await press("Carry it away");
    await says("not in reach");
    await press("Look for it");
    await says(/No such card is in reach/);
    await press("Bring it back");
    await press("Look for it");
    await says(/in reach, battery/);
  }).timeout(90_000);

  it("unpairs, here and on the card", async () => {
    await pair();
    await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    expect(await page.getByRole("button", { name: "Unpair" }).isDisabled()).to.equal(true);
    await page.getByLabel("I want that").check();
    await press("Unpair");
    await says("This phone has no card yet.");
    expect(world.card.advertised()).to.equal(undefined);
  }).timeout(60_000);

  it("goes on with a card that it has, where its code is entered once more", async () => {
    await pair();
    await pair();
    expect(await page.getByRole("heading", { name: /^Card/, level: 2 }).count()).to.equal(1);
  }).timeout(60_000);

  it("refuses a code that is none, and another card's, in words", async () => {
    await page.goto(`${origin()}/#/pair`);
    await page.getByLabel("The code on the card's sheet").fill("ECARD1:nothing");
    await press("Pair");
    await says(/This is not a pairing code/);
    const other = await World.open();
    try {
      await page.getByLabel("The code on the card's sheet").fill(other.pairingCode);
      await press("Pair");
      await page
        .getByRole("alert")
        .getByText(/sheet|card/)
        .waitFor();
      expect(await page.getByRole("link", { name: "Cards" }).count()).to.equal(1);
    } finally {
      await other.close();
    }
  }).timeout(60_000);

  it("works without the server behind the first load: pages, cards and history are there", async () => {
    await pair();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await server.close();
    await page.reload();
    await says(/Card [A-Z2-7]{6}/);
    await says("not in reach");
    await page.getByRole("link", { name: "History" }).click();
    await says("Nothing was paid with this phone yet.");
  }).timeout(60_000);

  describe("on the tester's page", () => {
    const wav = (conditions: Conditions) => {
      const { samples, sampleRateHz, text } = synthesise(7, conditions);
      const buffer = Buffer.from(encodeWav([samples], sampleRateHz));
      return { text, file: { name: "swipe.wav", mimeType: "audio/wav", buffer } };
    };
    const drop = async (file: { name: string; mimeType: string; buffer: Buffer }) => {
      await page.goto(`${origin()}/#/test`);
      await page.getByLabel(/Drop a WAV file/).setInputFiles(file);
    };

    it("reads a recording, and shows it on a scope", async () => {
      const { text, file } = wav({ snrDb: 20 });
      await drop(file);
      await says(/swipe.wav, .* 1 read\./);
      await says(maskTracks(text));
      const scope = page.getByRole("img", { name: /^Read 1: its waveform/ });
      const seen = async () =>
        (await scope.getAttribute("aria-label"))!
          .match(/from ([\d.]+) to ([\d.]+)/)!
          .slice(1)
          .map(Number);
      const [from, to] = (await seen()) as [number, number];
      await press("Zoom in");
      const [closer, less] = (await seen()) as [number, number];
      expect(less - closer).to.be.closeTo((to - from) / 1.5, 0.001);
      await press("All of it");
      await page.getByLabel("Cursor 1").focus();
      await page.keyboard.press("ArrowRight");
      await says(/us between the cursors, [\d.]+ cells/);
    }).timeout(60_000);

    it("says why nothing was read, and what perhaps", async () => {
      await drop(wav({ snrDb: -3 }).file);
      await says(/0 reads/);
      await says("Perhaps");
      await main().getByRole("alert").waitFor();
    }).timeout(60_000);

    it("refuses what is no WAV file", async () => {
      await drop({ name: "x.wav", mimeType: "audio/wav", buffer: Buffer.from("nothing of that kind") });
      await says("WAV_NOT_WAV");
    }).timeout(60_000);
  });

  it("goes on with its own version where a newer one's worker has taken over, and says so", async () => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await says("This phone has no card yet.");
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.evaluate(() => navigator.serviceWorker.dispatchEvent(new Event("controllerchange")));
    await page.getByText("A newer version of this app is there.").waitFor();
    await press("Load it");
    await says("This phone has no card yet.");
    expect(await page.getByText("A newer version of this app is there.").count()).to.equal(0);
  }).timeout(60_000);

  it("lets no page in that has not the token, and says what to do", async () => {
    const stranger = await browser.newContext();
    const other = await stranger.newPage();
    await other.goto(`${origin()}/`);
    await other.getByText("Open the address that").waitFor();
    const answers = await other.evaluate(async () => {
      const asked = await fetch("/world/table");
      const wrong = await fetch("/world/table", { headers: { authorization: "Bearer another" } });
      return [asked.status, wrong.status, await asked.json()];
    });
    expect(answers).to.deep.equal([401, 401, { code: "TOKEN_WRONG" }]);
    await stranger.close();
  }).timeout(60_000);

  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 390],
  ] as const) {
    it(`has no fault that axe-core finds on any page, ${scheme}, ${width} pixels wide`, async () => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      const found: string[] = [];
      const look = async (name: string) => {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() =>
          (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run(),
        );
        for (const { id, nodes } of violations) found.push(`${name}: ${id}: ${nodes[0]!.html}`);
        const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (isWide) found.push(`${name}: wider than the window`);
      };
      await look("no card");
      await pair();
      await look("cards");
      await page.goto(`${origin()}/#/pair`);
      await look("pair");
      await page.goto(`${origin()}/#/test`);
      await says("Test a recording");
      await look("test");
      await page.goto(`${origin()}/#/`);
      await order("Pay here");
      await look("confirm");
      await press("Yes, pay");
      await press("Press its button twice");
      await says("Paid. The terminal approved it.");
      await look("paid");
      await page.getByRole("link", { name: "History" }).click();
      await says("Corner Coffee");
      await look("history");
      await page.goto(`${origin()}/#/`);
      await page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
      await says("Part with it");
      await look("card");
      expect(found).to.deep.equal([]);
    }).timeout(90_000);
  }
});
