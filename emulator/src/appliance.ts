// A connected device that is no card (system 5): an appliance that buys its powder. It holds a key and the code that a phone gave it, and no account
// number; it asks the processor over HTTP, and a purchase whose answer was lost is asked for again, and paid once.

import { cmac } from "@noble/ciphers/aes.js";
import { EmulatorError } from "./errors.js";

export const APPLIANCE_KEY_SIZE = 16;
const MAC_SIZE = 8;
/** Longest answer, octets. */
const ANSWER_MAX = 4096;
const ANSWER_MS = 10_000;

export interface ApplianceOptions {
  /** Its name at the processor. */
  readonly device: string;
  /** 16 octets, which the processor knows as well. */
  readonly key: Uint8Array;
  /** Where the processor's `/v1` is. */
  readonly baseUrl: string;
  /** Of its last purchase; the next one has the next number. */
  readonly counter?: number;
}

/** What it wants: DE 42 of the shop, in minor units of the currency (ISO 4217, three digits). */
export interface ApplianceOrder {
  readonly provider: string;
  readonly cost: number;
  readonly currency: string;
}

export interface Bought {
  readonly approved: boolean;
  /** DE 39 */
  readonly responseCode: string;
  /** DE 44: why not. */
  readonly ourCode?: string;
  /** DE 38 */
  readonly authCode?: string;
}

export class Appliance {
  readonly #options: ApplianceOptions;
  #counter: number;
  #code: string | undefined;
  /** A purchase that got no answer: it is asked for again before any other. */
  #open: string | undefined;

  constructor(options: ApplianceOptions) {
    if (options.key.length !== APPLIANCE_KEY_SIZE) throw new RangeError(`A key has ${APPLIANCE_KEY_SIZE} octets`);
    this.#options = options;
    this.#counter = options.counter ?? 0;
  }

  get counter(): number {
    return this.#counter;
  }

  /** The phone hands it a code, in place of the one before. */
  take(code: string): void {
    this.#code = code;
    this.#open = undefined;
  }

  /**
   * Buys with its code. Where no answer came, the next call asks for that purchase once more, whatever it is called with.
   *
   * @throws {EmulatorError} `APPLIANCE_NO_CODE`, `APPLIANCE_UNANSWERED`
   */
  async buy(order: ApplianceOrder): Promise<Bought> {
    this.#open ??= this.#purchase(order);
    const answer = await this.#ask(this.#open);
    this.#open = undefined;
    return answer;
  }

  #purchase({ provider, cost, currency }: ApplianceOrder): string {
    const { device, key } = this.#options;
    if (this.#code === undefined)
      throw new EmulatorError("APPLIANCE_NO_CODE", "The appliance has no code: have the phone hand it one");
    const counter = ++this.#counter;
    const asked = { code: this.#code, counter, cost, currency, provider };
    const text = ["ecard/1 purchase", ...Object.values(asked)].join("|");
    const mac = cmac(new TextEncoder().encode(text), key).subarray(0, MAC_SIZE);
    return JSON.stringify({ device, ...asked, mac: Buffer.from(mac).toString("base64url") });
  }

  async #ask(body: string): Promise<Bought> {
    const unanswered = (what: string, cause?: unknown) =>
      new EmulatorError("APPLIANCE_UNANSWERED", `The processor did not answer (${what}): buy again, it is paid once`, {
        cause,
      });
    let text: string;
    try {
      const response = await fetch(new URL("/v1/purchases", this.#options.baseUrl), {
        ...{ method: "POST", headers: { "content-type": "application/json" }, body },
        ...{ redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) },
      });
      text = await response.text();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    } catch (cause) {
      throw unanswered((cause as Error).message, cause);
    }
    const answer: unknown = text.length > ANSWER_MAX ? undefined : parsed(text);
    if (!isBought(answer)) throw unanswered("what it says is no answer");
    return answer;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isBought(answer: unknown): answer is Bought {
  const { approved, responseCode } = (answer ?? {}) as Partial<Bought>;
  return typeof approved === "boolean" && typeof responseCode === "string";
}
