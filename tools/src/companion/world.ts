// What stands behind the pages where there is no hardware: an emulated card, the network, a till; and the hands that hold the card.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Bill, Cashier, Hand, TableView, WorldEvent } from "@enabling-card/companion/world";
import { INDICATOR_NAMES, type LoaderOptions, SerialPads, type TraceEvent } from "@enabling-card/emulator";
import { sampleKeys } from "@enabling-card/issuer";
import { type Network, startNetwork } from "@enabling-card/network";
import { PAIRING_HOLD_MS } from "@enabling-card/wire";
import { FLASH_FILE, personaliseFolder } from "../card-folder.js";
import { emulatedSlots } from "../emulate/emulated-slots.js";
import { type OpenCard, openCard } from "../emulate/open-card.js";
import { seenEmission } from "./seen-emission.js";
import { SerialSocket } from "./serial-socket.js";
import { Till } from "./till.js";

const BILL: Bill = { amount: 950, merchant: "Corner Coffee" };
/** Behind the last pass of an emission, ms: passes follow each other sooner. */
const OVER_MS = 400;
/** A head that has heard nothing by then hears nothing any more, ms: an armed card begins sooner. */
const SILENCE_MS = 1_500;
/** How much later than the swipe a cashier who is late asks, seconds: a grant has 120. The network's clocks jump for that. */
const LATE_S = 150;

/** How far the network's clocks are ahead, seconds. */
class Clock {
  aheadS = 0;
  readonly now = () => Math.floor(Date.now() / 1000) + this.aheadS;
}

export class World {
  readonly network: Network;
  /** The card's serial line, whose cable lies on the table. */
  readonly serial: SerialSocket;
  readonly #pads: SerialPads;
  readonly #open: OpenCard;
  readonly #till: Till;
  readonly #listeners = new Set<(event: WorldEvent) => void>();
  readonly #clock: Clock;
  #near = true;
  #cashier: Cashier = "well";
  /** Swipes of this cashier, with one card. */
  #swipes = 0;
  #silence: NodeJS.Timeout | undefined;
  #over: NodeJS.Timeout | undefined;
  #told = "";

  /**
   * @param folder - Where card and network are kept, made where they are not there; all in memory without
   * @throws what `startNetwork`, `personaliseFolder` and `openCard` throw
   */
  static async open(folder?: string): Promise<World> {
    const clock = new Clock();
    const network = await startNetwork({
      ...{ keys: sampleKeys(), now: clock.now },
      ...(folder !== undefined && { store: join(folder, "network") }),
    });
    try {
      const slots = await emulatedSlots();
      return new World(network, await ownCard(folder, slots), slots, clock);
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  private constructor(network: Network, open: OpenCard, slots: LoaderOptions, clock: Clock) {
    this.network = network;
    this.#clock = clock;
    this.#open = open;
    this.#till = new Till(network.processor.iso, BILL);
    this.#pads = new SerialPads(open.card, slots);
    this.serial = new SerialSocket({
      hear: (octets) => {
        const said = this.#pads.hear(octets);
        this.#tellTable();
        return said;
      },
    });
    open.card.trace.subscribe((event) => this.#seen(event));
  }

  /** The card's line: none while it is away. */
  get card() {
    const { card } = this.#open;
    const isNear = () => this.#near;
    return {
      get on() {
        return card.on && isNear();
      },
      get lineUp() {
        return card.lineUp;
      },
      advertised: () => card.advertised(),
      connectLine: (options: { readonly mtu: number }) => card.connectLine(options),
    };
  }

  /** The sheet that came with the card: a secret, which lies on this table. */
  get pairingCode(): string {
    return this.#open.pairingCode;
  }

  get makerRoot(): Uint8Array {
    return this.#open.makerRoot!;
  }

  get view(): TableView {
    const { card } = this.#open;
    return {
      lights: INDICATOR_NAMES[card.indicators.now] as TableView["lights"],
      on: card.on,
      lineUp: card.on && card.lineUp,
      batteryPercent: Math.round(card.battery.percent),
      near: this.#near,
      loaderListens: this.#pads.isListening,
      bill: this.#till.bill,
      cashier: this.#cashier,
    };
  }

  /** How the cashier swipes from now on. */
  swipes(how: Cashier): void {
    this.#cashier = how;
    this.#swipes = 0;
    this.#tellTable();
  }

  charge(bill: Bill): void {
    this.#till.charge(bill);
    this.#tellTable();
  }

  does(hand: Hand): void {
    const { card } = this.#open;
    const hands: Record<Hand, () => void> = {
      press: () => card.press(),
      "press-twice": () => card.pressTwice(),
      // Longer than the card wants it held for a new phone: by a hand's trembling.
      hold: () => card.hold(PAIRING_HOLD_MS + 100),
      swipe: () => this.#swipe(),
      away: () => {
        this.#near = false;
        card.dropLine();
      },
      near: () => {
        this.#near = true;
      },
      "power-off": () => {
        this.#pads.end();
        card.stop();
      },
      "power-on": () => {
        this.#pads.end();
        card.start();
      },
    };
    const isPower = hand.startsWith("power") || hand === "away" || hand === "near";
    if (card.on || isPower) hands[hand]();
    this.#tellTable();
  }

  /** So many seconds go by for the card, at once. */
  passes(seconds: number): void {
    this.#open.card.advance(seconds * 1000);
    this.#tellTable();
  }

  /** The issuer's desk: a new access key for the card's owner, who has lost the phone that had the old one. @throws {IssuerError} `CARD_UNKNOWN` */
  async renewAccess(): Promise<string> {
    const key = await this.network.issuer.issuer.renewAccess(this.#open.cardId);
    return Buffer.from(key).toString("base64url");
  }

  /** Hears what is seen on the table from now on. Returns how to stop. */
  subscribe(listener: (event: WorldEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearTimeout(this.#over);
    clearTimeout(this.#silence);
    this.serial.unplug();
    this.#pads.end();
    this.#open.close();
    await this.network.close();
  }

  #swipe(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const sentence = "The reader heard nothing: the card is not armed, or has sent all that it may";
      this.#tell({ kind: "answer", bill: this.#till.bill, answer: { kind: "silent", code: "SILENT", sentence } });
    }, SILENCE_MS);
    this.#swipes++;
    this.#open.card.touchHead();
  }

  #seen(event: TraceEvent): void {
    if (event.kind === "pass") {
      clearTimeout(this.#silence);
      clearTimeout(this.#over);
      this.#over = setTimeout(() => void this.#heard(), OVER_MS);
    }
    if (["indicator", "line", "start", "power-lost"].includes(event.kind)) this.#tellTable();
  }

  async #heard(): Promise<void> {
    const { card } = this.#open;
    const emission = card.coil.emission();
    if (emission === undefined) return;
    if (card.coil.busy) {
      this.#over = setTimeout(() => void this.#heard(), OVER_MS);
      return;
    }
    card.coil.clear();
    const { bill } = this.#till;
    const how = this.#cashier;
    const { heard, answer } = this.#till.take(emission, how === "turned" && this.#swipes > 1 ? "well" : how);
    this.#tell({ kind: "heard", passes: emission.passes.length, ...heard });
    // Before anybody has an answer.
    if (how === "twice" && this.#swipes === 1) this.#swipe();
    if (how === "late") this.#clock.aheadS = LATE_S;
    const said = await answer;
    this.#clock.aheadS = 0;
    if (said.kind === "answered") this.#swipes = 0;
    this.#tell({ kind: "answer", bill, answer: said });
    // What has been paid, or not, cannot be any more: its edges are of use to nobody but an engineer.
    this.#tell({ kind: "emission", ...seenEmission(emission, card.battery, Date.now()) });
  }

  /** Where anything of it is new. */
  #tellTable(): void {
    const view = this.view;
    const text = JSON.stringify(view);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell({ kind: "table", ...view });
  }

  #tell(event: WorldEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

async function ownCard(folder: string | undefined, loader: LoaderOptions): Promise<OpenCard> {
  if (folder === undefined) return openCard({ loader });
  const own = join(folder, "card");
  if (!existsSync(join(own, FLASH_FILE))) await personaliseFolder({ folder: own, cardClass: "test" });
  return openCard({ folder: own, loader });
}
