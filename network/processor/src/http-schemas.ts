// What the processor's API takes and gives, as JSON schemas: nothing unnamed comes in, and nothing unnamed goes out.

import { erroAnswers, extensionSchema, fieldSchemas, headSchemas } from "@enabling-card/acs";
import { answers, BY_ACCESS_KEY, OF_SERVICE, OPEN, object, out, whole, words } from "@enabling-card/doors";

/** Octets as base64url (RFC 4648 5), without padding: so many. */
const octets = (size: number) => {
  const length = Math.ceil((size * 4) / 3);
  return { type: "string", pattern: "^[A-Za-z0-9_-]+$", minLength: length, maxLength: length } as const;
};

const ID = octets(16);
/** Of whoever names what may not be there. */
const NAME = { type: "string", pattern: "^[!-~]{1,64}$" } as const;
const CODE = { type: "string", pattern: "^[0-9]{16}$" } as const;
const CURRENCY = { type: "string", pattern: "^[0-9]{3}$" } as const;
/** DE 42 without the blanks that fill it. */
const PROVIDER = { type: "string", pattern: "^[!-~]([ -~]{0,13}[!-~])?$" } as const;
/** Up to the highest amount that DE 4 can say. */
const AMOUNT = whole(1, 999_999_999_999);
const SECONDS = whole(0, 0xffff_ffff);

export const REQUESTS = {
  device: object({ cardId: ID, tokenRef: ID, key: octets(16) }),
  code: object(
    {
      ...{ cardId: ID, tokenRef: ID, device: ID, provider: PROVIDER, maxCost: AMOUNT, currency: CURRENCY },
      ...{ notBefore: SECONDS, lifeS: SECONDS },
    },
    ["notBefore"],
  ),
  cardCode: object({
    ...{ cardId: ID, tokenRef: ID, challenge: ID, checkpointSize: whole(0, 0xffff_ffff), provider: PROVIDER },
    ...{ maxCost: AMOUNT, currency: CURRENCY, country: whole(0, 999) },
  }),
  authentication: object(
    {
      ...{ cardId: ID, tokenRef: ID, challenge: ID, checkpointSize: whole(0, 0xffff_ffff) },
      ...{ requestor: { type: "string", pattern: "^[!-~]([ -~]{0,30}[!-~])?$" }, merchant: PROVIDER },
      ...{ mcc: whole(0, 9999), channel: whole(0, 1), country: whole(0, 999), currency: CURRENCY, amount: AMOUNT },
    },
    ["mcc"],
  ),
  domainGrant: object({
    ...{ cardId: ID, tokenRef: ID, challenge: ID, checkpointSize: whole(0, 0xffff_ffff) },
    ...fieldSchemas("threeDSServerTransID"),
  }),
  /** RReq: a yes has its CAVV, and its number. */
  result: {
    ...object(
      {
        ...headSchemas("RReq"),
        ...fieldSchemas("messageCategory", "threeDSServerTransID", "acsTransID", "transStatusReason", "eci"),
        ...fieldSchemas("authenticationValue"),
        transStatus: { type: "string", enum: ["Y", "N", "U", "A", "R"] },
        messageExtension: extensionSchema(object({ atn: ID })),
      },
      ["transStatusReason", "authenticationValue", "messageExtension"],
    ),
    if: { properties: { transStatus: { const: "Y" } }, required: ["transStatus"] },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON schemas (draft 7, 6.6.2)
    then: { required: ["authenticationValue", "messageExtension"] },
  },
  /** Of the path: a store is asked for no other text. */
  ofCode: object({ ref: NAME }),
  ofDevice: object({ device: NAME }),
  /** Of a code or a device that the path names. */
  named: object({ cardId: ID, tokenRef: ID }),
  purchase: object({
    ...{ device: ID, code: CODE, counter: whole(0, 0xffff_ffff), cost: AMOUNT, currency: CURRENCY },
    ...{ provider: PROVIDER, mac: octets(8) },
  }),
} as const;

const SEALED = object({ sealed: out, issuerCert: out, receipt: out, consistency: { type: ["string", "null"] } });
const REMOTE = object({ token: out, expiry: out, atc: { type: "integer" }, drc: out, cavv: out });

/** What each route is for, and what is to be shown there. */
export const ROUTES = {
  health: words(OF_SERVICE, "Whether it works, and its store keeps what it is told", OPEN),
  device: words(
    "devices",
    "Registers a device of the card's holder, by the key that it shows codes with",
    BY_ACCESS_KEY,
  ),
  removeDevice: words("devices", "Removes a device: its open codes pay nothing any more", BY_ACCESS_KEY),
  code: words("codes", "A code for one purchase by a device", BY_ACCESS_KEY),
  codeState: words("codes", "What became of a code", BY_ACCESS_KEY),
  cancelCode: words("codes", "Ends a code that was not used", BY_ACCESS_KEY),
  cardCode: words("codes", "A code that the card itself swipes, in a sealed grant", BY_ACCESS_KEY),
  purchase: words("devices", "A device presents its code", OPEN, "Its MAC, by the device's key, is in the body."),
  authentication: words("domains", "Has a card's user asked for a payment (system 4)", BY_ACCESS_KEY),
  domainGrant: words("domains", "The grant of an authentication that was answered", BY_ACCESS_KEY),
  result: words("3-D Secure", "What an authentication came to (RReq, RRes)"),
} as const;

/** By what is answered; every refusal has one form. */
export const ANSWERS = {
  health: answers({ ok: { type: "boolean" } }),
  device: answers({ device: out }),
  code: answers({ code: out, codeRef: out, expires: { type: "integer" } }),
  cardCode: answers({ codeRef: out, expires: { type: "integer" }, grant: SEALED }),
  authentication: answers({ threeDSServerTransID: out, acsTransID: out, acsURL: out, question: SEALED }),
  domainGrant: answers({ eci: out, grant: SEALED, atc: { type: "integer" }, remote: REMOTE }, [
    "grant",
    "atc",
    "remote",
  ]),
  result: {
    ...answers({
      ...{ messageType: out, messageVersion: out, threeDSServerTransID: out, acsTransID: out, resultsStatus: out },
    }),
    ...erroAnswers({ own: false }),
  },
  codeState: answers({ state: { type: "string", enum: ["open", "used", "cancelled", "expired"] } }),
  purchase: answers({ approved: { type: "boolean" }, responseCode: out, ourCode: out, authCode: out }, [
    "ourCode",
    "authCode",
  ]),
} as const;
