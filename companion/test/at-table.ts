// A cardholder's browser: Chromium with the built pages, and behind them an emulated card, the network and the till, new for each test.
import { expect } from "chai";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startChromium } from "../../tools/src/browser/chromium.js";
import { type CompanionServer, serveCompanion } from "../../tools/src/companion/serve.js";
import { World } from "../../tools/src/companion/world.js";

/** A page that waits for card, issuer or till, on a busy machine, ms. */
const PATIENCE = 20_000;

/** For a suite: a page is open before each of its tests, and has asked nobody else and thrown nothing behind it. */
export class AtTable {
  browser!: Browser;
  world!: World;
  server!: CompanionServer;
  page!: Page;
  #context!: BrowserContext;
  #faults: string[] = [];

  constructor() {
    before(async () => {
      this.browser = await startChromium();
    });
    after(() => this.browser.close());
    beforeEach(async () => {
      this.world = await World.open();
      this.server = await serveCompanion(this.world);
      this.#context = await this.browser.newContext({ viewport: { width: 1280, height: 900 } });
      this.#faults = [];
      this.page = await this.opened();
    });
    afterEach(async () => {
      await this.#context.close();
      await this.server.close().catch(() => undefined);
      await this.world.close();
      expect(this.#faults).to.deep.equal([]);
    });
  }

  /** One more tab. */
  opened = async (): Promise<Page> => {
    const one = await this.#context.newPage();
    one.setDefaultTimeout(PATIENCE);
    one.on("pageerror", (error) => this.#faults.push(error.message));
    one.on("console", (message) => {
      if (/content security policy/i.test(message.text())) this.#faults.push(message.text());
    });
    one.on("request", (request) => {
      if (new URL(request.url()).hostname !== "127.0.0.1") this.#faults.push(`asked ${request.url()}`);
    });
    await one.goto(this.server.url);
    await one.getByRole("heading", { level: 1 }).waitFor();
    return one;
  };

  origin = (): string => new URL(this.server.url).origin;
  main = () => this.page.getByRole("main");
  press = (name: string) => this.page.getByRole("button", { name, exact: true }).click();
  says = (text: string | RegExp) => this.main().getByText(text).first().waitFor();

  pair = async (): Promise<void> => {
    await this.page.goto(`${this.origin()}/#/pair`);
    await this.press("Take the one on the table");
    await this.press("Pair");
    await this.says("Ready");
  };

  /** What the history says, from the page with the cards and back to it. */
  history = async (text: string | RegExp): Promise<void> => {
    await this.page.getByRole("link", { name: "History" }).click();
    await this.says(text);
    await this.page.getByRole("link", { name: "Cards" }).click();
    await this.says("Ready");
  };

  order = async (how: "Pay here" | "Hand the card over"): Promise<void> => {
    await this.page.getByRole("link", { name: /^Pay with/ }).click();
    await this.press(how);
    await this.says(/The card would pay Corner Coffee, at most 9.50 EUR/);
  };

  armed = async (): Promise<void> => {
    await this.order("Hand the card over");
    await this.press("Yes, arm the card");
    await this.press("Press its button twice");
    await this.says(/\d+ s left/);
  };
}
