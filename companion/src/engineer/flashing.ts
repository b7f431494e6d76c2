// An image onto a card, as this page shows it: each step, how far it is, and how it ended. The work is the SDK's.

import {
  type FlashOptions,
  type FlashProgress,
  type FlashResult,
  type FlashStep,
  flashCard,
  flashCardOverAir,
  webBluetoothTransport,
} from "@enabling-card/sdk";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { ClickedBluetooth } from "./clicked-bluetooth.js";
import { type Fault, faultOf } from "./fault.js";
import type { CheckedImage } from "./image-file.js";
import type { LogBook } from "./log-book.js";
import type { Lines, Way } from "./ways.js";

export interface ToldStep {
  readonly step: FlashStep;
  readonly detail: string;
}

export interface FlashView {
  readonly isBusy: boolean;
  readonly steps: readonly ToldStep[];
  readonly progress: FlashProgress | undefined;
  readonly result: FlashResult | undefined;
  readonly fault: Fault | undefined;
}

const IDLE: FlashView = { isBusy: false, steps: [], progress: undefined, result: undefined, fault: undefined };
/** A user who has to find the button, and the card in the browser's list, ms. */
const AIR_MS = 120_000;

export class Flashing {
  readonly #lines: Lines;
  readonly #log: LogBook;
  readonly #view: Signal<FlashView> = signal(IDLE);
  readonly #bluetooth: Signal<ClickedBluetooth | undefined> = signal(undefined);
  #abort: AbortController | undefined;

  constructor(lines: Lines, log: LogBook) {
    this.#lines = lines;
    this.#log = log;
  }

  get view(): ReadonlySignal<FlashView> {
    return this.#view;
  }

  /** Where the card is reached by Bluetooth, whoever asks for its user's click. */
  get bluetooth(): ReadonlySignal<ClickedBluetooth | undefined> {
    return this.#bluetooth;
  }

  /** From a click: a browser asks for a port, or a card, then alone. @returns whether the image runs there now */
  async start({ bytes }: CheckedImage, way: Way, confirm: boolean): Promise<boolean> {
    if (this.#abort !== undefined) return false;
    const abort = new AbortController();
    this.#abort = abort;
    this.#view.value = { ...IDLE, isBusy: true };
    const options: FlashOptions = {
      ...{ image: bytes, confirm, signal: abort.signal },
      onStep: (step, detail) => this.#change({ steps: [...this.#view.value.steps, { step, detail }] }),
      onProgress: (progress) => this.#change({ progress }),
    };
    try {
      const result = way === "air" ? await this.#overAir(options) : await this.#onLine(way, options);
      this.#change({ result });
      return true;
    } catch (error) {
      this.#change({ fault: faultOf(error) });
      return false;
    } finally {
      this.#abort = undefined;
      this.#bluetooth.value = undefined;
      this.#change({ isBusy: false });
    }
  }

  cancel(): void {
    this.#abort?.abort();
  }

  /** What is told of the last one is of no more use: another image was chosen. */
  forget(): void {
    if (this.#abort === undefined) this.#view.value = IDLE;
  }

  async #onLine(way: Exclude<Way, "air">, options: FlashOptions): Promise<FlashResult> {
    const line = this.#lines.take(way); // first of all: the click is still its
    const followed = await this.#log.rest();
    try {
      return await flashCard(await line, options);
    } finally {
      if (this.#view.value.steps.some(({ step }) => step === "connected")) this.#log.startedAnew();
      if (followed === way) void this.#log.follow(way);
      else await this.#lines.close();
    }
  }

  async #overAir(options: FlashOptions): Promise<FlashResult> {
    const bluetooth = new ClickedBluetooth(webBluetoothTransport());
    await bluetooth.choose(options.signal);
    this.#bluetooth.value = bluetooth;
    return flashCardOverAir(bluetooth, { ...options, reachMs: AIR_MS });
  }

  #change(change: Partial<FlashView>): void {
    this.#view.value = { ...this.#view.value, ...change };
  }
}
