// How a device shows that a code is in its hands: AES-CMAC (RFC 4493) under the key that it registered with.

import { timingSafeEqual } from "node:crypto";
import { aesCmac } from "@enabling-card/vault";

export const DEVICE_KEY_SIZE = 16;
const MAC_SIZE = 8;
const DIGITS = 8;

/** What a device asks for over HTTP. */
export interface DevicePurchase {
  readonly code: string;
  /** Of its purchases, rising: the same one again is the same purchase. */
  readonly counter: number;
  /** In hundredths of the currency. */
  readonly cost: number;
  readonly currency: string;
  readonly provider: string;
}

/** Eight octets over all that the device asks for. */
export function purchaseMac(key: Uint8Array, { code, counter, cost, currency, provider }: DevicePurchase): Uint8Array {
  const text = ["ecard/1 purchase", code, counter, cost, currency, provider].join("|");
  return aesCmac(key, Buffer.from(text)).slice(0, MAC_SIZE);
}

/** The eight digits behind the ATC on a stripe that holds a code: the MAC of code and ATC as a number mod 10^8. @param atcDigits - ATC mod 10^4 */
export function stripeMac(key: Uint8Array, code: string, atcDigits: number): string {
  const number = Buffer.from(stripeCryptogram(key, code, atcDigits)).readBigUInt64BE(0);
  return String(number % 10n ** BigInt(DIGITS)).padStart(DIGITS, "0");
}

/** The MAC that those digits are of, 8 octets: the cryptogram of a grant that carries a code to a card. */
export function stripeCryptogram(key: Uint8Array, code: string, atcDigits: number): Uint8Array {
  return aesCmac(key, Buffer.from(["ecard/1 stripe", code, atcDigits].join("|"))).slice(0, MAC_SIZE);
}

/** In a time that depends on the lengths alone. */
export function equalMac(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const [x, y] = [Buffer.from(a as string), Buffer.from(b as string)];
  return x.length === y.length && timingSafeEqual(x, y);
}
