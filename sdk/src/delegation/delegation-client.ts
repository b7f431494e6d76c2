// Delegated rights (system 6) at the issuer: a token's owner hands them out, sees what is done by them, and takes them back; whoever was handed one sees what
// is left, and has grants for a card of his own.

import { type Caveat, caveatText, DELEGATION_MAX } from "@enabling-card/wire";
import { sdkError } from "../errors.js";
import { toBase64Url } from "../issuer/base64url.js";
import { atcOf, type ClosedGrant, readClosed } from "../issuer/closed-grant.js";
import type { GrantRequest, IssuedGrant, IssuerCallOptions } from "../issuer/issuer-client.js";
import {
  type Answer,
  evidence,
  JsonDoor,
  type JsonDoorOptions,
  malformed,
  octets,
  part,
  text,
} from "../issuer/json-door.js";
import { type LentNews, lentNews, type NewsOptions } from "../issuer/state-news.js";

export interface DelegationClientOptions extends JsonDoorOptions {
  /** Of the card that asks; a secret. */
  readonly accessKey: string;
}

/** Amounts in minor units of `currency`, times in seconds since 1970. */
export interface DelegationLeft {
  readonly uses: number;
  readonly until: number;
  /** Of one payment. */
  readonly amount?: number;
  /** Of all that are left. */
  readonly total?: number;
  readonly currency?: string;
}

/** A grant that somebody had by a right, and what became of it; `waiting` while it may still pay. */
export type DelegatedUse = (ClosedGrant | { readonly outcome: "waiting" }) & {
  readonly atc: number;
  /** Base32 of the card that has it. */
  readonly card: string;
};

export interface DelegationView {
  readonly id: string;
  /** As its owner made it. */
  readonly lines: readonly string[];
  readonly madeAt: number;
  readonly isRevoked: boolean;
  readonly left: DelegationLeft;
  /** The newest first, a hundred at most. */
  readonly uses: readonly DelegatedUse[];
}

export type DelegatedGrantRequest = Omit<GrantRequest, "tokenRef" | "kind" | "challenge"> & {
  readonly challenge: Uint8Array;
  readonly delegation: string;
};

/** A grant of somebody's token: `IssuerClient.closeGrant` closes it by that and its counter. */
export type DelegatedGrant = IssuedGrant & { readonly tokenRef: Uint8Array };

export class DelegationClient {
  readonly #door: JsonDoor;
  readonly #accessKey: string;

  /** @throws {CardError} `ARGUMENT_INVALID`, as `IssuerClient` */
  constructor(options: DelegationClientOptions) {
    this.#door = new JsonDoor(options);
    this.#accessKey = options.accessKey;
  }

  /**
   * Hands out a right to pay by a token of the card.
   *
   * @param caveats - `uses` and `until` among them
   * @returns `delegation`: to be handed to its user, and kept nowhere else: who has it has the right
   * @throws {CardError} `ARGUMENT_INVALID`; `ISSUER_REFUSED` with `DELEGATION_UNBOUNDED`, `DELEGATION_LIMIT`, `TOKEN_...`
   */
  async make(
    cardId: Uint8Array,
    tokenRef: Uint8Array,
    caveats: readonly Caveat[],
    options: IssuerCallOptions = {},
  ): Promise<{ readonly id: string; readonly delegation: string }> {
    const body = { cardId: toBase64Url(cardId), caveats: caveats.map(lineOf) };
    const answer = await this.#change(`/v1/tokens/${toBase64Url(tokenRef)}/delegations`, body, options);
    const { delegation } = answer;
    const isText = typeof delegation === "string" && delegation.length > 0 && delegation.length <= DELEGATION_MAX;
    if (!isText) throw malformed("delegation");
    return { id: text(answer, "id"), delegation };
  }

  /** The rights to a token of the card, and what was done by them. @throws {CardError} `ISSUER_REFUSED` with `TOKEN_UNKNOWN` */
  async list(cardId: Uint8Array, tokenRef: Uint8Array, options: IssuerCallOptions = {}): Promise<DelegationView[]> {
    const query = new URLSearchParams({ cardId: toBase64Url(cardId) });
    const path = `/v1/tokens/${toBase64Url(tokenRef)}/delegations?${query}`;
    const { delegations } = await this.#door.ask("GET", path, { accessKey: this.#accessKey, signal: options.signal });
    if (!Array.isArray(delegations)) throw malformed("delegations");
    return delegations.map((one) => viewOf(part({ one }, "one")));
  }

  /** Takes a right back: its next payment is declined. @throws {CardError} `ISSUER_REFUSED` with `DELEGATION_UNKNOWN` */
  async revoke(cardId: Uint8Array, id: string, options: IssuerCallOptions = {}): Promise<void> {
    const path = `/v1/delegations/${encodeURIComponent(id)}/revocation`;
    await this.#change(path, { cardId: toBase64Url(cardId) }, options);
  }

  /** What is left of a right that was handed on. @throws {CardError} `ISSUER_REFUSED` with `DELEGATION_...`, `CAVEAT_CARD` */
  async left(cardId: Uint8Array, delegation: string, options: IssuerCallOptions = {}): Promise<DelegationLeft> {
    const body = { cardId: toBase64Url(cardId), delegation };
    const { signal } = options;
    return leftOf(await this.#door.ask("POST", "/v1/delegations/left", { body, accessKey: this.#accessKey, signal }));
  }

  /** A grant by a right, sealed to the card that asks. @throws {CardError} `ISSUER_REFUSED` with `DELEGATION_...`, `CAVEAT_...`, `TOKEN_...` */
  async grant(request: DelegatedGrantRequest, options: IssuerCallOptions = {}): Promise<DelegatedGrant> {
    const { cardId, challenge, ...rest } = request;
    const body = { ...rest, cardId: toBase64Url(cardId), challenge: toBase64Url(challenge) };
    const answer = await this.#change("/v1/delegated-grants", body, options);
    return {
      ...{ tokenRef: octets(answer, "tokenRef"), sealed: octets(answer, "sealed"), atc: atcOf(answer) },
      ...evidence(answer),
    };
  }

  /**
   * That something was done by a right to a token of the card, as it happens, until `signal` ends it: `list` says what. What was missed while the line was
   * lost is told when it is there again.
   *
   * @throws {CardError} as `IssuerClient.news`
   */
  news(cardId: Uint8Array, options: NewsOptions = {}): AsyncGenerator<LentNews> {
    const query = new URLSearchParams({ cardId: toBase64Url(cardId) });
    return lentNews((signal) => this.#door.events(`/v1/states?${query}`, this.#accessKey, signal), options);
  }

  #change(path: string, body: object, options: IssuerCallOptions): Promise<Answer> {
    return this.#door.change(path, { body, accessKey: this.#accessKey, ...options });
  }
}

function lineOf(caveat: Caveat): string {
  try {
    return caveatText(caveat);
  } catch (cause) {
    throw sdkError("ARGUMENT_INVALID", `caveats: ${caveat.kind}`, { cause });
  }
}

function viewOf(answer: Answer): DelegationView {
  const { caveats, isRevoked, uses } = answer;
  if (!Array.isArray(caveats) || caveats.some((line) => typeof line !== "string")) throw malformed("caveats");
  if (typeof isRevoked !== "boolean") throw malformed("isRevoked");
  if (!Array.isArray(uses)) throw malformed("uses");
  return {
    ...{ id: text(answer, "id"), lines: caveats as string[], madeAt: whole(answer, "madeAt"), isRevoked },
    ...{ left: leftOf(part(answer, "left")), uses: uses.map((one) => useOf(part({ one }, "one"))) },
  };
}

function useOf(answer: Answer): DelegatedUse {
  const closed = answer.outcome === "waiting" ? ({ outcome: "waiting" } as const) : readClosed(answer);
  return { ...closed, atc: atcOf(answer), card: text(answer, "card") };
}

function leftOf(answer: Answer): DelegationLeft {
  const optional = (field: "amount" | "total") =>
    answer[field] === undefined ? {} : { [field]: whole(answer, field) };
  return {
    ...{ uses: whole(answer, "uses"), until: whole(answer, "until"), ...optional("amount"), ...optional("total") },
    ...(answer.currency !== undefined && { currency: text(answer, "currency") }),
  };
}

function whole(answer: Answer, field: string): number {
  const value = answer[field];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed(field);
  return value as number;
}
