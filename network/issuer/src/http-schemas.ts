// What the phones' API takes and gives, as JSON schemas: nothing unnamed comes in, and nothing unnamed goes out (rule 10).

import { answers, BY_ACCESS_KEY, OF_SERVICE, OPEN, object, out, REFUSAL, whole, words } from "@enabling-card/doors";
import { AMOUNT_MAX } from "./domain.js";

/** Octets as base64url (RFC 4648 5), without padding. */
const octets = (maxLength: number) =>
  ({ type: "string", pattern: "^[A-Za-z0-9_-]+$", minLength: 1, maxLength }) as const;
const text = (maxLength: number) => ({ type: "string", minLength: 1, maxLength }) as const;

const ID = octets(32);
const SIZE = whole(0, 0xffff_ffff);

export const DOMAIN = object(
  {
    requestor: text(32),
    merchant: text(40),
    mcc: whole(0, 9999),
    channel: whole(0, 1),
    country: whole(0, 999),
    maxAmount: whole(0, AMOUNT_MAX),
  },
  ["merchant", "mcc"],
);

/** What every grant is asked for with, beside whose it is. */
export const ASKED = { challenge: ID, checkpointSize: SIZE, domain: DOMAIN, maxEmissions: whole(1, 3) } as const;

export const REQUESTS = {
  enrol: object({ certificate: octets(600), phoneName: text(64) }),
  mint: object({ cardId: ID, holderName: text(64), offline: { type: "boolean" }, domainOnly: { type: "boolean" } }, [
    "offline",
    "domainOnly",
  ]),
  grant: object(
    {
      cardId: ID,
      tokenRef: ID,
      ...ASKED,
      kind: { type: "string", enum: ["online", "offline"] },
    },
    ["challenge"],
  ),
  closure: object({ cardId: ID }),
  /** Of the path. */
  closed: object({ ref: ID, atc: { type: "string", pattern: "^[1-9][0-9]{0,9}$" } }),
  receipt: object({ cardId: ID, checkpointSize: SIZE, serial: ID }, ["serial"]),
  setState: object(
    {
      cardId: ID,
      checkpointSize: SIZE,
      state: { type: "string", enum: ["active", "suspended", "deactivated"] },
      by: { type: "string", enum: ["cardholder", "PIN lock"] },
    },
    ["by"],
  ),
  registration: object({ cardId: ID }),
  comparison: object({ cardId: ID, registration: ID, nonce: ID }),
  /** A query: text alone. */
  states: object({ cardId: ID }),
  state: object({ cardId: ID, checkpointSize: { type: "string", pattern: "^[0-9]{1,10}$" } }),
} as const;

export const EVIDENCE = { issuerCert: out, receipt: out, consistency: { type: ["string", "null"] } } as const;

/** Of a route whose answer is a stream of events. */
export const EVENTS = {
  200: {
    description:
      'Server-sent events: event "state", data {"tokenRef","version","state"}; event "lent", data {"tokenRef","id","version"}',
    content: { "text/event-stream": { schema: { type: "string" } } },
  },
  "4xx": REFUSAL,
  "5xx": REFUSAL,
} as const;

/** What each route is for, and what is to be shown there. */
export const ROUTES = {
  health: words(OF_SERVICE, "Whether it works, and its store keeps what it is told", OPEN),
  enrol: words(
    "cards",
    "Enrols a card, once",
    OPEN,
    "The card's certificate, by a maker that this issuer trusts, is in the body.",
  ),
  mint: words("tokens", "A new token of the card", BY_ACCESS_KEY),
  grant: words("grants", "A sealed authorisation of one purchase, for the card alone", BY_ACCESS_KEY),
  closure: words(
    "grants",
    "Closes a grant: what was paid by it, or that nothing was, and never will be",
    BY_ACCESS_KEY,
  ),
  receipt: words("grants", "A newer receipt of the issuer's certificate", BY_ACCESS_KEY),
  setState: words("tokens", "The holder suspends, resumes or ends a token", BY_ACCESS_KEY),
  state: words("tokens", "A token's signed state, for the card", BY_ACCESS_KEY),
  states: words("tokens", "How the card's tokens stand, and each change from then on", BY_ACCESS_KEY),
  registration: words("registration", "Registers a token by this phone", BY_ACCESS_KEY),
  comparison: words("registration", "How a registered token stands, with a cryptogram of it", BY_ACCESS_KEY),
} as const;

/** By what is answered; every refusal has one form. */
export const ANSWERS = {
  health: answers({ ok: { type: "boolean" }, log: { type: "integer" } }),
  enrol: answers({ cardId: out, accessKey: out }),
  mint: answers({ tokenRef: out, iin: out, last4: out, expiry: out }),
  grant: answers({ sealed: out, atc: { type: "integer" }, ...EVIDENCE }),
  closure: answers(
    {
      outcome: { type: "string", enum: ["unused", "approved", "reversed", "declined"] },
      ...{ amount: { type: "integer" }, currency: out, merchant: out, at: { type: "integer" } },
      ...{ authCode: out, decline: out },
    },
    ["amount", "currency", "merchant", "at", "authCode", "decline"],
  ),
  receipt: answers(EVIDENCE),
  registration: answers({ registration: out, key: out }),
  comparison: answers({
    ...{ cardId: out, tokenRef: out, registration: out, nonce: out, version: { type: "integer" }, state: out },
    ...{ heldBy: { type: "array", items: out }, link: out, cryptogram: out },
  }),
  state: answers({ signed: out, version: { type: "integer" }, state: out, ...EVIDENCE }),
} as const;
