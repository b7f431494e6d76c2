// Whether a card is at hand: how long it may be without this phone, by its owner's choice, which the card holds (docs/protocol.md, "Nearness"); when both
// were together last; and a notice where the card stays away for longer. What is kept of it is kept here and told to nobody.

import { type Card, CardError } from "@enabling-card/sdk";
import { type Signal, signal } from "@preact/signals";
import type { Place, Together } from "../keep/records.js";
import type { Allowed, Togethers } from "../keep/togethers.js";
import { placeWords, shortName, spanOf, when } from "../parts/words.js";
import type { OwnCard } from "./own-card.js";
import { placeNow } from "./place.js";
import { BrowserRefusal } from "./refusal.js";
import { allowNotices, showNotice } from "./system-notice.js";

export interface AtHandOptions {
  readonly togethers: Togethers;
  readonly change: (name: string, change: Partial<OwnCard>) => void;
  /** Whether that card is in reach now. */
  readonly isNear: (name: string) => boolean;
}

/** How often a card that is near is noted as such, ms: that much may be missing where this app is closed. */
const NOTE_EVERY_MS = 60_000;

export class AtHand {
  /** What its owner has allowed. */
  readonly allowed: Readonly<Record<Allowed, Signal<boolean>>> = { place: signal(false), notices: signal(false) };
  /** Why the place is not kept any more, though it was allowed here. */
  readonly problem: Signal<string | undefined> = signal(undefined);
  readonly #options: AtHandOptions;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Writes of a card wait for each other. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: AtHandOptions) {
    this.#options = options;
  }

  /** What is known from before. */
  async open(): Promise<void> {
    const { togethers, change } = this.#options;
    for (const what of ["place", "notices"] as const) this.allowed[what].value = await togethers.isAllowed(what);
    for (const together of await togethers.all()) change(together.card, { together });
  }

  /** The card is there: it is asked what its owner chose, whereby the SDK goes on telling it that this phone is near. */
  async arrived(card: Card): Promise<void> {
    this.#stop(card.name);
    this.#options.change(card.name, { isLeft: false });
    try {
      const { awayS } = await card.nearness();
      await this.#chosen(card.name, awayS);
    } catch (error) {
      if (error instanceof CardError && error.code === "OPERATION_UNKNOWN")
        this.#options.change(card.name, { nearness: "none" });
      // Else it has left again, and is asked the next time.
    }
  }

  /** @param awayS - Seconds; null where it may be away for good. @throws {CardError} as `Card.setNearness` */
  async choose(card: Card, awayS: number | null): Promise<void> {
    try {
      await this.#chosen(card.name, (await card.setNearness(awayS)).awayS);
    } catch (error) {
      if (error instanceof CardError && error.code === "OPERATION_UNKNOWN")
        this.#options.change(card.name, { nearness: "none" });
      throw error;
    }
  }

  /** Its link has ended: both were together until now. */
  left(name: string): void {
    this.#stop(name);
    const lastMs = Date.now();
    void this.#inTurn(async () => {
      const together = await this.#options.togethers.find(name);
      if (together !== undefined) await this.#keep({ ...together, lastMs });
      await this.#wait(name);
    });
  }

  /** It was looked for, and is not there. */
  missed(name: string): void {
    void this.#inTurn(() => this.#wait(name));
  }

  /** When and where both were together last. What the card holds stays. */
  async forget(name: string): Promise<void> {
    if (!this.#options.isNear(name)) this.#stop(name);
    await this.#inTurn(async () => {
      await this.#options.togethers.forget(name);
      this.#options.change(name, { together: undefined, isLeft: false });
    });
  }

  /** @throws {BrowserRefusal} where the browser, or its user, does not let it */
  async allow(what: Allowed, isOn: boolean): Promise<void> {
    this.problem.value = undefined;
    if (isOn && what === "notices") await allowNotices();
    const place = isOn && what === "place" ? await placeNow() : undefined;
    await this.#options.togethers.allow(what, isOn);
    this.allowed[what].value = isOn;
    if (what === "place") await this.#inTurn(() => this.#placeAll(place));
  }

  /** Nothing is noted or told any more. */
  close(): void {
    for (const name of [...this.#timers.keys()]) this.#stop(name);
  }

  async #chosen(name: string, awayS: number | null): Promise<void> {
    this.#options.change(name, { nearness: awayS });
    this.#stop(name);
    if (awayS === null) return this.forget(name);
    await this.#inTurn(() => this.#keep({ card: name, awayS, lastMs: Date.now() }));
    this.#note(name);
    await this.#notePlace(name);
  }

  /** While it is near. */
  #note(name: string): void {
    const again = async () => {
      if (!this.#options.isNear(name)) return;
      this.#note(name);
      await this.#inTurn(async () => {
        const together = await this.#options.togethers.find(name);
        if (together !== undefined && this.#options.isNear(name)) await this.#keep({ ...together, lastMs: Date.now() });
      });
      await this.#notePlace(name);
    };
    this.#timers.set(
      name,
      setTimeout(() => void again(), NOTE_EVERY_MS),
    );
  }

  /** One that is not known now is none: what was is another time's. */
  async #notePlace(name: string): Promise<void> {
    if (!this.allowed.place.value) return;
    const place = await placeNow().catch((error: unknown) => {
      if (error instanceof BrowserRefusal && error.code === "PLACE_REFUSED") this.#refused(error);
      return undefined;
    });
    await this.#inTurn(async () => {
      const together = await this.#options.togethers.find(name);
      // Away meanwhile: this is where the phone is alone.
      if (together === undefined || !this.#options.isNear(name) || !this.allowed.place.value) return;
      const { place: _, ...time } = together;
      await this.#keep({ ...time, ...(place && { place }) });
    });
  }

  #refused({ message }: BrowserRefusal): void {
    this.allowed.place.value = false;
    this.problem.value = `The place is not kept any more. ${message}`;
    void this.#options.togethers.allow("place", false);
    void this.#inTurn(() => this.#placeAll(undefined));
  }

  async #placeAll(place: Place | undefined): Promise<void> {
    for (const { place: _, ...time } of await this.#options.togethers.all())
      await this.#keep({ ...time, ...(place && this.#options.isNear(time.card) && { place }) });
  }

  async #keep(together: Together): Promise<void> {
    await this.#options.togethers.keep(together);
    this.#options.change(together.card, { together });
  }

  /** Tells its owner as soon as it has been away for longer than he chose. */
  async #wait(name: string): Promise<void> {
    const together = await this.#options.togethers.find(name);
    if (together === undefined || this.#options.isNear(name)) return;
    this.#stop(name);
    const left = () => {
      this.#timers.delete(name);
      if (!this.#options.isNear(name)) this.#tell(together);
    };
    const ms = together.lastMs + together.awayS * 1000 - Date.now();
    if (ms <= 0) left();
    else this.#timers.set(name, setTimeout(left, ms));
  }

  #tell(together: Together): void {
    const { card } = together;
    this.#options.change(card, { isLeft: true });
    if (!this.allowed.notices.value) return;
    const title = `Card ${shortName(card)} was left behind`;
    void showNotice(title, `${leftWords(together)}.`, `left ${card}`);
  }

  #stop(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

/** What is known of a card that was left behind. */
export function leftWords({ awayS, lastMs, place }: Together): string {
  const where = place === undefined ? "" : `, ${placeWords(place)}`;
  return `It has been out of this phone's reach for longer than ${spanOf(awayS)}. Both were together last on ${when(lastMs)}${where}`;
}
