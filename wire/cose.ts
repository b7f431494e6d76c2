// COSE_Sign1 with Ed25519 (RFC 9052 4.2 and 4.4, RFC 9053 2.2): the bytes to sign, the envelope, its parts.
// Signing and verifying are the caller's: this room holds no keys and no curve.

import { Tag } from "cbor2";
import { utf8 } from "./bytes.js";
import { asArray, asBytes, asMap, type CborValue, cborDecode, cborEncode, cborTag } from "./cbor.js";
import { WireError } from "./errors.js";
import { Cose } from "./labels.js";

/** What a signature is about: external_aad of its Sig_structure. */
export const AAD = {
  grant: "ecard/1 grant",
  state: "ecard/1 state",
  certificate: "ecard/1 certificate",
} as const;

export type Aad = (typeof AAD)[keyof typeof AAD];

export interface Sign1 {
  readonly kid: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** The octets the signature covers. */
  readonly toBeSigned: Uint8Array;
}

/** Makes a tagged COSE_Sign1; `sign` returns the 64-octet Ed25519 signature of what it is given. */
export function encodeSign1(
  payload: Uint8Array,
  kid: Uint8Array,
  aad: Aad,
  sign: (toBeSigned: Uint8Array) => Uint8Array,
): Uint8Array {
  const header = protectedHeader(kid);
  const signature = sign(sigStructure(header, aad, payload));
  return cborEncode(cborTag(Cose.Sign1Tag, [header, new Map<number, CborValue>(), payload, signature]));
}

/**
 * Takes a tagged COSE_Sign1 apart. Accepts only our profile: alg EdDSA and a kid, both protected, nothing unprotected.
 *
 * @throws {WireError} `SIGN1_MALFORMED`
 */
export function decodeSign1(bytes: Uint8Array, aad: Aad): Sign1 {
  try {
    const item = cborDecode(bytes);
    if (!(item instanceof Tag) || item.tag !== Cose.Sign1Tag) throw new Error("not tagged 18");
    const [header, unprotected, payload, signature] = asArray(item.contents as CborValue, "COSE_Sign1", 4, 4);
    const headerBytes = asBytes(header, "protected header");
    const labels = asMap(cborDecode(headerBytes), "protected header");
    if (labels.size !== 2 || labels.get(Cose.Alg) !== Cose.EdDSA) throw new Error("alg is not EdDSA");
    if (asMap(unprotected, "unprotected header").size !== 0) throw new Error("unprotected header is not empty");
    return {
      kid: asBytes(labels.get(Cose.Kid), "kid"),
      payload: asBytes(payload, "payload"),
      signature: asBytes(signature, "signature", 64),
      toBeSigned: sigStructure(headerBytes, aad, asBytes(payload, "payload")),
    };
  } catch (cause) {
    throw new WireError("SIGN1_MALFORMED", "These bytes are not a COSE_Sign1 of this protocol", { cause });
  }
}

function protectedHeader(kid: Uint8Array): Uint8Array {
  return cborEncode(
    new Map<number, CborValue>([
      [Cose.Alg, Cose.EdDSA],
      [Cose.Kid, kid],
    ]),
  );
}

/** RFC 9052 4.4 */
function sigStructure(header: Uint8Array, aad: Aad, payload: Uint8Array): Uint8Array {
  return cborEncode(["Signature1", header, utf8(aad), payload]);
}
