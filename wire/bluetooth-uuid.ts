// Our UUIDs as text, for whoever asks a platform's stack for them. The numbers are bluetooth.ts's.

import {
  UUID_WORD_0,
  UUID_WORD_1,
  UUID_WORD_2,
  UUID_WORD_3,
  UUID_WORD_4,
  UUID_WORD_5,
  UUID_WORD_7,
} from "./bluetooth.js";

/** The UUID of a number of ours, as RFC 9562 writes it: lower case, with dashes. */
export function cardUuid(number: number): string {
  const word = (value: number) => value.toString(16).padStart(4, "0");
  const [w7, n, w5, w4, w3, w2, w1, w0] = [
    UUID_WORD_7,
    number,
    UUID_WORD_5,
    UUID_WORD_4,
    UUID_WORD_3,
    UUID_WORD_2,
    UUID_WORD_1,
    UUID_WORD_0,
  ].map(word);
  return `${w7}${n}-${w5}-${w4}-${w3}-${w2}${w1}${w0}`;
}
