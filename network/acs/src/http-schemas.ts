// The messages as JSON schemas: names and sizes of EMV 3-D Secure 2.2.0, table A.1. Nothing unnamed comes in, and nothing unnamed goes out.

import { answers, object, out, whole } from "@enabling-card/doors";
import { EXTENSION, MESSAGE_VERSION } from "./messages.js";

const fixed = (value: string) => ({ type: "string", const: value }) as const;
const digits = (least: number, most = least) => ({ type: "string", pattern: `^[0-9]{${least},${most}}$` }) as const;
const text = (maxLength: number) => ({ type: "string", pattern: "^[ -~]+$", maxLength }) as const;
const octets = (size: number) => {
  const length = Math.ceil((size * 4) / 3);
  return { type: "string", pattern: "^[A-Za-z0-9_-]+$", minLength: length, maxLength: length } as const;
};
/** RFC 4122: 36 characters. */
const TRANS_ID = { type: "string", pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" } as const;

const CARD = object({
  cardId: octets(16),
  tokenRef: octets(16),
  challenge: octets(16),
  checkpointSize: whole(0, 0xffff_ffff),
});
const extension = (data: object) =>
  ({
    type: "array",
    minItems: 1,
    maxItems: 1,
    items: object({
      ...{
        name: fixed(EXTENSION.name),
        id: fixed(EXTENSION.id),
        criticalityIndicator: { type: "boolean", const: true },
      },
      data,
    }),
  }) as const;

export const REQUESTS = {
  aReq: object(
    {
      ...{ messageType: fixed("AReq"), messageVersion: fixed(MESSAGE_VERSION), threeDSServerTransID: TRANS_ID },
      ...{ messageCategory: fixed("01"), deviceChannel: fixed("01"), threeDSRequestorName: text(32) },
      ...{ acctNumber: digits(13, 19), cardExpiryDate: digits(4), merchantName: text(40), mcc: digits(4) },
      ...{ merchantCountryCode: digits(3), purchaseCurrency: digits(3), purchaseExponent: digits(1) },
      // Up to 48 digits there; up to what DE 4 can say here.
      purchaseAmount: { type: "string", pattern: "^(0|[1-9][0-9]{0,11})$" },
      messageExtension: extension(CARD),
    },
    ["mcc"],
  ),
  cReq: object({
    ...{ messageType: fixed("CReq"), messageVersion: fixed(MESSAGE_VERSION), threeDSServerTransID: TRANS_ID },
    ...{ acsTransID: TRANS_ID, challengeDataEntry: octets(8) },
  }),
} as const;

const NAMED = { messageType: out, messageVersion: out, threeDSServerTransID: out, acsTransID: out } as const;
const QUESTION = object({ sealed: out, issuerCert: out, receipt: out, consistency: { type: ["string", "null"] } });
const SAID = { name: out, id: out, criticalityIndicator: { type: "boolean" } } as const;

export const ANSWERS = {
  health: answers({ ok: { type: "boolean" } }),
  aRes: answers(
    {
      ...{ ...NAMED, transStatus: out, transStatusReason: out, cardholderInfo: out, acsURL: out },
      ...{ acsChallengeMandated: out, authenticationType: out },
      messageExtension: { type: "array", items: object({ ...SAID, data: QUESTION }) },
    },
    ["transStatusReason", "cardholderInfo", "acsURL", "acsChallengeMandated", "authenticationType", "messageExtension"],
  ),
  cRes: answers({ ...NAMED, challengeCompletionInd: out, transStatus: out }, ["transStatus"]),
} as const;
