// The issuer's HTTP API, from the phone: enrol, tokens, grants, receipts, states. JSON, octets as base64url. The phone can read none
// of what is sealed; what it can see, it checks: tokens come from the number ranges this app was made for, or not at all.

import {
  AAD,
  type Domain,
  decodeClaims,
  decodeSign1,
  REGISTRATION_KEY_SIZE,
  REGISTRATION_SIZE,
  type StateInfo,
} from "@enabling-card/wire";
import type { GrantBundle, SignedState } from "../card/bundle.js";
import { sdkError, throwIfAborted } from "../errors.js";
import type { StateInfoAnswer } from "../means/check-info.js";
import { toBase64Url } from "./base64url.js";
import { atcOf, type ClosedGrant, expectAtc, readClosed } from "./closed-grant.js";
import { readStateInfo } from "./info-answer.js";
import {
  type Answer,
  type Evidence,
  evidence,
  JsonDoor,
  type JsonDoorOptions,
  malformed,
  octets,
  text,
} from "./json-door.js";
import { type NewsOptions, type TokenNews, tokenNews } from "./state-news.js";

/** The test space: the only number range until others are configured (rule 4). */
export const TEST_IINS: readonly string[] = ["999999"];

export interface IssuerClientOptions extends JsonDoorOptions {
  /** Key of an earlier enrolment; a secret. */
  readonly accessKey?: string;
  /** First six digits of tokens this app accepts; `TEST_IINS` unless told. */
  readonly iins?: readonly string[];
}

export interface IssuerCallOptions {
  readonly signal?: AbortSignal;
  /**
   * Of a request for a change (enrol, createToken, grant, closeGrant, setState, register) that is a repeat: the same key gets the same answer, within a day. Another one each
   * time unless told; of a lost answer the client asks once more by itself.
   */
  readonly idempotencyKey?: string;
}

/** A token as its holder may see it: never its whole number. */
export interface Token {
  /** 16 octets. */
  readonly tokenRef: Uint8Array;
  readonly iin: string;
  readonly last4: string;
  /** As on a card: YYMM. */
  readonly expiry: string;
}

export interface GrantRequest {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** The newest of card info; none for an off-line grant. */
  readonly challenge?: Uint8Array;
  /** Of card info: how far the card has followed the ledger. */
  readonly checkpointSize: number;
  readonly domain: Domain;
  /** 1 to 3. */
  readonly maxEmissions: number;
  readonly kind: "online" | "offline";
}

/** A grant for the card, and what the issuer knows it by. */
export interface IssuedGrant extends GrantBundle {
  /** The token's counter: `closeGrant` names the grant by it. To be kept until the payment is known to be over. */
  readonly atc: number;
}

/** States a phone may ask for. */
export type TokenStateName = "active" | "suspended" | "deactivated";

export type SignedTokenState = SignedState & {
  readonly version: number;
  readonly state: TokenStateName | "inactive";
};

/** Which card asks, and how far it has followed the ledger (card info). */
export interface CardPosition {
  readonly cardId: Uint8Array;
  readonly checkpointSize: number;
}

export class IssuerClient {
  readonly #door: JsonDoor;
  readonly #iins: readonly string[];
  #accessKey: string | undefined;

  /**
   * @throws {CardError} `ARGUMENT_INVALID` for a base URL that is none, or plain http to another machine, and for a number range
   * that is not 6 digits.
   */
  constructor(options: IssuerClientOptions) {
    this.#iins = options.iins ?? TEST_IINS;
    this.#door = new JsonDoor(options);
    if (this.#iins.some((iin) => !/^\d{6}$/.test(iin))) throw sdkError("ARGUMENT_INVALID", "iins: 6 digits each");
    this.#accessKey = options.accessKey;
  }

  /** Enrols a card by its maker's certificate, and keeps the access key for what follows; the caller stores it. */
  async enrol(
    certificate: Uint8Array,
    phoneName: string,
    options: IssuerCallOptions = {},
  ): Promise<{ readonly cardId: Uint8Array; readonly accessKey: string }> {
    const body = { certificate: toBase64Url(certificate), phoneName };
    const answer = await this.#door.change("/v1/cards", { body, ...options });
    const enrolled = { cardId: octets(answer, "cardId"), accessKey: text(answer, "accessKey") };
    this.#accessKey = enrolled.accessKey;
    return enrolled;
  }

  /**
   * Has a token made for the card: an off-line one where its grants are to be kept on the phone; one for domains alone where it is to pay behind an
   * authentication, and in no other way (`DomainPlugIn`).
   *
   * @throws {CardError} `ISSUER_TOKEN_OUTSIDE_IIN` where it is not in this app's number ranges
   */
  async createToken(
    cardId: Uint8Array,
    holderName: string,
    options: IssuerCallOptions & { readonly offline?: boolean; readonly domainOnly?: boolean } = {},
  ): Promise<Token> {
    const { offline, domainOnly } = options;
    const kind = { ...(offline && { offline }), ...(domainOnly && { domainOnly }) };
    const body = { cardId: toBase64Url(cardId), holderName, ...kind };
    const answer = await this.#change("/v1/tokens", body, options);
    const token = {
      tokenRef: octets(answer, "tokenRef"),
      iin: text(answer, "iin"),
      last4: text(answer, "last4"),
      expiry: text(answer, "expiry"),
    };
    if (!this.#iins.includes(token.iin)) throw sdkError("ISSUER_TOKEN_OUTSIDE_IIN");
    if (!/^\d{4}$/.test(token.last4)) throw malformed("last4");
    return token;
  }

  /** Fetches a grant, sealed to the card. */
  async grant(request: GrantRequest, options: IssuerCallOptions = {}): Promise<IssuedGrant> {
    const { cardId, tokenRef, challenge, ...rest } = request;
    const body = {
      cardId: toBase64Url(cardId),
      tokenRef: toBase64Url(tokenRef),
      ...(challenge && { challenge: toBase64Url(challenge) }),
      ...rest,
    };
    const answer = await this.#change("/v1/grants", body, options);
    return { sealed: octets(answer, "sealed"), atc: atcOf(answer), ...evidence(answer) };
  }

  /**
   * Closes a grant of which nobody heard how it ended: what was answered to the terminal, or that nothing was asked. From then on it pays nothing where
   * the issuer is asked; an off-line one keeps its place among those that a token may have. Closed again, it is told again.
   *
   * @param atc - That came with the grant
   * @throws {CardError} `ARGUMENT_INVALID`; `ISSUER_REFUSED` with `GRANT_UNKNOWN`, `GRANT_OUTCOME_LOST` (the issuer's desk may know), `GRANT_OF_CODE`
   */
  async closeGrant(
    cardId: Uint8Array,
    tokenRef: Uint8Array,
    atc: number,
    options: IssuerCallOptions = {},
  ): Promise<ClosedGrant> {
    expectAtc(atc);
    const path = `/v1/tokens/${toBase64Url(tokenRef)}/grants/${atc}/closure`;
    return readClosed(await this.#change(path, { cardId: toBase64Url(cardId) }, options));
  }

  /**
   * A newer receipt for a stored grant.
   *
   * @param options - `issuerCert`: that came with the grant; without it the receipt is of the issuer's newest certificate, and its key may have been changed
   * @throws {CardError} `ISSUER_REFUSED` with `KEY_RETIRED` where that key was taken out: the grant pays no more
   */
  async receipt(
    card: CardPosition,
    { issuerCert, ...options }: IssuerCallOptions & { readonly issuerCert?: Uint8Array } = {},
  ): Promise<Evidence> {
    const body = { ...positionBody(card), ...(issuerCert && { serial: toBase64Url(serialOf(issuerCert)) }) };
    return evidence(await this.#ask("POST", "/v1/receipts", body, options));
  }

  /**
   * Asks for a token's state to be changed; gives the signed state, which the card must still take. A suspension that others hold too stays one: `state` of
   * the answer says so.
   *
   * @param options - `by`: the card's PIN lock, where its phone tells of it
   */
  async setState(
    tokenRef: Uint8Array,
    state: TokenStateName,
    card: CardPosition,
    options: IssuerCallOptions & { readonly by?: "cardholder" | "PIN lock" } = {},
  ): Promise<SignedTokenState> {
    const path = `/v1/tokens/${toBase64Url(tokenRef)}/state`;
    const { by } = options;
    return signedState(await this.#change(path, { ...positionBody(card), state, ...(by && { by }) }, options));
  }

  /** Registers a token for this phone: the registration's name, and a key of 16 octets, which the issuer tells once. */
  async register(
    cardId: Uint8Array,
    tokenRef: Uint8Array,
    options: IssuerCallOptions = {},
  ): Promise<{ readonly registration: Uint8Array; readonly key: Uint8Array }> {
    const path = `/v1/tokens/${toBase64Url(tokenRef)}/registration`;
    const answer = await this.#change(path, { cardId: toBase64Url(cardId) }, options);
    const [registration, key] = [octets(answer, "registration"), octets(answer, "key")];
    if (registration.length !== REGISTRATION_SIZE) throw malformed("registration");
    if (key.length !== REGISTRATION_KEY_SIZE) throw malformed("key");
    return { registration, key };
  }

  /** How a token stands, as the issuer says it to the phone that registered it. Nobody has judged it yet: `PaymentMeans.compare` does. */
  async compare(
    tokenRef: Uint8Array,
    { cardId, registration, nonce }: Pick<StateInfo, "cardId" | "registration" | "nonce">,
    options: IssuerCallOptions = {},
  ): Promise<StateInfoAnswer> {
    const body = {
      ...{ cardId: toBase64Url(cardId), registration: toBase64Url(registration), nonce: toBase64Url(nonce) },
    };
    return readStateInfo(await this.#ask("POST", `/v1/tokens/${toBase64Url(tokenRef)}/comparison`, body, options));
  }

  /** The newest signed state of a token. */
  async state(tokenRef: Uint8Array, card: CardPosition, options: IssuerCallOptions = {}): Promise<SignedTokenState> {
    const { cardId, checkpointSize } = positionBody(card);
    const query = new URLSearchParams({ cardId, checkpointSize: String(checkpointSize) });
    return signedState(
      await this.#ask("GET", `/v1/tokens/${toBase64Url(tokenRef)}/state?${query}`, undefined, options),
    );
  }

  /**
   * How each token of the card stands, and each change from then on, until `signal` ends it: what was missed while the line was lost comes when it is
   * there again. What it says is not signed: `state` fetches what the card takes.
   *
   * @throws {CardError} `ISSUER_NOT_ENROLLED`, `ISSUER_REFUSED`, `ISSUER_ANSWER_INVALID`; a line that is lost is tried again
   */
  news(cardId: Uint8Array, options: NewsOptions = {}): AsyncGenerator<TokenNews> {
    const query = new URLSearchParams({ cardId: toBase64Url(cardId) });
    return tokenNews((signal) => this.#door.events(`/v1/states?${query}`, this.#key(), signal), options);
  }

  /** The card's access key. @throws {CardError} `ISSUER_NOT_ENROLLED` */
  #key(): string {
    if (this.#accessKey === undefined) throw sdkError("ISSUER_NOT_ENROLLED");
    return this.#accessKey;
  }

  async #change(path: string, body: object, { signal, idempotencyKey }: IssuerCallOptions): Promise<Answer> {
    throwIfAborted(signal);
    return this.#door.change(path, {
      ...{ body, accessKey: this.#key(), signal },
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  }

  async #ask(method: string, path: string, body: object | undefined, { signal }: IssuerCallOptions): Promise<Answer> {
    throwIfAborted(signal);
    return this.#door.ask(method, path, { ...(body && { body }), accessKey: this.#key(), signal });
  }
}

function positionBody({ cardId, checkpointSize }: CardPosition) {
  return { cardId: toBase64Url(cardId), checkpointSize };
}

/** @throws {CardError} `ISSUER_ANSWER_INVALID` for what is no certificate */
function serialOf(issuerCert: Uint8Array): Uint8Array {
  try {
    return decodeClaims(decodeSign1(issuerCert, AAD.certificate).payload).serial;
  } catch (cause) {
    throw sdkError("ISSUER_ANSWER_INVALID", "the certificate beside the grant", { cause });
  }
}

const STATE_NAMES = ["inactive", "active", "suspended", "deactivated"] as const;

function signedState(answer: Answer): SignedTokenState {
  const { version } = answer;
  if (typeof version !== "number" || !Number.isSafeInteger(version)) throw malformed("version");
  const state = STATE_NAMES.find((name) => name === answer.state);
  if (state === undefined) throw malformed("state");
  return { signed: octets(answer, "signed"), ...evidence(answer), version, state };
}
