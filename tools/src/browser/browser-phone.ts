// A phone that is a page in Chromium: the SDK's Web Bluetooth adapter and the browser's own Web Bluetooth, and behind the browser's emulated radio a
// card that Node reaches by another transport. What sits above the adapter runs in Node.

import {
  CardError,
  type CardErrorCode,
  type CardLink,
  type CardTransport,
  type DiscoveredCard,
  type GattOptions,
} from "@enabling-card/sdk";
import type { Browser, Page } from "playwright-core";
import { bundledPage } from "../bundled-page.js";
import { startChromium } from "./chromium.js";
import type { Outcome, PageCalls } from "./page/main.js";
import { ADDRESS, EmulatedPeripheral } from "./peripheral.js";

/** Never asked of a network: the page is answered here, and https is what Web Bluetooth wants. */
const URL_OF_PAGE = "https://card.test/";

/** Chromium, for any number of phones one after the other. */
export class BrowserPhones {
  readonly #browser: Browser;
  readonly #html: string;

  /** @throws {CommandError} `BROWSER_MISSING`, `BROWSER_FAILED`, `BUNDLER_MISSING` */
  static async start(): Promise<BrowserPhones> {
    const html = await bundledPage(new URL("page/", import.meta.url), "page.html");
    return new BrowserPhones(await startChromium(), html);
  }

  private constructor(browser: Browser, html: string) {
    this.#browser = browser;
    this.#html = html;
  }

  /** A page of its own, its user one who clicks and takes the first card of the browser's list. */
  async open(behind: CardTransport): Promise<BrowserPhone> {
    const context = await this.#browser.newContext();
    const page = await context.newPage();
    await page.route(URL_OF_PAGE, (route) => route.fulfill({ contentType: "text/html", body: this.#html }));
    const [radio, prompts] = await Promise.all([this.#browser.newBrowserCDPSession(), context.newCDPSession(page)]);
    const peripheral = await EmulatedPeripheral.on(radio, {
      hold: () => page.evaluate(() => globalThis.ecard.hold()),
      release: () => page.evaluate(() => globalThis.ecard.release()),
    });
    await prompts.send("DeviceAccess.enable");
    const answered = new Set<string>();
    prompts.on("DeviceAccess.deviceRequestPrompted", ({ id, devices }) => {
      if (answered.has(id) || !devices.some((device) => device.id.toLowerCase() === ADDRESS)) return;
      answered.add(id);
      void prompts.send("DeviceAccess.selectPrompt", { id, deviceId: devices[0]!.id }).catch(() => undefined);
    });
    const phone = new BrowserPhone(page, peripheral, behind, () => context.close());
    await phone.load(URL_OF_PAGE);
    return phone;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

interface Ends {
  readonly heard: Set<(chunk: Uint8Array) => void>;
  readonly lost: Set<(reason: CardError) => void>;
  reason?: CardError;
  maxWrite: number;
}

export class BrowserPhone {
  readonly #page: Page;
  readonly #peripheral: EmulatedPeripheral;
  readonly #behind: CardTransport;
  readonly #links = new Map<number, Ends>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly close: () => Promise<void>;

  constructor(page: Page, peripheral: EmulatedPeripheral, behind: CardTransport, close: () => Promise<void>) {
    this.#page = page;
    this.#peripheral = peripheral;
    this.#behind = behind;
    this.close = async () => {
      await peripheral.end();
      await close();
    };
  }

  async load(url: string): Promise<void> {
    await this.#page.exposeFunction("ecardHeard", (link: number, chunk: string) => {
      for (const listener of this.#links.get(link)?.heard ?? []) listener(octetsOf(chunk));
    });
    await this.#page.exposeFunction("ecardLost", (link: number, code: string, message: string) => {
      const ends = this.#links.get(link);
      if (ends === undefined) return;
      const reason = new CardError(code as CardErrorCode, message);
      ends.reason = reason;
      for (const listener of ends.lost) listener(reason);
    });
    await this.#page.goto(url);
  }

  /** The adapter's, in the page: one at a time. */
  transport(options: GattOptions = {}): CardTransport {
    const phone = this;
    const made = this.#page.evaluate((options) => globalThis.ecard.use(options), options);
    made.catch(() => undefined);
    return {
      hidesIdentifiers: true,
      async *discover(signal) {
        await made;
        const card = await phone.#inTurn(() => phone.#choose(signal));
        if (card !== undefined) yield card;
      },
      async connect(id, { signal } = {}) {
        await made;
        return phone.#inTurn(() => phone.#connect(id, signal));
      },
    };
  }

  /** Whoever gives up does not wait for the page to have heard it, and may ask again meanwhile. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #choose(signal: AbortSignal | undefined): Promise<DiscoveredCard | undefined> {
    await this.#peripheral.hangUp(); // where the page did, nobody else was told
    if (!(await isThere(this.#behind, signal))) return undefined;
    await this.#peripheral.lead(this.#behind);
    if (signal?.aborted) return undefined;
    await this.#page.click("#choose");
    return this.#unless(signal, this.#call("chosen"));
  }

  async #connect(id: string, signal?: AbortSignal): Promise<CardLink> {
    const made = await this.#unless(signal, this.#call("connect", id)).catch(async (error) => {
      await this.#peripheral.hangUp();
      throw error;
    });
    const ends: Ends = { heard: new Set(), lost: new Set(), maxWrite: made.maxWrite };
    this.#links.set(made.number, ends);
    const phone = this;
    return {
      id: made.id,
      get maxWrite() {
        return ends.maxWrite;
      },
      async write(chunk, { response }) {
        ends.maxWrite = await phone.#call("write", made.number, Buffer.from(chunk).toString("base64"), response);
      },
      async subscribe(listener) {
        ends.heard.add(listener);
        await phone.#call("subscribe", made.number);
        return () => ends.heard.delete(listener);
      },
      onDisconnect(listener) {
        if (ends.reason !== undefined) listener(ends.reason);
        else ends.lost.add(listener);
        return () => ends.lost.delete(listener);
      },
      async close() {
        await phone.#call("close", made.number);
        await phone.#peripheral.hangUp();
      },
    };
  }

  /** What was asked of the page, which is told where it is not wanted any more. */
  async #unless<T>(signal: AbortSignal | undefined, asked: Promise<T>): Promise<T> {
    const giveUp = () => void this.#call("giveUp").catch(() => undefined);
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp);
    return asked.finally(() => signal?.removeEventListener("abort", giveUp));
  }

  /** One call of the page's adapter; its error is thrown here. */
  async #call<Name extends Exclude<keyof PageCalls, "use" | "hold" | "release">>(
    name: Name,
    ...given: Parameters<PageCalls[Name]>
  ): Promise<Value<Name>> {
    const outcome = (await this.#page.evaluate(
      ([name, given]) => (globalThis.ecard[name] as (...given: unknown[]) => unknown)(...given),
      [name, given] as const,
    )) as Outcome<Value<Name>>;
    if ("error" in outcome) throw errorOf(outcome.error);
    return outcome.value;
  }
}

type Value<Name extends keyof PageCalls> = Awaited<ReturnType<PageCalls[Name]>> extends Outcome<infer T> ? T : never;

/** A browser's user waits for the list to show a card. */
async function isThere(transport: CardTransport, signal: AbortSignal | undefined): Promise<boolean> {
  for await (const _ of transport.discover(signal)) return true;
  return false;
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  return code === "" ? new Error(message) : new CardError(code as CardErrorCode, message);
}

function octetsOf(chunk: string): Uint8Array {
  return Uint8Array.from(Buffer.from(chunk, "base64"));
}
