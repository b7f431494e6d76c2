// What the phone demands of a card before it trusts it: the maker's signature, the role, the name, the key it just met, the time.

import {
  AAD,
  type CertificateClaims,
  decodeClaims,
  decodeSign1,
  equalBytes,
  Role,
  toBase32,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sdkError } from "../errors.js";

export interface CertificateDemands {
  /** The maker's Ed25519 public key, 32 octets. */
  readonly makerRoot: Uint8Array;
  readonly cardId: Uint8Array;
  /** Static key of the handshake. */
  readonly session: Uint8Array;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Claims of a card, its `pin` and `grant` keys there. */
export type CardClaims = CertificateClaims & {
  readonly keys: { readonly pin: Uint8Array; readonly grant: Uint8Array };
};

/**
 * Checks a card's certificate.
 *
 * @throws {CardError} `CARD_CERTIFICATE_MALFORMED`, `CARD_NOT_GENUINE`, `CARD_CERTIFICATE_ROLE`, `CARD_CERTIFICATE_OTHER`,
 * `CARD_CERTIFICATE_KEY`, `CARD_CERTIFICATE_EXPIRED`
 */
export function checkCardCertificate(certificate: Uint8Array, demands: CertificateDemands): CardClaims {
  const { sign1, claims } = parse(certificate);
  if (!verify(sign1.signature, sign1.toBeSigned, demands.makerRoot)) throw sdkError("CARD_NOT_GENUINE");
  if (claims.role !== Role.Card) throw sdkError("CARD_CERTIFICATE_ROLE");
  if (claims.sub !== toBase32(demands.cardId)) throw sdkError("CARD_CERTIFICATE_OTHER");
  const { session, pin, grant } = claims.keys;
  if (session === undefined || !equalBytes(session, demands.session)) throw sdkError("CARD_CERTIFICATE_KEY");
  if (pin === undefined || grant === undefined) throw sdkError("CARD_CERTIFICATE_MALFORMED", "a key is missing");
  if (demands.now < claims.notBefore || demands.now >= claims.expires) throw sdkError("CARD_CERTIFICATE_EXPIRED");
  return { ...claims, keys: { ...claims.keys, pin, grant } };
}

function parse(certificate: Uint8Array) {
  try {
    const sign1 = decodeSign1(certificate, AAD.certificate);
    return { sign1, claims: decodeClaims(sign1.payload) };
  } catch (cause) {
    throw sdkError("CARD_CERTIFICATE_MALFORMED", undefined, { cause });
  }
}

function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
