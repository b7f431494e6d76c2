// A point-of-sale terminal: reads of a swipe in, 0100 to the network, 0110 back, receipt out (ISO 8583:1987).
// A card that it refuses and an answer of "no" are results; a network that fails is a `PosError`.
import { ENTRY_REMOTE, encodeAdditionalData, type Fields, type Message, padField } from "@enabling-card/iso8583";
import { PosError, type PosErrorCode } from "../errors.js";
import type { Read } from "../reader/read.js";
import { cardData, type Refusal } from "./card-data.js";
import { exchange, type HostAddress } from "./host-link.js";
import { receipt } from "./receipt.js";
import { type Reversal, reversalOf, reverse } from "./reversal.js";

export interface TerminalConfig extends HostAddress {
  /** DE 41, up to 8 characters. */
  readonly terminalId?: string;
  /** DE 42, up to 15. */
  readonly merchantId?: string;
  /** DE 43, up to 40. */
  readonly merchantName?: string;
  /** DE 18, four digits (ISO 18245). */
  readonly merchantType?: string;
  /** DE 19, three digits (ISO 3166). */
  readonly country?: string;
  /** DE 49, three digits (ISO 4217); amounts are in its hundredths. */
  readonly currency?: string;
  /** DE 32, up to 11 digits. */
  readonly acquirerId?: string;
  /** A terminal with a chip reader refuses to swipe a card that has a chip. */
  readonly chipCapable?: boolean;
  readonly timeoutMs?: number;
  /** First DE 11; counts up, 1 follows 999,999. */
  readonly firstStan?: number;
  readonly now?: () => Date;
}

/** Without the network: the card was not taken. */
export interface Refused {
  readonly outcome: "refused";
  readonly approved: false;
  readonly refusal: Refusal;
  readonly receipt: string;
}

/** With the network's answer. */
export interface Answered {
  readonly outcome: "answered";
  /** DE 39 is "00". */
  readonly approved: boolean;
  /** DE 39. */
  readonly responseCode: string;
  /** DE 44: the network's own name for its answer, where it gives one. */
  readonly ourCode: string | undefined;
  /** DE 38. */
  readonly authCode: string | undefined;
  readonly stan: string;
  readonly rrn: string;
  readonly elapsedMs: number;
  /** Both hold the card's data: print them with `printMessage` of iso8583, which masks. */
  readonly request: Message;
  readonly response: Message;
  /** Text for the cardholder, masked. */
  readonly receipt: string;
}

export type TerminalResult = Refused | Answered;

/** Good for one purchase at one merchant, and secret until then. */
export interface RemoteCredentials {
  /** DE 2 */
  readonly token: string;
  /** DE 14, YYMM */
  readonly expiry: string;
  /** Who had the user authenticated. */
  readonly requestor: string;
  readonly atc: number;
  /** 8 octets in hexadecimal capitals. */
  readonly drc: string;
  /** 20 octets as base64. */
  readonly cavv: string;
}

export interface Purchase {
  /** In hundredths of the currency. */
  readonly amount: number;
  readonly signal?: AbortSignal;
}

const DEFAULTS = {
  terminalId: "POS00001",
  merchantId: "TEST MERCHANT",
  merchantName: "ENABLING CARD TEST SHOP",
  merchantType: "5999",
  country: "276",
  currency: "978",
  acquirerId: "999999",
  chipCapable: true,
  timeoutMs: 10_000,
  firstStan: 1,
  now: () => new Date(),
} as const;

/** Errors behind which the network may have approved. */
const MAY_BE_DECIDED = new Set<PosErrorCode>(["HOST_LOST", "HOST_TIMEOUT", "HOST_BAD_REPLY", "ABORTED"]);
const REVERSED: Readonly<Record<Reversal, string>> = {
  taken: "it was reversed, nothing was paid",
  unanswered: "it could not be reversed either, so ask the network whether it was paid",
};

export class Terminal {
  readonly #config: Required<TerminalConfig>;
  #stan: number;

  constructor(config: TerminalConfig) {
    this.#config = { ...DEFAULTS, ...config };
    this.#stan = this.#config.firstStan;
  }

  /**
   * One purchase with the reads of one swipe.
   *
   * @throws {@link PosError} `BAD_ARGUMENT` for an amount that DE 4 cannot hold; `HOST_*` and `ABORTED` when the network
   * gave no answer that can be trusted: the purchase may have been decided, and is reversed; the error's `reversal` says whether the network has heard
   * of that.
   */
  async authorise(reads: readonly Read[], purchase: Purchase): Promise<TerminalResult> {
    const { amount } = purchase;
    checkAmount(amount);
    const config = this.#config;
    const now = config.now();
    const card = cardData(reads, { chipCapable: config.chipCapable, now });
    if ("code" in card) {
      const lines = { config, now, amount, verdict: card.sentence };
      return { outcome: "refused", approved: false, refusal: card, receipt: receipt(lines) };
    }

    const { track1, track2, expiry, pan } = card;
    const shown: Fields = {
      ...(expiry === undefined ? {} : { 14: expiry }),
      22: "902", // whole stripe, read unaltered; no PIN pad
      25: "00", // customer and card present
      ...(track2 === undefined ? {} : { 35: track2 }),
      ...(track1 === undefined ? {} : { 45: track1 }),
    };
    return this.#charge(shown, pan, purchase, now);
  }

  /**
   * One purchase without a swipe, with what a plug-in was given for it (system 4).
   *
   * @throws {@link PosError} as `authorise`; `BAD_ARGUMENT` for credentials that DE 48 cannot hold, too
   */
  async authoriseRemote(credentials: RemoteCredentials, purchase: Purchase): Promise<Answered> {
    checkAmount(purchase.amount);
    const { token, expiry, requestor, drc, cavv, atc } = credentials;
    let additional: string;
    try {
      additional = encodeAdditionalData({ requestor, drc, cavv, atc: String(atc) });
    } catch (cause) {
      throw new PosError("BAD_ARGUMENT", "Those are no credentials of a payment without a swipe", { cause });
    }
    const shown: Fields = {
      2: token,
      14: expiry,
      22: ENTRY_REMOTE,
      25: "59", // electronic commerce
      48: additional,
    };
    return this.#charge(shown, token, purchase, this.#config.now());
  }

  /** @param shown - What the request holds of whoever pays */
  async #charge(shown: Fields, pan: string, { amount, signal }: Purchase, now: Date): Promise<Answered> {
    const config = this.#config;
    const request = this.#request(shown, amount, now);
    const started = performance.now();
    const response = await this.#answered(request, signal);
    const elapsedMs = performance.now() - started;

    const { 38: authCode, 39: responseCode, 44: ourCode } = response.fields;
    const { 11: stan, 37: rrn } = request.fields;
    const approved = responseCode === "00";
    const verdict = approved ? "APPROVED" : `DECLINED ${responseCode}${ourCode === undefined ? "" : ` ${ourCode}`}`;
    return {
      outcome: "answered",
      approved,
      responseCode: responseCode!,
      ourCode: ourCode?.trimEnd(),
      authCode: authCode?.trimEnd(),
      stan: stan!,
      rrn: rrn!,
      elapsedMs,
      request,
      response,
      receipt: receipt({ config, now, amount, verdict, pan, stan, rrn, authCode }),
    };
  }

  /** The answer to `request`. Where none came that can be trusted, and it may have arrived, it is reversed first. */
  async #answered(request: Message, signal: AbortSignal | undefined): Promise<Message> {
    const config = this.#config;
    const isSent = signal?.aborted !== true;
    try {
      const response = await exchange(config, request, { timeoutMs: config.timeoutMs, signal });
      checkReply(request, response);
      return response;
    } catch (error) {
      if (!isSent || !(error instanceof PosError) || !MAY_BE_DECIDED.has(error.code)) throw error;
      const now = config.now();
      const stan = this.#nextStan();
      const numbers = { time: transmissionTime(now), stan, reference: retrievalReference(now, stan) };
      const reversal = await reverse(config, reversalOf(request, numbers), config.timeoutMs);
      throw new PosError(error.code, `${error.message}: ${REVERSED[reversal]}`, { cause: error, reversal });
    }
  }

  #nextStan(): string {
    const stan = two(this.#stan, 6);
    this.#stan = this.#stan === 999_999 ? 1 : this.#stan + 1;
    return stan;
  }

  #request(shown: Fields, amount: number, now: Date): Message {
    const config = this.#config;
    const stan = this.#nextStan();
    const fields: Fields = {
      3: "000000", // purchase, no account named
      4: padField(4, String(amount)),
      7: transmissionTime(now),
      11: stan,
      12: `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
      13: `${two(now.getMonth() + 1)}${two(now.getDate())}`,
      18: config.merchantType,
      19: config.country,
      32: config.acquirerId,
      37: retrievalReference(now, stan),
      41: padField(41, config.terminalId),
      42: padField(42, config.merchantId),
      43: padField(43, config.merchantName),
      49: config.currency,
      ...shown,
    };
    return { mti: "0100", fields };
  }
}

/** @throws {PosError} `BAD_ARGUMENT` */
function checkAmount(amount: number): void {
  if (Number.isSafeInteger(amount) && amount >= 0 && amount <= 999_999_999_999) return;
  throw new PosError("BAD_ARGUMENT", `An amount of ${amount} hundredths does not fit DE 4`);
}

/** MMDDhhmmss, UTC. */
function transmissionTime(now: Date): string {
  const [day, time] = [
    [now.getUTCMonth() + 1, now.getUTCDate()],
    [now.getUTCHours(), now.getUTCMinutes(), now.getUTCSeconds()],
  ];
  return [...day!, ...time!].map((value) => two(value)).join("");
}

/** Last digit of the year, day of the year, hour (UTC), STAN: unique for a terminal, and sortable. */
function retrievalReference(now: Date, stan: string): string {
  const year = now.getUTCFullYear();
  const day = Math.floor((now.getTime() - Date.UTC(year, 0, 0)) / 86_400_000);
  return `${year % 10}${two(day, 3)}${two(now.getUTCHours())}${stan}`;
}

/** The reply must be the answer to this request, to this terminal, and say something. */
function checkReply(request: Message, response: Message): void {
  const bad = (what: string): PosError => new PosError("HOST_BAD_REPLY", `The reply ${what}`);
  if (response.mti !== "0110") throw bad(`is of type ${response.mti}, not 0110`);
  for (const [de, what] of [
    [11, "STAN"],
    [37, "retrieval reference"],
  ] as const) {
    if (response.fields[de] !== request.fields[de]) throw bad(`has another ${what} (DE ${de}) than the request`);
  }
  for (const de of [4, 41, 49] as const) {
    const echoed = response.fields[de];
    if (echoed !== undefined && echoed !== request.fields[de]) throw bad(`changes DE ${de} of the request`);
  }
  if (response.fields[39] === undefined) throw bad("has no response code (DE 39)");
}

const two = (value: number, digits = 2): string => String(value).padStart(digits, "0");
