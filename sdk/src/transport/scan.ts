// One scan for all who look: platforms have no more. It runs while somebody looks; cards come to each of them.

import { type SdkErrorCode, sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import { withTimeLimit } from "../time-limit.js";
import type { DiscoveredCard } from "./card-link.js";
import { coded } from "./gatt.js";

/** A platform's scan. */
export interface Scanner<Found> {
  /** `found` hears each advertisement of a card's service, `failed` what ends the scan on its own. */
  start(found: (one: Found) => void, failed: (error: unknown) => void): Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface ScanOptions {
  /** How long starting may take, ms. */
  readonly timeoutMs: number;
  /** What an error of the platform's says, where it says it. */
  readonly codeOf?: (error: unknown) => SdkErrorCode | undefined;
}

export class SharedScan<Found> {
  readonly #scanner: Scanner<Found>;
  readonly #options: ScanOptions;
  readonly #ears = new Set<{ found(one: Found): void; failed(error: unknown): void }>();
  #state: Promise<unknown> = Promise.resolve();

  constructor(scanner: Scanner<Found>, options: ScanOptions) {
    this.#scanner = scanner;
    this.#options = options;
  }

  /** Resolves when the scan is as it is to be: some platforms do not connect while they scan. */
  async settled(): Promise<void> {
    await this.#state.catch(() => undefined);
  }

  /** Ends with `signal`. @throws {CardError} what `codeOf` says, else `CARD_NOT_FOUND`; `LINK_TIMEOUT` */
  async *listen(signal?: AbortSignal): AsyncGenerator<Found> {
    if (signal?.aborted) return;
    const queue: Found[] = [];
    let fault: { readonly error: unknown } | undefined;
    let wake: () => void = () => undefined;
    const over = () => wake();
    const ear = {
      found(one: Found) {
        queue.push(one);
        wake();
      },
      failed(error: unknown) {
        fault = { error };
        wake();
      },
    };
    signal?.addEventListener("abort", over);
    this.#ears.add(ear);
    if (this.#ears.size === 1) this.#start();
    try {
      await within(this.#state, this.#options.timeoutMs, signal);
      while (!signal?.aborted) {
        if (fault !== undefined) throw fault.error;
        const next = queue.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } catch (error) {
      if (!signal?.aborted) throw coded(this.#options, error, "CARD_NOT_FOUND"); // who gave up wants no more, and no error
    } finally {
      signal?.removeEventListener("abort", over);
      this.#ears.delete(ear);
      if (this.#ears.size === 0) this.#stop();
    }
  }

  #start(): void {
    this.#state = this.#state
      .catch(() => undefined) // an earlier scan's fault
      .then(() =>
        this.#scanner.start(
          (one) => {
            for (const ear of this.#ears) ear.found(one);
          },
          (error) => {
            for (const ear of this.#ears) ear.failed(error);
          },
        ),
      );
    this.#state.catch(() => undefined); // told to who listens
  }

  /** Also where it did not start: half of it may have been set. */
  #stop(): void {
    this.#state = this.#state
      .catch(() => undefined)
      .then(() => this.#scanner.stop())
      .catch(() => undefined);
  }
}

/** What a platform tells of a card; an empty name is none. */
interface Shown {
  readonly id: string;
  readonly name: string | null | undefined;
  readonly rssi: number | null | undefined;
  readonly identifier: Uint8Array | undefined;
}

/** Each card that a scan finds once, and again where what it shows changed. */
export async function* newOnly<Found>(
  scan: SharedScan<Found>,
  shownBy: (one: Found) => Shown,
  signal?: AbortSignal,
): AsyncGenerator<DiscoveredCard> {
  const told = new Map<string, string>();
  for await (const found of scan.listen(signal)) {
    const { id, name, rssi, identifier } = shownBy(found);
    const shown = `${name} ${identifier}`;
    if (told.get(id) === shown) continue;
    told.set(id, shown);
    yield {
      id,
      ...(name && { name }),
      ...(Number.isFinite(rssi) && { rssi: rssi! }),
      ...(identifier && { identifier }),
    };
  }
}

/** The first that `wanted` says yes to. @throws {CardError} `CARD_NOT_FOUND` where it is not heard in time, `ABORTED` */
export async function firstOf<Found>(
  scan: SharedScan<Found>,
  wanted: (one: Found) => boolean,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const found = await withTimeLimit(timeoutMs, signal, async (over) => {
    for await (const one of scan.listen(over)) if (wanted(one)) return { one };
    return undefined;
  });
  if (found !== undefined) return found.one;
  throwIfAborted(signal);
  throw sdkError("CARD_NOT_FOUND", "a card's id changes with each connection: look for it again");
}
