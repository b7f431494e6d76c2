// Transaction codes (system 5), from the phone: for a device that is not the card, and for the card itself, which swipes the code in its token's place.

import type { GrantBundle } from "../card/bundle.js";
import type { Card } from "../card/card.js";
import { toBase64Url } from "./base64url.js";
import { type Answer, evidence, JsonDoor, type JsonDoorOptions, malformed, octets, part, text } from "./json-door.js";

export interface CodeClientOptions extends JsonDoorOptions {
  /** The card's access key, as its enrolment gave it; a secret. */
  readonly accessKey: string;
}

/** What a code may pay, once. */
export interface CodeOrder {
  readonly tokenRef: Uint8Array;
  /** DE 42 of who may be paid, 1 to 15 characters. */
  readonly provider: string;
  /** In minor units. */
  readonly maxCost: number;
  /** ISO 4217, three digits. */
  readonly currency: string;
}

export interface CodeCallOptions {
  readonly signal?: AbortSignal;
  /** Of a request that is a repeat: the same key gets the same answer. Another one each time unless told; of a lost answer it asks once more by itself. */
  readonly idempotencyKey?: string;
}

export interface CodeOfCard {
  readonly codeRef: string;
  /** Seconds since 1970. */
  readonly expires: number;
  /** For `Card.load` and `Card.present`. */
  readonly grant: GrantBundle;
}

export interface CodeOfDevice {
  /** 16 digits, for the device. */
  readonly code: string;
  readonly codeRef: string;
  /** Seconds since 1970. */
  readonly expires: number;
}

export class CodeClient {
  readonly #door: JsonDoor;
  readonly #accessKey: string;

  /** @throws {CardError} `ARGUMENT_INVALID`, as `IssuerClient` */
  constructor(options: CodeClientOptions) {
    this.#door = new JsonDoor(options);
    this.#accessKey = options.accessKey;
  }

  /**
   * Makes a device of the card's holder known by the key that it will show codes with.
   *
   * @param account - A token of the card. @returns its name
   * @throws {CardError} `ISSUER_REFUSED` with the processor's code: `DEVICE_LIMIT` where the card has as many as it may
   */
  async addDevice(
    { cardId }: Pick<Card, "cardId">,
    account: { readonly tokenRef: Uint8Array; readonly key: Uint8Array },
    options: CodeCallOptions = {},
  ): Promise<string> {
    const body = { ...accountOf(cardId, account.tokenRef), key: toBase64Url(account.key) };
    return text(await this.#ask("/v1/devices", body, options), "device");
  }

  /** The card has that device no more, and its open codes pay nothing. @throws {CardError} as `addDevice` */
  async removeDevice(
    { cardId }: Pick<Card, "cardId">,
    account: { readonly tokenRef: Uint8Array; readonly device: string },
    options: CodeCallOptions = {},
  ): Promise<void> {
    const query = new URLSearchParams(accountOf(cardId, account.tokenRef));
    const path = `/v1/devices/${encodeURIComponent(account.device)}?${query}`;
    await this.#door.change(path, { method: "DELETE", accessKey: this.#accessKey, ...options });
  }

  /** A code for a device. @param lifeS - Seconds, a week at most. @throws {CardError} `ISSUER_REFUSED` with the processor's code */
  async codeForDevice(
    card: Pick<Card, "cardId">,
    order: CodeOrder & { readonly device: string; readonly lifeS: number },
    options: CodeCallOptions = {},
  ): Promise<CodeOfDevice> {
    const answer = await this.#ask(
      "/v1/codes",
      { ...named(card, order), device: order.device, lifeS: order.lifeS },
      options,
    );
    return { code: text(answer, "code"), codeRef: text(answer, "codeRef"), expires: seconds(answer) };
  }

  /** A code for the card, which neither the phone nor the terminal can tell from a token. @throws {CardError} as `codeForDevice` */
  async codeForCard(
    card: Card,
    order: CodeOrder & { readonly country: number },
    options: CodeCallOptions = {},
  ): Promise<CodeOfCard> {
    const { challenge, checkpointSize } = card.info;
    const asked = { ...named(card, order), country: order.country, challenge: toBase64Url(challenge), checkpointSize };
    const answer = await this.#ask("/v1/card-codes", asked, options);
    const sealed = part(answer, "grant");
    const grant = { sealed: octets(sealed, "sealed"), ...evidence(sealed) };
    return { codeRef: text(answer, "codeRef"), expires: seconds(answer), grant };
  }

  #ask(path: string, body: object, options: CodeCallOptions): Promise<Answer> {
    return this.#door.change(path, { body, accessKey: this.#accessKey, ...options });
  }
}

function named({ cardId }: Pick<Card, "cardId">, { tokenRef, provider, maxCost, currency }: CodeOrder) {
  return { ...accountOf(cardId, tokenRef), provider, maxCost, currency };
}

function accountOf(cardId: Uint8Array, tokenRef: Uint8Array) {
  return { cardId: toBase64Url(cardId), tokenRef: toBase64Url(tokenRef) };
}

function seconds({ expires }: Answer): number {
  if (typeof expires !== "number" || !Number.isSafeInteger(expires)) throw malformed("expires");
  return expires;
}
