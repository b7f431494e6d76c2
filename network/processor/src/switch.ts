// Between terminals and issuers. A request with a token goes on as it is; one with a transaction code is the first of two, and the second, with the
// account behind the code, is built here. What an issuer did not answer is declined, and reversed until the issuer has heard of it.

import {
  answerFields,
  isNamed,
  isPast,
  LineError,
  originalName,
  readStripe,
  requestName,
  SERVICE_CODE,
} from "@enabling-card/doors";
import { type Fields, isRemoteEntry, type Message } from "@enabling-card/iso8583";
import { isTransactionCode } from "@enabling-card/wire";
import { type DevicePurchase, equalMac, purchaseMac, stripeMac } from "./device-mac.js";
import { domainRequest } from "./domain-check.js";
import { PROCESSOR_DECLINES, type ProcessorDecline } from "./errors.js";
import { isDecline, networkOf, type Presented, present } from "./present.js";
import type { Processor } from "./processor.js";
import { ReversalAllowance } from "./reversal-allowance.js";
import { Reversals } from "./reversals.js";

/** Asks the issuer. @throws {LineError} where no answer came */
export type Route = (message: Message) => Promise<Message>;

export interface SwitchOptions {
  readonly processor: Processor;
  readonly route: Route;
  /** DE 33, who forwards: the processor. */
  readonly forwarder?: string;
  /** Told of what went wrong: a code, never content. */
  readonly onFault?: (code: string) => void;
  /** Told of each message that passes, for whoever watches: it holds card data, and is to be printed masked. */
  readonly onMessage?: (from: Party, to: Party, message: Message) => void;
}

export type Party = "terminal" | "processor" | "issuer";

/** What a code's request may say otherwise when it comes again: when it was sent, where the terminal is in its day, a line's MAC. */
const NOT_ASKED: ReadonlySet<string> = new Set(["7", "12", "13", "37", "64", "128"]);
/** What a code's second request has of its first: who asks for how much, where and when. What shows the code is the processor's to look at. */
const PASSED_ON = [3, 4, 11, 12, 13, 18, 19, 25, 32, 37, 41, 42, 43, 49] as const;
/** What answers say, and no request does: whoever watches would take it for one. */
const OF_ANSWERS = [38, 39, 44] as const;
const MAC_DIGITS = 8;
/** How often what is still to be reversed is told again, ms. */
const REVERSAL_EVERY_MS = 1000;

export class Switch {
  readonly #options: SwitchOptions;
  readonly #reversals: Reversals;
  readonly #allowance = new ReversalAllowance();
  readonly #timer: NodeJS.Timeout;

  constructor(options: SwitchOptions) {
    this.#options = options;
    this.#reversals = new Reversals({
      processor: options.processor,
      forwarder: this.#forwarder,
      ask: (message) => this.#ask(message),
      onFault: (code) => options.onFault?.(code),
    });
    this.#timer = setInterval(() => void this.reverse(), REVERSAL_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The answer to a terminal's request; never rejects. @param line - That it came by */
  async answer(message: Message, line?: Presented["line"]): Promise<Message> {
    this.#saw("terminal", "processor", message);
    const answer = await this.#decided(message, line);
    if (message.mti.startsWith("01") && answer.fields[39] === "00")
      this.#allowance.approved(requestName(message.fields));
    this.#saw("processor", "terminal", answer);
    return answer;
  }

  /** What a device buys over HTTP, with a code: the answer to the second request, or why there was none. */
  async buy(device: string, purchase: DevicePurchase, mac: Uint8Array, line?: Presented["line"]): Promise<Message> {
    const { processor } = this.#options;
    const { code, counter, cost, currency, provider } = purchase;
    const { stan, terminal } = ownName(processor.nameOf("own request", JSON.stringify([device, counter, code])));
    const first: Message = {
      mti: "0100",
      fields: {
        ...{ 2: code, 3: "000000", 4: String(cost).padStart(12, "0"), 7: timeOf(processor.now()) },
        ...{ 11: stan, 32: this.#forwarder, 41: terminal },
        ...{ 42: provider.padEnd(15), 49: currency },
      },
    };
    const isShownBy = (key: Uint8Array) => equalMac(purchaseMac(key, purchase), mac);
    const request = processor.nameOf("purchase", `${device}|${counter}`);
    const asked = this.#askedOf(first, device, mac);
    this.#saw("terminal", "processor", first);
    const answer = await this.#codeDecided(first, { code, request, isShownBy, asked, line, terminal: device });
    this.#saw("processor", "terminal", answer);
    return answer;
  }

  /** Tells issuers of what they may have approved and nobody heard of. */
  reverse(): Promise<void> {
    return this.#reversals.tell();
  }

  get #forwarder(): string {
    return this.#options.forwarder ?? "999999";
  }

  async #decided(message: Message, line: Presented["line"]): Promise<Message> {
    const { fields, mti } = message;
    if (!isNamed(fields)) return declined(message, "FORMAT_ERROR");
    try {
      if (mti.startsWith("04")) {
        const original = originalName(fields);
        if (original === undefined) return declined(message, "FORMAT_ERROR"); // no issuer keeps it
        const isAllowed = this.#mayReverse(original, line);
        return isAllowed ? await this.#routed(message, line) : declined(message, "REVERSALS_MANY");
      }
      if (OF_ANSWERS.some((de) => fields[de] !== undefined)) return declined(message, "FORMAT_ERROR");
      const isOfCode = isTransactionCode(numberOf(fields));
      return await (isOfCode ? this.#stripeDecided(message, line) : this.#tokenDecided(message, line));
    } catch {
      this.#options.onFault?.("PROCESSOR_FAILED");
      return declined(message, "PROCESSOR_FAILED");
    }
  }

  /** Each one that an issuer does not know is kept there for a day. */
  #mayReverse(request: string, line: Presented["line"]): boolean {
    return line === undefined || this.#allowance.spend(networkOf(line.address), request, this.#options.processor.now());
  }

  /** A code on a stripe. Its digits show code and ATC; the rest is what any card's stripe has, and a terminal that contradicts itself is not believed. */
  async #stripeDecided(message: Message, line: Presented["line"]): Promise<Message> {
    const { fields } = message;
    const { processor } = this.#options;
    const stripe = readStripe(fields);
    if (stripe === undefined || fields[19] === undefined) return declined(message, "FORMAT_ERROR");
    const { pan: code, atcDigits, track2 } = stripe;
    if (stripe.serviceCode !== SERVICE_CODE) return declined(message, "SERVICE_CODE_WRONG");
    if (isPast(stripe.expiry, processor.now())) return declined(message, "CODE_EXPIRED");
    if (isRemoteEntry(fields[22])) return declined(message, "CHANNEL_WRONG");
    const request = processor.nameOf("request", requestName(fields));
    const isShownBy = (key: Uint8Array) => equalMac(stripeMac(key, code, atcDigits), track2.slice(-MAC_DIGITS));
    const terminal = `${fields[32]}|${fields[41]}`;
    return this.#codeDecided(message, { code, request, isShownBy, asked: this.#askedOf(message), line, terminal });
  }

  /** All that a request asks for, under a key: of a stripe its digits are among it (DE 35), of a device's purchase the MAC beside it. */
  #askedOf({ fields }: Message, device = "", mac: Uint8Array = new Uint8Array(0)): string {
    const said = Object.entries(fields)
      .filter(([de, value]) => value !== undefined && !NOT_ASKED.has(de))
      .map(([de, value]) => [de, typeof value === "string" ? value : Buffer.from(value).toString("hex")]);
    return this.#options.processor.nameOf("asked", JSON.stringify([said, device, Buffer.from(mac).toString("hex")]));
  }

  /** An issuer believes the processor that names an account: that is for what was looked at here, and no terminal's to say. */
  async #tokenDecided(message: Message, line: Presented["line"]): Promise<Message> {
    const second = await domainRequest(this.#options.processor, message, this.#forwarder);
    if (second === undefined) return this.#routed(message, line);
    return typeof second === "string" ? declined(message, second) : this.#routed(second, line);
  }

  /** The first request: what it presents is looked at, and what it may cost is asked of the issuer by the second one. */
  async #codeDecided(
    first: Message,
    shown: Pick<Presented, "code" | "request" | "asked" | "isShownBy" | "line" | "terminal">,
  ): Promise<Message> {
    const { fields } = first;
    if (fields[3] === undefined || fields[4] === undefined || fields[42] === undefined || fields[49] === undefined) {
      return declined(first, "FORMAT_ERROR");
    }
    // ISO 8583:1987, processing code: 00 is a purchase. A code pays for nothing else.
    if (!fields[3].startsWith("00")) return declined(first, "TRANSACTION_UNSUPPORTED");
    // As the issuer says: but behind that the code is used.
    if (Number(fields[4]) === 0) return declined(first, "AMOUNT_ZERO");
    const taken = await present(this.#options.processor, {
      ...shown,
      sent: fields[7]!,
      provider: fields[42].trimEnd(),
      cost: Number(fields[4]),
      currency: fields[49],
      country: fields[19],
    });
    if (isDecline(taken)) return declined(first, taken);
    const kept = Object.fromEntries(PASSED_ON.flatMap((de) => (fields[de] === undefined ? [] : [[de, fields[de]]])));
    const second: Message = {
      mti: taken.isRepeat ? "0101" : "0100",
      // ISO 8583:1987, DE 22: 01, the number was entered by hand; nobody entered a PIN.
      fields: {
        ...kept,
        2: taken.account.pan,
        7: taken.sent,
        14: taken.account.expiry,
        22: "012",
        33: this.#forwarder,
      },
    };
    const answer = await this.#routed(second, shown.line);
    return { mti: answer.mti, fields: { ...answer.fields, 7: fields[7]! } };
  }

  async #routed(message: Message, line: Presented["line"]): Promise<Message> {
    const isRequest = message.mti.startsWith("01");
    try {
      // What is still to be reversed must not be approved by a repeat meanwhile.
      const isReversing = isRequest && (await this.#reversals.isToBeReversed(message));
      return isReversing ? declined(message, "REVERSED") : await this.#ask(message);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.#options.onFault?.(error.code);
      if (error.code === "LINE_NAMED") return declined(message, "NAME_TAKEN");
      // What was not sent cannot have been approved; of a repeat the original can, whose answer the terminal has not heard.
      const isRepeat = !error.isSent && message.mti === "0101";
      if (isRepeat && !this.#mayReverse(requestName(message.fields), line)) return declined(message, "REVERSALS_MANY");
      const isToBeReversed = isRequest && (error.isSent || isRepeat);
      const isKept = !isToBeReversed || (await this.#reversals.keep(message, error.isSent));
      return declined(message, isKept ? "ISSUER_UNAVAILABLE" : "PROCESSOR_FAILED");
    }
  }

  async #ask(message: Message): Promise<Message> {
    this.#saw("processor", "issuer", message);
    const answer = await this.#options.route(message);
    this.#saw("issuer", "processor", answer);
    return answer;
  }

  #saw(from: Party, to: Party, message: Message): void {
    this.#options.onMessage?.(from, to, message);
  }
}

/** The number that a request is about: DE 2, or that of a track. */
function numberOf(fields: Fields): string {
  return fields[2] ?? /^\d+/.exec(fields[35] ?? "")?.[0] ?? /^[A-Z](\d+)/.exec(fields[45] ?? "")?.[1] ?? "";
}

function declined(message: Message, code: ProcessorDecline): Message {
  const { mti, fields } = answerFields(message);
  return { mti, fields: { ...fields, 39: PROCESSOR_DECLINES[code], 44: code } };
}

/**
 * How a request of the processor's own is called, DE 11 and DE 41: of 61 bits of a keyed name, so that no two of one second meet, and nobody else can tell.
 *
 * @param name - Hexadecimal
 */
function ownName(name: string): { readonly stan: string; readonly terminal: string } {
  const number = BigInt(`0x${name.slice(0, 32)}`);
  const terminals = 36n ** 8n;
  return {
    stan: String((number / terminals) % 1_000_000n).padStart(6, "0"),
    terminal: (number % terminals).toString(36).padStart(8, "0").toUpperCase(),
  };
}

/** MMDDhhmmss, UTC. */
function timeOf(now: number): string {
  return new Date(now * 1000).toISOString().replace(/\D/g, "").slice(4, 14);
}
