// The serial line of an emulated card that has a loader: its image hears frames there (hand over, give the log), its loader SMP's console. Chunks of a phone
// go by `connectLine`, and not here. Twin: firmware/mcu/ports/line.c and firmware/mcu/loader/machine.c.

import {
  ATT_HEADER,
  concat,
  encodeLineFrame,
  LineKind,
  LoaderStart,
  LoaderVerdict,
  MTU_MAX,
} from "@enabling-card/wire";
import type { EmulatedCard } from "../card.js";
import { EmulatorError } from "../errors.js";
import { EmulatedLoader, type LoaderOptions } from "./emulated-loader.js";
import { LogRecords } from "./log-records.js";

/** A loader that hears nothing for so long goes back to the image, where one may run (docs/mcu.md, "When it listens"). */
export const LISTENS_MS = 60_000;
/** Octets of a frame's head, and behind it at most: a chunk. What says more is no frame. */
const HEAD = 3;
const INSIDE_MAX = MTU_MAX - ATT_HEADER;
const EMPTY = new Uint8Array(0);

export class SerialPads {
  readonly #card: EmulatedCard;
  readonly #options: LoaderOptions;
  readonly #log: LogRecords;
  /** Of the frame that is being said. */
  #have: number[] = [];
  #loader: EmulatedLoader | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** @param loader - The same that the card was made with: its slots are shared. */
  constructor(card: EmulatedCard, loader: LoaderOptions) {
    this.#card = card;
    this.#options = loader;
    this.#log = new LogRecords(card);
  }

  /** The loader has the line; no image runs. */
  get isListening(): boolean {
    return this.#loader !== undefined;
  }

  /** Octets of the line, in any portions. @returns what the card says to them; nothing where it has no power */
  hear(octets: Uint8Array): Uint8Array {
    if (this.#loader !== undefined) return this.#serve(this.#loader, octets);
    if (!this.#card.on) return EMPTY;
    const said: Uint8Array[] = [];
    for (const octet of octets) {
      const kind = this.#orderAt(octet);
      if (kind === LineKind.Log) said.push(encodeLineFrame(LineKind.Log, this.#log.octets()));
      if (kind !== LineKind.Loader) continue;
      this.#listen(LoaderStart.Listen | (this.#card.startReason << 8));
      break; // what follows was said to nobody
    }
    return concat(...said);
  }

  /** One more octet. @returns the kind of the frame that it ends, where that has nothing inside */
  #orderAt(octet: number): number | undefined {
    const have = this.#have;
    have.push(octet);
    if (have.length < HEAD) return undefined;
    const length = have[0]! | (have[1]! << 8);
    if (length <= INSIDE_MAX && have.length < HEAD + length) return undefined;
    this.#have = [];
    return length === 0 ? have[2] : undefined;
  }

  /** The power is gone, for the loader too. */
  end(): void {
    this.#loader = undefined;
    this.#have = [];
    clearTimeout(this.#silence);
  }

  /** The image's power ends with what its modules held, and the loader's begins. */
  #listen(how: number): void {
    this.#card.stop();
    this.#loader = new EmulatedLoader(this.#options);
    this.#loader.start(how);
    this.#wait();
  }

  #serve(loader: EmulatedLoader, octets: Uint8Array): Uint8Array {
    const { said, verdict } = loader.hear(octets);
    if (verdict === LoaderVerdict.Reset) this.#start();
    else this.#wait();
    return said;
  }

  #start(): void {
    this.end();
    try {
      this.#card.start();
    } catch (error) {
      if (!(error instanceof EmulatorError) || error.code !== "LOADER_LISTENS") throw error;
      this.#listen(LoaderStart.Usual);
    }
  }

  #wait(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#start(), LISTENS_MS);
    this.#silence.unref?.();
  }
}
