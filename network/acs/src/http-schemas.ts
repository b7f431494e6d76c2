// The messages as JSON schemas, of the elements in fields.ts. Nothing unnamed comes in, and nothing unnamed goes out.

import { answers, object, out, whole } from "@enabling-card/doors";
import { erroAnswers } from "./error-message.js";
import { extensionSchema, fieldSchemas, headSchemas } from "./fields.js";

const octets = (size: number) => {
  const length = Math.ceil((size * 4) / 3);
  return { type: "string", pattern: "^[A-Za-z0-9_-]+$", minLength: length, maxLength: length } as const;
};

const CARD = object({
  cardId: octets(16),
  tokenRef: octets(16),
  challenge: octets(16),
  checkpointSize: whole(0, 0xffff_ffff),
});

export const REQUESTS = {
  aReq: object(
    {
      ...headSchemas("AReq"),
      ...fieldSchemas("threeDSServerTransID", "messageCategory", "deviceChannel", "threeDSRequestorName", "acctNumber"),
      ...fieldSchemas("cardExpiryDate", "merchantName", "mcc", "merchantCountryCode", "purchaseAmount"),
      ...fieldSchemas("purchaseCurrency", "purchaseExponent"),
      messageExtension: extensionSchema(CARD),
    },
    ["mcc"],
  ),
  cReq: object({
    ...headSchemas("CReq"),
    ...fieldSchemas("threeDSServerTransID", "acsTransID", "challengeDataEntry"),
  }),
} as const;

const NAMED = { messageType: out, messageVersion: out, threeDSServerTransID: out, acsTransID: out } as const;
const QUESTION = object({ sealed: out, issuerCert: out, receipt: out, consistency: { type: ["string", "null"] } });
const SAID = { name: out, id: out, criticalityIndicator: { type: "boolean" } } as const;

export const ANSWERS = {
  health: answers({ ok: { type: "boolean" } }),
  aRes: {
    ...answers(
      {
        ...{ ...NAMED, transStatus: out, transStatusReason: out, cardholderInfo: out, acsURL: out },
        ...{ acsChallengeMandated: out, authenticationType: out },
        messageExtension: { type: "array", items: object({ ...SAID, data: QUESTION }) },
      },
      [
        "transStatusReason",
        "cardholderInfo",
        "acsURL",
        "acsChallengeMandated",
        "authenticationType",
        "messageExtension",
      ],
    ),
    ...erroAnswers({ own: false }),
  },
  cRes: {
    ...answers({ ...NAMED, challengeCompletionInd: out, transStatus: out }, ["transStatus"]),
    ...erroAnswers({ own: true }),
  },
} as const;
