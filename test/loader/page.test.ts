// The flasher's page, built as it is shipped, in a page of our own with a card behind its serial port; and the port's adapter by itself.

import vm from "node:vm";
import { webSerialLine } from "@enabling-card/sdk";
import { flasherPage } from "@enabling-card/tools";
import { FlashArea, LoaderVerdict, utf8 } from "@enabling-card/wire";
import { expect } from "chai";
import { LoaderCard, partsOf, sealed, versionIn } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 6));

/** A Web Serial port whose other end is a card. */
function portOf(card: LoaderCard) {
  const line = card.line();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const start = (given: typeof controller) => {
    controller = given;
  };
  const port = {
    opened: 0,
    closed: 0,
    readable: null as ReadableStream<Uint8Array> | null,
    writable: null as WritableStream<Uint8Array> | null,
    async open({ baudRate }: { readonly baudRate: number }) {
      expect(baudRate).to.equal(115_200);
      port.opened++;
      port.readable = new ReadableStream({ start });
      port.writable = new WritableStream({ write: (octets) => line.write(Uint8Array.from(octets)) });
    },
    async close() {
      port.closed++;
      port.readable = port.writable = null;
    },
    /** A fault of the line: the stream ends, and there is another. */
    fault() {
      const before = controller;
      port.readable = new ReadableStream({ start });
      before.error(new Error("break"));
    },
    pull() {
      const before = controller;
      port.readable = port.writable = null;
      before.error(new Error("gone"));
    },
    give: (octets: Uint8Array) => controller.enqueue(octets),
  };
  line.onOctets((octets) => controller.enqueue(octets));
  return port;
}

async function runningCard(): Promise<LoaderCard> {
  const card = await LoaderCard.create();
  card.install(FlashArea.Slot0, ONE);
  card.start();
  return card;
}

/** As much of a document as the page asks for. */
function fakePage(serial: object | undefined) {
  const made = () => ({
    textContent: "",
    className: "",
    disabled: false,
    value: 0,
    files: undefined as unknown,
    children: [] as { textContent: string }[],
    listeners: new Map<string, () => unknown>(),
    addEventListener(name: string, work: () => unknown) {
      this.listeners.set(name, work);
    },
    append(child: { textContent: string }) {
      this.children.push(child);
    },
    replaceChildren() {
      this.children = [];
    },
  });
  const elements = new Map<string, ReturnType<typeof made>>();
  const at = (id: string) => {
    if (!elements.has(id)) elements.set(id, made());
    return elements.get(id)!;
  };
  const document = { getElementById: at, createElement: made };
  const { setTimeout, clearTimeout, queueMicrotask, performance, AbortController, TextEncoder, TextDecoder } =
    globalThis;
  const context = vm.createContext({
    ...{ document, navigator: serial === undefined ? {} : { serial }, setTimeout, clearTimeout, queueMicrotask },
    ...{ performance, AbortController, TextEncoder, TextDecoder, crypto: globalThis.crypto, URL, atob, btoa, console },
    // Octets of the host are no octets of the page's otherwise.
    ...{ Uint8Array, ArrayBuffer, DataView, Error, Map, Promise },
  });
  return { context, at };
}

describe("the flasher's page", () => {
  let html: string;
  before(async () => {
    html = await flasherPage();
  });
  const script = () => /<script>([\s\S]*)<\/script>/.exec(html)![1]!;

  it("is one file, which loads nothing from elsewhere", () => {
    expect(html).to.match(/^<!doctype html>/);
    expect(html.match(/<script/g)).to.have.length(1);
    expect(html.replace(script(), "")).to.not.match(/https?:|src=|href=|url\(/);
    expect(script().length).to.be.within(20_000, 400_000);
  });

  it("flashes a card through the port that is chosen", async function () {
    this.timeout(20_000);
    const card = await runningCard();
    const port = portOf(card);
    const { context, at } = fakePage({ requestPort: async () => port });
    vm.runInContext(script(), context);
    expect(at("status").textContent).to.equal("");
    at("image").files = [{ arrayBuffer: async () => Uint8Array.from(TWO).buffer }];
    await at("image").listeners.get("change")!();
    expect(at("facts").textContent).to.equal(`Version 2.0.0+0 for an386, counter 6, ${TWO.length} octets.`);
    expect(at("flash").disabled).to.equal(false);
    await at("flash").listeners.get("click")!();
    expect(at("status")).to.include({ textContent: "Version 2.0.0+0 runs on an386, confirmed.", className: "good" });
    expect(at("bar").value).to.equal(1);
    expect(at("rate").textContent).to.match(new RegExp(`^${TWO.length} of ${TWO.length} octets, [0-9.]+ kB/s`));
    expect(at("steps").children.map(({ textContent }) => textContent.split(":")[0])).to.deep.equal([
      ...["checked", "connected", "sent", "testing", "confirmed"],
    ]);
    expect([port.opened, port.closed]).to.deep.equal([1, 1]);
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(versionIn(card.flash.areas[FlashArea.Slot0])).to.equal(2);
  });

  it("opens no port for what is no image, and says why by its code", async () => {
    const { context, at } = fakePage({ requestPort: () => expect.fail("a port was asked for") });
    vm.runInContext(script(), context);
    at("image").files = [{ arrayBuffer: async () => Uint8Array.from(TWO.subarray(0, 2000)).buffer }];
    await at("image").listeners.get("change")!();
    expect(at("status").textContent).to.match(/\[IMAGE_CUT\]$/);
    expect(at("flash").disabled).to.equal(true);
  });

  it("says plainly where the browser has no serial ports for pages", () => {
    const { context, at } = fakePage(undefined);
    vm.runInContext(script(), context);
    expect(at("status").textContent).to.match(/^This browser has no serial ports for pages: use Chrome/);
  });
});

describe("a port of the Web Serial API as a line", () => {
  it("goes on after a fault of the line, and says so when it is pulled", async () => {
    const port = portOf(await runningCard());
    const line = await webSerialLine(port);
    const heard: number[] = [];
    line.onOctets((octets) => heard.push(...octets));
    const tick = () => new Promise((resolve) => setTimeout(resolve, 5));
    port.give(Uint8Array.of(1));
    await tick();
    port.fault();
    await tick();
    port.give(Uint8Array.of(2));
    await tick();
    expect(heard).to.deep.equal([1, 2]);
    let gone = 0;
    line.onClose(() => gone++);
    port.pull();
    await tick();
    expect(gone).to.equal(1);
    expect(await line.write(utf8("x")).catch((error) => error.code)).to.equal("LINK_LOST");
    line.onClose(() => gone++);
    expect(gone, "whoever comes later is told at once").to.equal(2);
  });

  it("that cannot be opened is CARD_NOT_FOUND", async () => {
    const port = {
      readable: null,
      writable: null,
      open: () => Promise.reject(new Error("busy")),
      close: async () => {},
    };
    expect(await webSerialLine(port).catch((error) => error.code)).to.equal("CARD_NOT_FOUND");
  });
});
