// How the issuer's operator, and the requestor that tokens are made for, suspend and resume them (system 3): over HTTP, signed by whom it is (doors). What each
// may do is the table of transitions' (wire).

import { answers, object, out, serviceKeys, signedRoutes, words } from "@enabling-card/doors";
import type { Master } from "@enabling-card/vault";
import { STATE_NAMES, type StateActor, TOKEN_REF_SIZE, toHex } from "@enabling-card/wire";
import type { FastifyInstance } from "fastify";
import { decode64, encode64, repeatOf } from "./http-server.js";
import type { Issuer } from "./issuer.js";
import { cardIn, tokenIn } from "./kept-rows.js";
import type { TokenRow } from "./store.js";
import { moveToken } from "./token-moves.js";
import { ASKED_STATES, type AskedState, standingOf } from "./token-state.js";

/** 32 octets that the issuer and each of them has. */
export interface DeskSecrets {
  readonly operator?: Master;
  readonly requestor?: Master;
}

/** 16 octets. */
const ID = { type: "string", pattern: "^[A-Za-z0-9_-]{22}$" } as const;
const TOKEN = {
  tokenRef: out,
  last4: out,
  state: out,
  heldBy: { type: "array", items: out },
  version: { type: "integer" },
};
const REQUESTS = {
  tokens: object({ cardId: ID }),
  state: object({ tokenRef: ID, state: { type: "string", enum: Object.keys(ASKED_STATES) } }),
} as const;
const ANSWERS = {
  tokens: answers({ tokens: { type: "array", items: object(TOKEN) } }),
  token: answers(TOKEN),
} as const;

export async function operatorRoutes(app: FastifyInstance, issuer: Issuer, secrets: DeskSecrets): Promise<void> {
  const around = { now: () => issuer.now(), taken: issuer.store.nonces };
  const desks = [
    ["operator", "issuer", secrets.operator],
    ["requestor", "requestor", secrets.requestor],
  ] as const;
  for (const [who, actor, secret] of desks) {
    if (secret === undefined) continue;
    const keys = serviceKeys(secret, who, "issuer");
    await signedRoutes(app, { keys, ...around }, (routes) => forDesk(routes, issuer, who, actor));
  }
}

function forDesk(routes: FastifyInstance, issuer: Issuer, who: string, actor: StateActor): void {
  routes.post<{ Body: { cardId: string } }>(
    `/v1/${who}/tokens`,
    {
      schema: { ...words(who, "A card's tokens, and how they stand"), body: REQUESTS.tokens, response: ANSWERS.tokens },
    },
    async ({ body }) => {
      const { card_id } = await cardIn(issuer.store, decode64(body.cardId));
      return { tokens: (await issuer.store.tokensOf(card_id)).map(tokenJson) };
    },
  );
  routes.post<{ Body: { tokenRef: string; state: AskedState } }>(
    `/v1/${who}/states`,
    { schema: { ...words(who, "Suspends, resumes or ends a token"), body: REQUESTS.state, response: ANSWERS.token } },
    (request) => {
      const ref = toHex(decode64(request.body.tokenRef, TOKEN_REF_SIZE));
      return issuer.store.atomically((kept) =>
        issuer.once.within(kept.answers, repeatOf(request, `${who} of ${ref}`), async () => {
          await moveToken(kept, await tokenIn(kept, ref), ASKED_STATES[request.body.state], actor);
          return tokenJson(await tokenIn(kept, ref));
        }),
      );
    },
  );
}

function tokenJson(row: TokenRow) {
  const { state, holds } = standingOf(row);
  const tokenRef = encode64(Buffer.from(row.token_ref, "hex"));
  return { tokenRef, last4: row.last4, state: STATE_NAMES[state], heldBy: [...holds], version: row.version };
}
