// What other services ask of the issuer over HTTP, where they are processes of their own: the processor for accounts and for grants whose cryptogram it
// makes, the access control server for questions to a card. Signed by them (doors), octets as base64url.

import { answers, object, out, serviceKeys, signedRoutes, whole, words } from "@enabling-card/doors";
import type { Master } from "@enabling-card/vault";
import { type Domain, toHex } from "@enabling-card/wire";
import type { FastifyInstance } from "fastify";
import type { GrantBundle } from "./evidence.js";
import type { GrantRequest } from "./grant-request.js";
import { DOMAIN } from "./http-schemas.js";
import { decode64, encode64, evidenceJson, repeatOf } from "./http-server.js";
import type { Issuer } from "./issuer.js";

/** 32 octets that the issuer and that service have, and no other. */
export interface ServiceSecrets {
  readonly processor?: Master;
  readonly acs?: Master;
}

interface Named {
  readonly cardId: string;
  readonly tokenRef: string;
  readonly accessKey: string;
}

interface AskedGrant {
  readonly cardId: string;
  readonly tokenRef: string;
  readonly challenge: string;
  readonly checkpointSize: number;
  readonly domain: Domain;
}

interface AskedCode {
  readonly number: string;
  readonly codeRef: string;
}

const octets = (minLength: number, maxLength = minLength) =>
  ({ type: "string", pattern: "^[A-Za-z0-9_-]+$", minLength, maxLength }) as const;
/** 16, 32 and 8 octets. */
const [ID, ACCESS_KEY, CRYPTOGRAM] = [octets(22), octets(43), octets(11)];
const NUMBER = { type: "string", pattern: "^[0-9]{13,19}$" } as const;
const GRANT = { cardId: ID, tokenRef: ID, challenge: ID, checkpointSize: whole(0, 0xffff_ffff), domain: DOMAIN };
const SEALED = { sealed: out, issuerCert: out, receipt: out, consistency: { type: ["string", "null"] } } as const;
const NAMED = object({ cardId: ID, tokenRef: ID, accessKey: ACCESS_KEY });

const REQUESTS = {
  count: object({ ...GRANT, code: object({ number: NUMBER, codeRef: ID }) }, ["code"]),
  make: object({ counted: octets(1, 2048), cryptogram: CRYPTOGRAM }),
  lock: object({ tokenRef: ID, lock: { type: "string", pattern: "^[0-9a-f]{64}$" } }),
  question: object({ ...GRANT, account: NUMBER, answer: CRYPTOGRAM }),
} as const;

const ROUTES = {
  account: words("services", "The account behind a card's token, for codes"),
  token: words("services", "A token and its account, for domains"),
  count: words("services", "Counts a grant whose cryptogram the processor makes"),
  make: words("services", "The grant that was counted"),
  lock: words("services", "Five wrong tries of a token that the processor has seen: suspended for them, once"),
  question: words("services", "A question to a card, for the access control server"),
} as const;

const ANSWERS = {
  account: answers({ pan: out, expiry: out }),
  token: answers({ token: out, account: out, expiry: out }),
  count: answers({ atc: { type: "integer" }, expires: { type: "integer" }, counted: out }),
  grant: answers(SEALED),
  lock: answers({ isHeld: { type: "boolean" } }),
} as const;

export async function serviceRoutes(app: FastifyInstance, issuer: Issuer, secrets: ServiceSecrets): Promise<void> {
  const around = { now: () => issuer.now(), taken: issuer.store.nonces };
  const { processor, acs } = secrets;
  if (processor) {
    await signedRoutes(app, { keys: serviceKeys(processor, "processor", "issuer"), ...around }, (routes) =>
      forProcessor(routes, issuer),
    );
  }
  if (acs) {
    await signedRoutes(app, { keys: serviceKeys(acs, "acs", "issuer"), ...around }, (routes) => forAcs(routes, issuer));
  }
}

function forProcessor(routes: FastifyInstance, issuer: Issuer): void {
  routes.post<{ Body: Named }>(
    "/v1/services/accounts",
    { schema: { ...ROUTES.account, body: NAMED, response: ANSWERS.account } },
    ({ body }) => issuer.account(...namesOf(body)),
  );
  routes.post<{ Body: Named }>(
    "/v1/services/tokens",
    { schema: { ...ROUTES.token, body: NAMED, response: ANSWERS.token } },
    ({ body }) => issuer.resolve(...namesOf(body)),
  );
  routes.post<{ Body: AskedGrant & { code?: AskedCode } }>(
    "/v1/services/counts",
    { schema: { ...ROUTES.count, body: REQUESTS.count, response: ANSWERS.count } },
    async (request) => {
      const { code, ...asked } = request.body;
      const repeat = repeatOf(request, `counts of ${asked.tokenRef}`);
      const kind = { hasOwnCryptogram: false, isOfCode: code !== undefined };
      const counted = await issuer.grants.count(grantOf(asked), kind, repeat);
      const swiped = code && { number: code.number, codeRef: decode64(code.codeRef) };
      const { expires } = counted;
      return { atc: counted.counted.atc, expires, counted: issuer.grants.shown(counted, swiped) };
    },
  );
  routes.post<{ Body: { counted: string; cryptogram: string } }>(
    "/v1/services/grants",
    { schema: { ...ROUTES.make, body: REQUESTS.make, response: ANSWERS.grant } },
    async ({ body }) => grantJson(await issuer.grants.makeOf(body.counted, decode64(body.cryptogram))),
  );
  routes.post<{ Body: { tokenRef: string; lock: string } }>(
    "/v1/services/failure-locks",
    { schema: { ...ROUTES.lock, body: REQUESTS.lock, response: ANSWERS.lock } },
    ({ body }) => issuer.lockForFailures(toHex(decode64(body.tokenRef)), body.lock),
  );
}

function forAcs(routes: FastifyInstance, issuer: Issuer): void {
  routes.post<{ Body: AskedGrant & { account: string; answer: string } }>(
    "/v1/services/questions",
    { schema: { ...ROUTES.question, body: REQUESTS.question, response: ANSWERS.grant } },
    async (request) => {
      const { account, answer, ...asked } = request.body;
      const wanted = grantOf(asked);
      await issuer.vouch(wanted.cardId, toHex(wanted.tokenRef), account);
      const cryptogramOf = async () => decode64(answer);
      return grantJson(
        await issuer.grant(wanted, { cryptogramOf, repeat: repeatOf(request, `questions of ${asked.tokenRef}`) }),
      );
    },
  );
}

function grantOf({ cardId, tokenRef, challenge, ...rest }: AskedGrant): GrantRequest {
  const named = { cardId: decode64(cardId), tokenRef: decode64(tokenRef), challenge: decode64(challenge) };
  return { ...rest, ...named, maxEmissions: 1, kind: "online" };
}

function namesOf({ cardId, tokenRef, accessKey }: Named): [Uint8Array, Uint8Array, string] {
  return [decode64(cardId), decode64(accessKey), toHex(decode64(tokenRef))];
}

function grantJson({ sealed, atc: _, ...evidence }: GrantBundle) {
  return { sealed: encode64(sealed), ...evidenceJson(evidence) };
}
