// What an issuer may have approved and nobody heard of: kept, and told until the issuer says that it has it (DE 39 00). While it is to be told no repeat of it
// is asked for: it would find it approved.

import { LineError, originalOf, requestName } from "@enabling-card/doors";
import type { Fields, Message } from "@enabling-card/iso8583";
import type { Processor } from "./processor.js";
import type { ReversalRow } from "./rows.js";

/** What a reversal tells an issuer, beside DE 90; none of it is card data. */
const REVERSED_WITH = [3, 4, 7, 11, 32, 37, 41, 42, 49] as const;
/** How many are told at once, and then the next ones. */
const AT_ONCE = 64;

interface ReversalsOptions {
  readonly processor: Processor;
  /** DE 33. */
  readonly forwarder: string;
  /** @throws {LineError} where no answer came */
  readonly ask: (message: Message) => Promise<Message>;
  readonly onFault: (code: string) => void;
}

type Heard = "heard" | "refused" | "unheard";

export class Reversals {
  readonly #options: ReversalsOptions;
  /** Names of what this process has to tell, from before the store has them, and whether it has: whoever looked at the store before that, looks here after it. */
  readonly #names = new Map<string, "coming" | "kept" | "known">();
  /** What the store did not take yet. */
  readonly #unkept = new Map<string, ReversalRow>();
  #isTelling = false;

  constructor(options: ReversalsOptions) {
    this.#options = options;
  }

  async isToBeReversed({ fields }: Message): Promise<boolean> {
    const name = this.#nameOf(fields);
    // Asked twice: it may have come to that while the store was looked at.
    return this.#names.has(name) || (await this.#store.isReversing(name)) || this.#names.has(name);
  }

  /**
   * Whoever hears "unavailable" believes that nothing was approved. False where the store does not take it: it is told nevertheless, while this process lives.
   *
   * @param isSent - Not so of a repeat alone, whose original may have been sent: it is told behind the others
   */
  async keep({ mti, fields }: Message, isSent: boolean): Promise<boolean> {
    const { processor, forwarder, onFault } = this.#options;
    const told = REVERSED_WITH.flatMap((de) => (fields[de] === undefined ? [] : [[de, fields[de]]]));
    const name = this.#nameOf(fields);
    const message = JSON.stringify({ ...Object.fromEntries(told), 90: originalOf(mti, fields, forwarder) });
    this.#names.set(name, "coming");
    const row = { name, at: processor.now(), message, tries: isSent ? 0 : 1 };
    try {
      await this.#store.keepReversal(row);
      this.#names.set(name, "kept");
      return true;
    } catch {
      this.#unkept.set(name, row);
      onFault("PROCESSOR_FAILED");
      return false;
    }
  }

  /** Tells all there are, as long as the issuer hears them; what it refuses, or could not keep, is behind all others the next time. */
  async tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#leaveToStore();
    try {
      await this.#keepUnkept();
      const told = new Set<string>();
      for (let isMore = true; isMore; ) {
        const rows = await this.#store.reversals(AT_ONCE);
        const heard = await Promise.all(rows.map((row) => this.#told(row)));
        await this.#settle(rows, heard);
        // Where one is there again that was refused just now, all others have been told.
        isMore = rows.length === AT_ONCE && !heard.includes("unheard") && !rows.some(({ name }) => told.has(name));
        for (const { name } of rows) told.add(name);
      }
    } catch {
      this.#options.onFault("PROCESSOR_FAILED");
    } finally {
      this.#isTelling = false;
    }
  }

  /** Whoever looked at the store before a name was there has his answer a turn later; from then on the store knows, whichever process tells it. */
  #leaveToStore(): void {
    for (const [name, state] of this.#names) {
      if (state === "known") this.#names.delete(name);
      if (state === "kept") this.#names.set(name, "known");
    }
  }

  async #keepUnkept(): Promise<void> {
    for (const [name, row] of this.#unkept) {
      await this.#store.keepReversal(row);
      this.#unkept.delete(name);
      this.#names.set(name, "kept");
    }
  }

  async #told({ message }: ReversalRow): Promise<Heard> {
    const { ask, onFault } = this.#options;
    try {
      const { fields } = await ask({ mti: "0401", fields: JSON.parse(message) as Fields });
      if (fields[39] === "00") return "heard";
      onFault("REVERSAL_REFUSED");
      return "refused";
    } catch (error) {
      if (error instanceof LineError) return "unheard";
      onFault("PROCESSOR_FAILED");
      return "refused"; // one that cannot be told holds up no other
    }
  }

  async #settle(rows: readonly ReversalRow[], heard: readonly Heard[]): Promise<void> {
    if (heard.every((one) => one === "unheard")) return;
    await this.#store.atomically(async (kept) => {
      for (const [i, { name }] of rows.entries()) {
        if (heard[i] === "heard") await kept.dropReversal(name);
        if (heard[i] === "refused") await kept.delayReversal(name);
      }
    });
    for (const [i, { name }] of rows.entries()) if (heard[i] === "heard") this.#names.delete(name);
  }

  get #store() {
    return this.#options.processor.store;
  }

  #nameOf(fields: Fields): string {
    return this.#options.processor.nameOf("reversal", requestName(fields));
  }
}
