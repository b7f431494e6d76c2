// What the services ask of each other where all are one process: each answers in the asker's words, and an error of one becomes the other's.

import {
  AcsError,
  type AcsService,
  CardNotAsked,
  type CardQuestion,
  Reason,
  type RReq,
  type RRes,
} from "@enabling-card/acs";
import { type GrantOptions, IssuerError, type IssuerService } from "@enabling-card/issuer";
import {
  type DomainServer,
  type DomainServerOptions,
  type FindAccount,
  type IssueCode,
  type LockToken,
  ProcessorError,
  type SealedGrant,
} from "@enabling-card/processor";
import { Channel, type Domain, toHex } from "@enabling-card/wire";
import type { Authenticating } from "./watch.js";

/** What the processor asks of the issuer, for codes. */
export function accountAt({ issuer }: IssuerService): FindAccount {
  return ({ cardId, accessKey, tokenRef }) =>
    forProcessor(() => issuer.account(octets(cardId), octets(accessKey), toHex(octets(tokenRef))));
}

/** What the processor tells the issuer of wrong tries. */
export function lockAt({ issuer }: IssuerService): LockToken {
  return (tokenRef, lock) => forProcessor(() => issuer.lockForFailures(toHex(octets(tokenRef)), lock));
}

/**
 * What the domain server asks of issuer and access control server.
 *
 * @param acs - Which may be there later than this is
 * @param tell - Told of each message
 */
export function domainAt(
  service: IssuerService,
  acs: () => AcsService,
  tell: (from: "processor" | "acs", to: "processor" | "acs", message: Authenticating) => void,
): Omit<DomainServerOptions, "processor"> {
  const { issuer } = service;
  return {
    resolve: ({ cardId, accessKey, tokenRef }) =>
      forProcessor(() => issuer.resolve(octets(cardId), octets(accessKey), toHex(octets(tokenRef)))),
    issueGrant: (request, drc) => forProcessor(() => sealedGrant(service, request, { cryptogramOf: drc })),
    askAcs: async (request) => {
      try {
        tell("processor", "acs", request);
        const answer = await acs().acs.authenticate(request);
        tell("acs", "processor", answer);
        return answer;
      } catch (cause) {
        if (!(cause instanceof AcsError)) throw cause;
        throw new ProcessorError(cause.http < 500 ? "ACS_ERROR" : "ACS_UNAVAILABLE", { cause, detail: cause.code });
      }
    },
  };
}

/** What the processor asks of the issuer for a code that a card is to swipe. */
export function codeGrantAt(service: IssuerService): IssueCode {
  return ({ number, codeRef, ...request }, cryptogramOf) =>
    forProcessor(() => {
      const domain = { ...request.domain, channel: Channel.Swipe };
      const code = { number, codeRef: octets(codeRef) };
      return sealedGrant(service, { ...request, domain }, { cryptogramOf, code });
    });
}

/** What the access control server has the issuer ask a card. It pays nothing: its cryptogram is the answer, and no DRC. */
export function askCardAt(service: IssuerService) {
  return async (question: CardQuestion, answer: Uint8Array): Promise<SealedGrant> => {
    const { cardId, tokenRef, account } = question;
    try {
      await service.issuer.vouch(octets(cardId), toHex(octets(tokenRef)), account);
      return await sealedGrant(
        service,
        { ...question, domain: domainOf(question) },
        { cryptogramOf: async () => answer },
      );
    } catch (cause) {
      throw cause instanceof IssuerError ? asAcs(cause) : cause;
    }
  };
}

/** Tells the domain server a result. @throws {AcsError} `DOMAIN_SERVER_ERROR` */
export async function resultAt(domain: DomainServer, result: RReq): Promise<RRes> {
  try {
    return await domain.result(result);
  } catch (cause) {
    if (!(cause instanceof ProcessorError) || cause.http >= 500) throw cause;
    throw new AcsError("DOMAIN_SERVER_ERROR", { cause, detail: cause.code });
  }
}

interface GrantFor {
  readonly cardId: string;
  readonly tokenRef: string;
  readonly challenge: string;
  readonly checkpointSize: number;
  readonly domain: Domain;
}

async function sealedGrant({ issuer }: IssuerService, request: GrantFor, options: GrantOptions): Promise<SealedGrant> {
  const { cardId, tokenRef, challenge, checkpointSize, domain } = request;
  const named = { cardId: octets(cardId), tokenRef: octets(tokenRef), challenge: octets(challenge), checkpointSize };
  const bundle = await issuer.grant({ ...named, domain, maxEmissions: 1, kind: "online" }, options);
  const { sealed, issuerCert, receipt, consistency } = bundle;
  const text = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
  return {
    ...{ sealed: text(sealed), issuerCert: text(issuerCert), receipt: text(receipt) },
    consistency: consistency && text(consistency),
  };
}

async function forProcessor<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof IssuerError ? asProcessors(cause) : cause;
  }
}

/** A service's no: its code, its sentence, and the status of HTTP that goes with it. */
export interface Said extends Error {
  readonly code: string;
  readonly http: number;
}

/** What the issuer says, in the processor's words. */
export function asProcessors(cause: Said): ProcessorError {
  if (cause.http >= 500) return new ProcessorError("ISSUER_UNAVAILABLE", { cause });
  if (cause.code === "BAD_REQUEST" || cause.code === "DOMAIN_MISSING") {
    return new ProcessorError("BAD_REQUEST", { cause, detail: cause.message });
  }
  const isUnknown = cause.code === "UNAUTHORISED" || cause.code === "CARD_UNKNOWN";
  return new ProcessorError(isUnknown ? "UNAUTHORISED" : "ACCOUNT_REFUSED", { cause, detail: cause.code });
}

/** What the issuer says to a question for a card, in the access control server's words. */
export function asAcs(cause: Said): AcsError | CardNotAsked {
  if (cause.http >= 500) return new AcsError("ISSUER_UNAVAILABLE", { cause });
  const isUnknown = ["TOKEN_UNKNOWN", "ACCOUNT_WRONG", "CARD_UNKNOWN"].includes(cause.code);
  return new CardNotAsked(isUnknown ? Reason.NoCardRecord : Reason.NotPermitted, cause.message, { cause });
}

/** The domain that a card's user is shown by a question. */
export function domainOf({ requestor, merchant, mcc, country, amount }: CardQuestion): Domain {
  const domain = { requestor, merchant, ...(mcc !== undefined && { mcc }), country, maxAmount: amount };
  return { ...domain, channel: Channel.Remote };
}

function octets(base64url: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64url, "base64url"));
}
