// Paying behind an authentication (system 4), from the phone or a merchant's app: the domain server has the card's user asked, for one merchant and one
// amount; what the card says goes to the access control server; and the domain server gives the one grant, or what a payment without a swipe needs.

import type { GrantBundle } from "../card/bundle.js";
import type { Card, ConfirmOptions } from "../card/card.js";
import { sdkError } from "../errors.js";
import { toBase64Url } from "./base64url.js";
import { atcOf } from "./closed-grant.js";
import type { IssuedGrant } from "./issuer-client.js";
import { type Answer, evidence, JsonDoor, type JsonDoorOptions, malformed, octets, part, text } from "./json-door.js";

export interface DomainPlugInOptions extends JsonDoorOptions {
  /** The card's access key, as its enrolment gave it; a secret. */
  readonly accessKey: string;
}

/** What is to be paid. */
export interface Order {
  readonly tokenRef: Uint8Array;
  /** Who asks: the app's name, 1 to 32 characters. */
  readonly requestor: string;
  /** DE 42 of who is paid, 1 to 15 characters: the card's user sees it. */
  readonly merchant: string;
  /** Merchant category code (ISO 18245). */
  readonly mcc?: number;
  /** ISO 3166-1 numeric. */
  readonly country: number;
  /** ISO 4217, three digits. */
  readonly currency: string;
  /** In minor units: the most that may be paid. */
  readonly amount: number;
}

export type PlugInStep = "asking" | "confirming" | "authenticated";

export interface PlugInOptions extends ConfirmOptions {
  readonly onStep?: (step: PlugInStep) => void;
}

/** What the message of a payment without a swipe holds: secrets, good for this order alone. */
export interface RemoteCredentials {
  /** The token's number, for DE 2. */
  readonly token: string;
  /** YYMM */
  readonly expiry: string;
  readonly atc: number;
  /** 8 octets in hexadecimal capitals. */
  readonly drc: string;
  /** 20 octets as base64. */
  readonly cavv: string;
  /** Electronic commerce indicator. */
  readonly eci: string;
}

const MESSAGE_VERSION = "2.2.0";
const [SWIPE, REMOTE] = [0, 1];

export class DomainPlugIn {
  readonly #door: JsonDoor;
  readonly #options: DomainPlugInOptions;

  /** @throws {CardError} `ARGUMENT_INVALID`, as `IssuerClient` */
  constructor(options: DomainPlugInOptions) {
    this.#door = new JsonDoor(options);
    this.#options = options;
  }

  /**
   * A grant that pays by a swipe, at that merchant: for `Card.load` and `Card.present`.
   *
   * @throws {CardError} `NOT_AUTHENTICATED`; `SHOWN_DIFFERS` where the card would be asked about something else; `ISSUER_REFUSED` with the service's code; what `Card.load` and `Card.confirm` throw
   */
  async grant(card: Card, order: Order, options: PlugInOptions = {}): Promise<IssuedGrant> {
    const answer = await this.#authorised(card, order, SWIPE, options);
    return { ...bundle(answer, "grant"), atc: atcOf(answer) };
  }

  /** What pays without a swipe. @throws {CardError} as `grant` */
  async credentials(card: Card, order: Order, options: PlugInOptions = {}): Promise<RemoteCredentials> {
    const answer = await this.#authorised(card, order, REMOTE, options);
    const remote = part(answer, "remote");
    const atc = atcOf(remote);
    const [token, expiry, drc, cavv] = ["token", "expiry", "drc", "cavv"].map((name) => text(remote, name));
    return { token: token!, expiry: expiry!, atc, drc: drc!, cavv: cavv!, eci: text(answer, "eci") };
  }

  /** Asks, has the user confirm, tells the access control server, and takes what the domain server gives for that. */
  async #authorised(card: Card, order: Order, channel: number, options: PlugInOptions): Promise<Answer> {
    const { onStep, signal } = options;
    onStep?.("asking");
    const { tokenRef, ...asked } = order;
    const named = () => ({
      cardId: toBase64Url(card.cardId),
      tokenRef: toBase64Url(tokenRef),
      challenge: toBase64Url(card.info.challenge),
      checkpointSize: card.info.checkpointSize,
    });
    const begun = await this.#ask("/v1/authentications", { ...named(), ...asked, channel }, signal);
    const threeDSServerTransID = text(begun, "threeDSServerTransID");
    const acs = new JsonDoor({ ...this.#options, baseUrl: new URL(acsUrl(begun)).origin });
    await card.load(bundle(begun, "question"), options);
    onStep?.("confirming");
    // What services say to each other the user does not see: the card is asked about this order, or about none.
    const { merchant, amount: cap } = order;
    const { cryptogram } = await card.confirm({ saw: { merchant, cap }, ...options });
    const result = await acs.change(new URL(acsUrl(begun)).pathname, {
      body: {
        ...{ messageType: "CReq", messageVersion: MESSAGE_VERSION, threeDSServerTransID },
        ...{ acsTransID: text(begun, "acsTransID"), challengeDataEntry: toBase64Url(cryptogram) },
      },
      signal,
    });
    if (result.transStatus !== "Y") throw sdkError("NOT_AUTHENTICATED");
    onStep?.("authenticated");
    return this.#ask("/v1/domain-grants", { ...named(), threeDSServerTransID }, signal);
  }

  #ask(path: string, body: object, signal: AbortSignal | undefined): Promise<Answer> {
    return this.#door.change(path, { body, accessKey: this.#options.accessKey, signal });
  }
}

function acsUrl(answer: Answer): string {
  const url = text(answer, "acsURL");
  if (!URL.canParse(url)) throw malformed("acsURL");
  return url;
}

function bundle(answer: Answer, field: string): GrantBundle {
  const sealed = part(answer, field);
  return { sealed: octets(sealed, "sealed"), ...evidence(sealed) };
}
