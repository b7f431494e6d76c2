// Elements of the messages, each by the size and characters of EMV 3-D Secure 2.2.0, table A.1; where this network takes less than that, it says so. They
// were compared with a public transcript of that table's forms, 3dsecure.io's reference of its API for 2.2.0 (docs.3dsecure.io/3dsv2, AReq and ARes): account
// number, exponent, status and its reason, cardholder's information, CAVV, ECI, whether a challenge is mandated, both transactions' names. The others
// (names of requestor and merchant, MCC, amount, currency, addresses, what is entered, result's status) were not to be had in it, and stand as they were.

import { EXTENSION, MESSAGE_VERSION } from "./messages.js";

/** RFC 4122: 36 characters. */
const TRANS_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const FIELDS = {
  threeDSServerTransID: TRANS_ID,
  acsTransID: TRANS_ID,
  /** App-based; payment. */
  deviceChannel: /^01$/,
  messageCategory: /^01$/,
  /** Up to 40 characters there; here as many as the card shows of a requestor. */
  threeDSRequestorName: /^[ -~]{1,32}$/,
  acctNumber: /^[0-9]{13,19}$/,
  cardExpiryDate: /^[0-9]{2}(0[1-9]|1[0-2])$/,
  merchantName: /^[ -~]{1,40}$/,
  mcc: /^[0-9]{4}$/,
  merchantCountryCode: /^[0-9]{3}$/,
  /** Up to 48 digits there; up to what DE 4 can say here. */
  purchaseAmount: /^(0|[1-9][0-9]{0,11})$/,
  purchaseCurrency: /^[0-9]{3}$/,
  purchaseExponent: /^[0-9]$/,
  /** All that an ARes may say there: of what is not C this network makes a refusal. */
  transStatus: /^[YNUACDRI]$/,
  /** 27 to 79 are reserved. */
  transStatusReason: /^(0[1-9]|1[0-9]|2[0-6]|[89][0-9])$/,
  cardholderInfo: /^[\s\S]{1,128}$/,
  acsURL: /^https?:\/\/[!-~]{1,2040}$/,
  acsChallengeMandated: /^[YN]$/,
  authenticationType: /^0[1-4]$/,
  /** Up to 45 characters there; here 8 octets as base64url. */
  challengeDataEntry: /^[A-Za-z0-9_-]{11}$/,
  challengeCompletionInd: /^[YN]$/,
  /** Up to two characters there, each payment system's own; here two digits. */
  eci: /^[0-9]{2}$/,
  /** 20 octets as base64. */
  authenticationValue: /^[A-Za-z0-9+/]{27}=$/,
  resultsStatus: /^0[1-3]$/,
} as const satisfies Record<string, RegExp>;

export type Field = keyof typeof FIELDS;

/** JSON schemas of elements. */
export function fieldSchemas(...names: readonly Field[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { type: "string", pattern: FIELDS[name].source }]));
}

const fixed = (value: string) => ({ type: "string", const: value }) as const;

/** What a message begins with. */
export function headSchemas(messageType: string): Record<string, object> {
  return { messageType: fixed(messageType), messageVersion: fixed(MESSAGE_VERSION) };
}

/** Our extension, and no other. @param data - Schema of what is in it */
export function extensionSchema(data: object): object {
  const properties = {
    ...{ name: fixed(EXTENSION.name), id: fixed(EXTENSION.id) },
    ...{ criticalityIndicator: { type: "boolean", const: true }, data },
  };
  const items = { type: "object", additionalProperties: false, required: Object.keys(properties), properties };
  return { type: "array", minItems: 1, maxItems: 1, items };
}

/** What must be in an answer of another server, and what may. */
const ANSWERS: Record<AnswerType, readonly [required: readonly Field[], optional: readonly Field[]]> = {
  ARes: [
    ["threeDSServerTransID", "acsTransID", "transStatus"],
    ["transStatusReason", "cardholderInfo", "acsURL", "acsChallengeMandated", "authenticationType"],
  ],
  RRes: [["threeDSServerTransID", "acsTransID", "resultsStatus"], []],
};
export type AnswerType = "ARes" | "RRes";
/** Error code of the standard, and what it is of: names, never a value. */
export type Fault = readonly [errorCode: "101" | "102" | "201" | "202" | "203" | "301", detail: string];

/** What is wrong with an answer, if anything is. @param asked - What it answers */
export function answerFault(
  type: AnswerType,
  answer: Readonly<Record<string, unknown>>,
  asked: { readonly threeDSServerTransID: string; readonly acsTransID?: string },
): Fault | undefined {
  if (answer.messageType !== type) return ["101", "messageType"];
  if (answer.messageVersion !== MESSAGE_VERSION) return ["102", MESSAGE_VERSION];
  const [required, optional] = ANSWERS[type];
  const missing = required.filter((name) => answer[name] === undefined);
  if (missing.length > 0) return ["201", missing.join(", ")];
  const wrong = [...required, ...optional].filter((name) => {
    const value = answer[name];
    return value !== undefined && !(typeof value === "string" && FIELDS[name].test(value));
  });
  if (wrong.length > 0) return ["203", wrong.join(", ")];
  const others = (["threeDSServerTransID", "acsTransID"] as const).filter(
    (name) => asked[name] !== undefined && asked[name] !== answer[name],
  );
  return others.length > 0 ? ["301", others.join(", ")] : undefined;
}
