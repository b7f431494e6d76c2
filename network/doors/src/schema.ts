// Words of JSON schemas that every service's API is written in: nothing unnamed comes in, and nothing unnamed goes out (rule 10).

export const whole = (minimum: number, maximum: number) => ({ type: "integer", minimum, maximum }) as const;

/** All of `properties` are required but `optional`, and no others are known. */
export const object = (properties: object, optional: readonly string[] = []) =>
  ({
    type: "object",
    additionalProperties: false,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    properties,
  }) as const;

export const out = { type: "string" } as const;
export const REFUSAL = { ...object({ code: out, message: out }), description: "Refused" } as const;

/** By what is answered; every refusal has one form. */
export function answers(properties: object, optional: readonly string[] = []) {
  return { 200: { ...object(properties, optional), description: "Done" }, "4xx": REFUSAL, "5xx": REFUSAL } as const;
}

/**
 * Headers of a request that moves state (draft-ietf-httpapi-idempotency-key-header, 2): 8 to 64 printable characters, chosen by who asks. Without them it is
 * refused: an answer can be lost, and whoever asks again would do it twice.
 */
export const IDEMPOTENT = {
  type: "object",
  properties: {
    "idempotency-key": { type: "string", pattern: "^[!-~]{8,64}$", description: "another for each new request" },
  },
  required: ["idempotency-key"],
} as const;
