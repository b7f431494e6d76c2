// The domain server (system 4): a plug-in names a token, a merchant and an amount; the user is authenticated for that, by the access control server; and
// one grant is made, good at that merchant alone. What it was made of is kept for the moment in which it comes back (domain-check.ts).

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  type AReq,
  type ARes,
  ATN_PART_SIZE,
  type CardChallenge,
  EXTENSION,
  MESSAGE_VERSION,
  type RReq,
  type RRes,
} from "@enabling-card/acs";
import { Channel, currencyOf, type Domain, minorUnitsOf } from "@enabling-card/wire";
import { drcOf } from "./drc.js";
import { ProcessorError } from "./errors.js";
import { type AccountName, KEPT_S, type Processor } from "./processor.js";
import type { Tables } from "./store.js";

/** How long an authentication may wait for its grant, seconds from its result. */
export const ATN_LIFE_S = 600;

/** A token's number, and the number behind it that is charged. */
export interface Resolved {
  readonly token: string;
  readonly account: string;
  /** YYMM, of both. */
  readonly expiry: string;
}

/** A grant for the card: octets as base64url, all beside the seal as the issuer gives it. */
export type SealedGrant = CardChallenge;

export interface CountedGrant {
  readonly atc: number;
  /** Seconds since 1970. */
  readonly expires: number;
}

export interface DomainServerOptions {
  readonly processor: Processor;
  /** The issuer's. @throws {ProcessorError} `UNAUTHORISED`, `ACCOUNT_REFUSED`, `ISSUER_UNAVAILABLE` */
  readonly resolve: (name: AccountName) => Promise<Resolved>;
  /** Asks the access control server. @throws {ProcessorError} `ACS_UNAVAILABLE`, `ACS_ERROR` */
  readonly askAcs: (request: AReq) => Promise<ARes>;
  /** The issuer's: a grant whose cryptogram is `drc` of its ATC. @throws {ProcessorError} as `resolve`, and what `drc` throws */
  readonly issueGrant: (
    request: GrantOfDomain,
    drc: (counted: CountedGrant) => Promise<Uint8Array>,
  ) => Promise<SealedGrant>;
}

/** Where a card stands; octets as base64url. */
interface CardPosition {
  /** The card's newest challenge. */
  readonly challenge: string;
  readonly checkpointSize: number;
}

export interface GrantOfDomain extends CardPosition {
  readonly cardId: string;
  readonly tokenRef: string;
  readonly domain: Domain;
}

/** What a plug-in wants to pay. */
export interface Purchase {
  readonly requestor: string;
  /** DE 42 of who is paid, and what the card's user sees. */
  readonly merchant: string;
  readonly mcc?: number;
  readonly channel: Channel;
  /** ISO 3166-1 numeric. */
  readonly country: number;
  /** ISO 4217, three digits. */
  readonly currency: string;
  /** In minor units: the most that may be paid. */
  readonly amount: number;
}

export interface AuthenticationRequest extends AccountName, CardPosition, Purchase {}

export interface Authentication {
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  readonly acsURL: string;
  /** For the card: it pays nothing, and what the card tells answers the access control server. */
  readonly question: SealedGrant;
}

export interface DomainGrantRequest extends AccountName, CardPosition {
  readonly threeDSServerTransID: string;
}

/** What a payment without a card's swipe is made with. */
export interface RemoteCredentials {
  readonly token: string;
  /** YYMM */
  readonly expiry: string;
  readonly atc: number;
  /** 8 octets in hexadecimal capitals. */
  readonly drc: string;
  /** 20 octets as base64. */
  readonly cavv: string;
}

export interface DomainGrant {
  /** Electronic commerce indicator: how the user was authenticated. */
  readonly eci: string;
  /** Of a payment by a swipe, with the token's counter, by which its holder closes it. */
  readonly grant?: SealedGrant;
  readonly atc?: number;
  /** Of one without. */
  readonly remote?: RemoteCredentials;
}

interface KeptPurchase extends Purchase, Resolved {
  readonly tokenRef: string;
}

interface KeptResult {
  /** Base64url. */
  readonly atn: string;
  /** Base64. */
  readonly cavv: string;
  readonly eci: string;
  readonly acsTransID: string;
}

/** All that a grant's DRC is made of, and what goes on to the issuer when it was looked at. */
export interface KeptDomain
  extends Pick<KeptPurchase, "requestor" | "merchant" | "channel" | "account" | "expiry" | "tokenRef"> {
  /** Base64url. */
  readonly atnPart: string;
  /** Base64. */
  readonly cavv: string;
  /** ISO 4217, three digits: what its user has agreed to. None is told in what was kept before it was looked at. */
  readonly currency?: string;
  /** Number of the key that the DRC was made by; 0 where none is told. */
  readonly key?: number;
}

export class DomainServer {
  readonly #options: DomainServerOptions;

  constructor(options: DomainServerOptions) {
    this.#options = options;
  }

  /**
   * Has the card's user asked. The same request under the same idempotency key gets the same answer.
   *
   * @throws {ProcessorError} `CURRENCY_WRONG`, `AUTHENTICATION_REFUSED`, `IDEMPOTENCY_MISMATCH`, `ACS_UNAVAILABLE`, `ACS_ERROR`, and what `resolve` throws
   */
  async authenticate(request: AuthenticationRequest, idempotencyKey: string): Promise<Authentication> {
    const { processor, resolve, askAcs } = this.#options;
    const { accessKey: _, ...asked } = request;
    const { cardId, tokenRef, challenge, checkpointSize, ...purchase } = asked;
    const resolved = await resolve(request);
    expectCurrency(request);
    return processor.once(cardId, idempotencyKey, [asked], async () => {
      const trans_id = randomUUID();
      const kept: KeptPurchase = { ...purchase, ...resolved, tokenRef };
      const at = processor.now();
      await processor.store.atomically(async (tables) => {
        await tables.forget(at - KEPT_S);
        await tables.addAuthentication({ trans_id, purchase: processor.seal(kept), at });
      });
      const card = { cardId, tokenRef, challenge, checkpointSize };
      const answer = await askAcs(aReqOf(trans_id, kept, card));
      // Before the phone hears of it: its result must name this transaction, and no other of that server's.
      await processor.store.nameAuthentication(trans_id, answer.acsTransID);
      const question = answer.messageExtension?.find(({ id }) => id === EXTENSION.id)?.data;
      if (answer.transStatus !== "C" || question === undefined || answer.acsURL === undefined) {
        await processor.store.decideAuthentication(trans_id, at, "N", null);
        throw new ProcessorError("AUTHENTICATION_REFUSED", {
          ...(answer.cardholderInfo !== undefined && { detail: answer.cardholderInfo }),
        });
      }
      const { acsTransID, acsURL } = answer;
      return { threeDSServerTransID: trans_id, acsTransID, acsURL, question };
    });
  }

  /** The access control server's word on it, by both names that it began with. The first one counts. @throws {ProcessorError} `AUTHENTICATION_UNKNOWN`, `RESULT_KNOWN` */
  async result(result: RReq): Promise<RRes> {
    const { processor } = this.#options;
    const { threeDSServerTransID, acsTransID, transStatus, authenticationValue, eci } = result;
    const atn = result.messageExtension?.find(({ id }) => id === EXTENSION.id)?.data.atn;
    await processor.store.atomically(async (kept) => {
      const row = await kept.authentication(threeDSServerTransID);
      if (row === undefined || row.acs_trans_id !== acsTransID) throw new ProcessorError("AUTHENTICATION_UNKNOWN");
      const isYes = transStatus === "Y" && atn !== undefined && authenticationValue !== undefined;
      const said: KeptResult | undefined = isYes ? { atn, cavv: authenticationValue, eci, acsTransID } : undefined;
      if (row.status !== "C") {
        const known = row.result === null ? undefined : processor.open<KeptResult>(row.result);
        if (isDeepStrictEqual(known, said && JSON.parse(JSON.stringify(said)))) return;
        throw new ProcessorError("RESULT_KNOWN");
      }
      await kept.decideAuthentication(
        row.trans_id,
        processor.now(),
        said ? "Y" : "N",
        said ? processor.seal(said) : null,
      );
    });
    const named = { messageType: "RRes", messageVersion: MESSAGE_VERSION, threeDSServerTransID, acsTransID } as const;
    return { ...named, resultsStatus: "01" };
  }

  /**
   * The one grant of an authentication: for the card, or, of a payment without a swipe, what its message needs.
   *
   * @throws {ProcessorError} `AUTHENTICATION_UNKNOWN`, `NOT_AUTHENTICATED`, `ATN_EXPIRED`, `ATN_USED`, `IDEMPOTENCY_MISMATCH`, and what `resolve` and
   * `issueGrant` throw
   */
  async grant(request: DomainGrantRequest, idempotencyKey: string): Promise<DomainGrant> {
    const { processor, resolve, issueGrant } = this.#options;
    const { accessKey: _, ...asked } = request;
    const { cardId, tokenRef, challenge, checkpointSize, threeDSServerTransID } = asked;
    await resolve(request);
    return processor.once(cardId, idempotencyKey, [asked], async () => {
      const { purchase, result } = await this.#authenticated(tokenRef, threeDSServerTransID);
      const { token, expiry, requestor, merchant, mcc, channel, country, amount } = purchase;
      const domain = { requestor, merchant, ...(mcc !== undefined && { mcc }), channel, country, maxAmount: amount };
      const atnPart = Buffer.from(result.atn, "base64url").subarray(0, ATN_PART_SIZE);
      let made: { readonly atc: number; readonly drc: Uint8Array } | undefined;
      const drcOfCounted = async ({ atc, expires }: CountedGrant) => {
        const drc = drcOf(processor.domainKey, { requestor, merchant, token, atnPart, atc });
        const { cavv } = result;
        const { account, currency } = purchase;
        const kept: KeptDomain = {
          ...{ requestor, merchant, channel, account, expiry, tokenRef, cavv, currency },
          ...{ atnPart: atnPart.toString("base64url"), key: processor.keyNumber },
        };
        await processor.store.atomically((tables) => keepDomain(processor, tables, { token, atc, expires }, kept));
        made = { atc, drc };
        return drc;
      };
      // Claimed before an ATC is counted: who comes second costs none.
      if (!(await processor.store.useAuthentication(threeDSServerTransID))) throw new ProcessorError("ATN_USED");
      let grant: SealedGrant;
      try {
        grant = await issueGrant({ cardId, tokenRef, challenge, checkpointSize, domain }, drcOfCounted);
      } catch (error) {
        // Nothing was made that could pay: it may be asked for once more, where the store is there to say so.
        if (made === undefined)
          await processor.store.releaseAuthentication(threeDSServerTransID).catch(() => undefined);
        throw error;
      }
      const { atc, drc } = made!;
      const { eci, cavv } = result;
      if (channel === Channel.Swipe) return { eci, atc, grant };
      return { eci, remote: { token, expiry, atc, drc: Buffer.from(drc).toString("hex").toUpperCase(), cavv } };
    });
  }

  async #authenticated(
    tokenRef: string,
    transId: string,
  ): Promise<{ readonly purchase: KeptPurchase; readonly result: KeptResult }> {
    const { processor } = this.#options;
    const row = await processor.store.authentication(transId);
    if (row === undefined) throw new ProcessorError("AUTHENTICATION_UNKNOWN");
    const purchase = processor.open<KeptPurchase>(row.purchase);
    // Whose token it is the issuer has said.
    if (purchase.tokenRef !== tokenRef) throw new ProcessorError("AUTHENTICATION_UNKNOWN");
    if (row.status !== "Y" || row.result === null) throw new ProcessorError("NOT_AUTHENTICATED");
    if (row.used === 1) throw new ProcessorError("ATN_USED");
    if (processor.now() >= row.at + ATN_LIFE_S) throw new ProcessorError("ATN_EXPIRED");
    return { purchase, result: processor.open<KeptResult>(row.result) };
  }
}

/**
 * What its user is shown is in the country's currency, and so is what is settled. A country that is not served is the issuer's to refuse.
 *
 * @throws {ProcessorError} `CURRENCY_WRONG`
 */
export function expectCurrency({ country, currency }: Pick<Purchase, "country" | "currency">): void {
  const own = currencyOf(country);
  if (own !== undefined && own !== currency) throw new ProcessorError("CURRENCY_WRONG");
}

/** What a grant's DRC is made of, for the moment in which it comes back. */
export async function keepDomain(
  processor: Processor,
  tables: Tables,
  { token, atc, expires }: CountedGrant & { readonly token: string },
  domain: KeptDomain,
): Promise<void> {
  await tables.addDomainGrant({
    token_name: processor.nameOf("token", token),
    atc,
    domain: processor.seal(domain),
    expires,
  });
}

function aReqOf(
  threeDSServerTransID: string,
  purchase: KeptPurchase,
  card: AReq["messageExtension"][number]["data"],
): AReq {
  const { requestor, merchant, mcc, country, currency, amount, account, expiry } = purchase;
  return {
    ...{ messageType: "AReq", messageVersion: MESSAGE_VERSION, threeDSServerTransID, messageCategory: "01" },
    ...{ deviceChannel: "01", threeDSRequestorName: requestor, acctNumber: account, cardExpiryDate: expiry },
    merchantName: merchant,
    ...(mcc !== undefined && { mcc: String(mcc).padStart(4, "0") }),
    merchantCountryCode: String(country).padStart(3, "0"),
    ...{ purchaseAmount: String(amount), purchaseCurrency: currency },
    purchaseExponent: String(minorUnitsOf(currency)),
    messageExtension: [{ ...EXTENSION, data: card }],
  };
}
