// base64url without padding (RFC 4648 5), as the issuer's JSON carries octets.

import { fromBase64, toBase64 } from "../base64.js";

export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws RangeError where `text` is not base64url. */
export function fromBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new RangeError("Not base64url");
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
