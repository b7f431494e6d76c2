// UUIDs as text, for whoever asks a platform's stack for them. The numbers are bluetooth.ts's.

import {
  UUID_WORD_0,
  UUID_WORD_1,
  UUID_WORD_2,
  UUID_WORD_3,
  UUID_WORD_4,
  UUID_WORD_5,
  UUID_WORD_7,
} from "./bluetooth.js";

/** SMP's service and its one characteristic, as mcumgr's clients know them (Zephyr's "SMP Transport Specification"). */
export const SMP_SERVICE_UUID = "8d53dc1d-1db7-4cd3-868b-8a527460aa84";
export const SMP_CHARACTERISTIC_UUID = "da2e7828-fbce-4e01-ae9e-261174997c48";

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
