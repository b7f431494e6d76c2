// Messages for property tests: any legal value of any subset of the table.
import fc from "fast-check";
import { DATA_ELEMENTS, type De, type Fields, fieldSpec, type Message } from "../src/index.js";

/** Characters by format. */
export const SETS = {
  n: "0123456789",
  an: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ",
  ans: Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join(""),
  z: "0123456789=D",
};

/** Any legal value of one data element. */
export function value(de: De, sets = SETS): fc.Arbitrary<string | Uint8Array> {
  const { format, length, max, pattern } = fieldSpec(de)!;
  if (pattern !== undefined) return fc.date({ noInvalidDate: true }).map((date) => timeOf(date, de));
  const minLength = length === "fixed" ? max : 1;
  if (format === "b") return fc.uint8Array({ minLength, maxLength: max });
  return fc.string({ unit: fc.constantFrom(...sets[format]), minLength, maxLength: max, size: "max" });
}

/** Of DE 7, MMDDhhmmss, its last digits; of DE 13 its first. */
function timeOf(date: Date, de: De): string {
  const digits = date.toISOString().replace(/^.*?(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\..*$/, "$1$2$3$4$5");
  return de === 13 ? digits.slice(0, 4) : digits.slice(-fieldSpec(de)!.max);
}

/** Any legal message, restricted to `elements`. */
export function message(elements: readonly De[] = DATA_ELEMENTS, sets = SETS): fc.Arbitrary<Message> {
  const model = Object.fromEntries(elements.map((de) => [de, value(de, sets)]));
  return fc.record({
    mti: fc.string({ unit: fc.constantFrom(...SETS.n), minLength: 4, maxLength: 4 }),
    fields: fc.record(model, { requiredKeys: [] }).map((fields) => ({ ...fields }) as Fields),
  });
}
