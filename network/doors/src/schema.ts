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
export const REFUSAL = object({ code: out, message: out });

/** By what is answered; every refusal has one form. */
export function answers(properties: object, optional: readonly string[] = []) {
  return { 200: object(properties, optional), "4xx": REFUSAL, "5xx": REFUSAL } as const;
}

const IDEMPOTENCY_KEY = { "idempotency-key": { type: "string", pattern: "^[!-~]{8,64}$" } } as const;
/** Headers of a request that may come again (draft-ietf-httpapi-idempotency-key-header): 8 to 64 printable characters, chosen by who asks. */
export const REPEATABLE = { type: "object", properties: IDEMPOTENCY_KEY } as const;
/** Of one that may come in no other way. */
export const IDEMPOTENT = { ...REPEATABLE, required: ["idempotency-key"] } as const;
