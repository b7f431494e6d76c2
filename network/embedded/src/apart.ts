// The services as processes of their own: what each asks of another goes over a line with a MAC, or over HTTP by signed requests. Each holds nothing but
// what is in its store, so one that is killed is there again when it is started again, and the others find it by themselves.

import {
  AcsError,
  type AcsService,
  type AcsServiceOptions,
  type AReq,
  type ARes,
  checkedAnswer,
  erroIn,
  type RRes,
  startAcs,
  ThreeDsError,
} from "@enabling-card/acs";
import { IsoCaller, lineKeys, ServiceCaller, ServiceError, ServiceRefusal, serviceKeys } from "@enabling-card/doors";
import {
  type Account,
  type CountedGrant,
  ProcessorError,
  type ProcessorService,
  type ProcessorServiceOptions,
  type Resolved,
  type SealedGrant,
  startProcessor,
} from "@enabling-card/processor";
import type { Master } from "@enabling-card/vault";
import { Channel } from "@enabling-card/wire";
import { asAcs, asProcessors, domainOf } from "./services.js";
import type { Authenticating } from "./watch.js";

/** Another service: where it is, and the 32 octets that it and this one have, and no other. */
export interface Peer {
  /** Where its `/v1` is. */
  readonly url: string;
  readonly secret: Master;
}

export interface ProcessorApartOptions
  extends Omit<
    ProcessorServiceOptions,
    "route" | "findAccount" | "lockToken" | "issueCode" | "domain" | "acs" | "onResult"
  > {
  /** And its door for processors. */
  readonly issuer: Peer & { readonly line: { readonly host: string; readonly port: number } };
  readonly acs: Peer;
  /** As `startNetwork`'s. */
  readonly onAuthentication?: (from: "processor" | "acs", to: "processor" | "acs", message: Authenticating) => void;
}

/** Opens a processor whose issuer and access control server are other processes, there already or not. @throws what `startProcessor` throws */
export async function startProcessorApart(options: ProcessorApartOptions): Promise<ProcessorService> {
  const { issuer, acs, now, onFault, onAuthentication: tell = () => undefined } = options;
  const shared = { ...(now && { now }), ...(onFault && { onFault }) };
  const line = new IsoCaller({ ...shared, ...issuer.line, keys: lineKeys(issuer.secret) });
  const atIssuer = new ServiceCaller({
    ...shared,
    url: issuer.url,
    keys: serviceKeys(issuer.secret, "processor", "issuer"),
  });
  const keys = serviceKeys(acs.secret, "processor", "acs");
  const atAcs = new ServiceCaller({ ...shared, url: acs.url, keys, refusal: erroIn });
  const ask = <Answer>(path: string, body: object) =>
    translated(
      atIssuer.ask<Answer>(`/v1/services/${path}`, body),
      asProcessors,
      (cause) => new ProcessorError("ISSUER_UNAVAILABLE", { cause }),
    );
  /** The cryptogram is made of the ATC that the issuer counts, so it is asked twice. */
  const grant = async (request: object, cryptogramOf: (counted: CountedGrant) => Promise<Uint8Array>) => {
    const { counted, atc, expires } = await ask<CountedGrant & { readonly counted: string }>("counts", request);
    const cryptogram = Buffer.from(await cryptogramOf({ atc, expires })).toString("base64url");
    return ask<SealedGrant>("grants", { counted, cryptogram });
  };
  const processor = await startProcessor({
    ...options,
    acs: acs.secret,
    route: (message) => line.ask(message),
    findAccount: ({ cardId, tokenRef, accessKey }) => ask<Account>("accounts", { cardId, tokenRef, accessKey }),
    lockToken: (tokenRef, lock) => ask("failure-locks", { tokenRef, lock }),
    issueCode: ({ number, codeRef, ...request }, cryptogramOf) => {
      const domain = { ...request.domain, channel: Channel.Swipe };
      return grant({ ...request, domain, code: { number, codeRef } }, cryptogramOf);
    },
    domain: {
      resolve: ({ cardId, tokenRef, accessKey }) => ask<Resolved>("tokens", { cardId, tokenRef, accessKey }),
      issueGrant: grant,
      askAcs: async (request: AReq) => {
        tell("processor", "acs", request);
        const unavailable = (cause: ServiceRefusal | ServiceError) =>
          new ProcessorError("ACS_UNAVAILABLE", {
            cause,
            ...(cause instanceof ServiceRefusal && { detail: cause.code }),
          });
        const asked = answered("ARes", atAcs.ask<ARes>("/v1/areq", request), request, (cause) => {
          const code = cause.isTransient ? "ACS_UNAVAILABLE" : "ACS_ERROR";
          return new ProcessorError(code, { cause, detail: cause.message });
        });
        const answer = await translated(asked, unavailable, unavailable);
        tell("acs", "processor", answer);
        return answer;
      },
    },
    onResult: (result, taken) => {
      tell("acs", "processor", result);
      tell("processor", "acs", taken);
    },
  });
  return {
    ...processor,
    close: async () => {
      await processor.close();
      line.close();
    },
  };
}

export interface AcsApartOptions extends Omit<AcsServiceOptions, "domainServer" | "askCard" | "tellResult"> {
  readonly issuer: Peer;
  readonly processor: Peer;
  /** Told of what went wrong on the way to either: a code, never content. */
  readonly onFault?: (code: string) => void;
}

/** Opens an access control server whose issuer and domain server are other processes, there already or not. @throws what `startAcs` throws */
export function startAcsApart(options: AcsApartOptions): Promise<AcsService> {
  const { issuer, processor, now, onFault } = options;
  const shared = { ...(now && { now }), ...(onFault && { onFault }) };
  const atIssuer = new ServiceCaller({ ...shared, url: issuer.url, keys: serviceKeys(issuer.secret, "acs", "issuer") });
  const atProcessor = new ServiceCaller({
    ...{ ...shared, url: processor.url, keys: serviceKeys(processor.secret, "acs", "processor"), refusal: erroIn },
  });
  return startAcs({
    ...options,
    domainServer: processor.secret,
    askCard: (question, answer) => {
      const { cardId, tokenRef, challenge, checkpointSize, account } = question;
      const asked = { cardId, tokenRef, challenge, checkpointSize, account, domain: domainOf(question) };
      const body = { ...asked, answer: Buffer.from(answer).toString("base64url") };
      const unavailable = (cause: ServiceError) => new AcsError("ISSUER_UNAVAILABLE", { cause });
      return translated(atIssuer.ask<SealedGrant>("/v1/services/questions", body), asAcs, unavailable);
    },
    tellResult: (result) =>
      answered("RRes", atProcessor.ask<RRes>("/v1/rreq", result), result, (cause) =>
        cause.isTransient ? cause : new AcsError("DOMAIN_SERVER_ERROR", { cause, detail: cause.message }),
      ),
  });
}

/** A message of 3-D Secure that answers `asked`; another server's Erro, or an answer that is none, in the asker's words. */
async function answered<Answer extends object>(
  type: "ARes" | "RRes",
  answer: Promise<Answer>,
  asked: { readonly threeDSServerTransID: string; readonly acsTransID?: string },
  refused: (cause: ThreeDsError) => Error,
): Promise<Answer> {
  try {
    return checkedAnswer(type, await answer, asked);
  } catch (cause) {
    throw cause instanceof ThreeDsError ? refused(cause) : cause;
  }
}

/** What `asked` answers; another service's no, and a service that is not there, in the asker's words. */
async function translated<T>(
  asked: Promise<T>,
  refused: (cause: ServiceRefusal) => Error,
  unreachable: (cause: ServiceError) => Error,
): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof ServiceRefusal) throw refused(cause);
    throw cause instanceof ServiceError ? unreachable(cause) : cause;
  }
}
