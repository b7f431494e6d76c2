// Certification authorities: one root a role signs leaves, leaves never certify. X.509 is for services, these are for the card.

import { createHash, randomBytes } from "node:crypto";
import {
  AAD,
  CERTIFICATE_MAX,
  type CertificateClaims,
  type CertificateKeys,
  decodeClaims,
  decodeSign1,
  encodeClaims,
  encodeSign1,
  equalBytes,
  KID_SIZE,
  type Role,
  SERIAL_SIZE,
  type Sign1,
} from "@enabling-card/wire";
import { type SigningKey, verifySignature } from "./ed25519.js";
import { LedgerError } from "./errors.js";
import { isReservedSerial } from "./revocations.js";

export interface Authority {
  readonly name: string;
  /** The role whose leaves this root signs. */
  readonly role: Role;
  readonly publicKey: Uint8Array;
  /** Signs a leaf; times in seconds since 1970. */
  issue(leaf: {
    readonly sub: string;
    readonly keys: CertificateKeys;
    readonly notBefore: number;
    readonly expires: number;
  }): Uint8Array;
}

export function authority(name: string, role: Role, root: SigningKey): Authority {
  const kid = keyId(root.publicKey);
  return {
    name,
    role,
    publicKey: root.publicKey,
    issue: (leaf) => {
      const serial = Uint8Array.from(randomBytes(SERIAL_SIZE));
      const claims = encodeClaims({ ...leaf, iss: name, serial, role });
      return encodeSign1(claims, kid, AAD.certificate, root.sign);
    },
  };
}

/** First 8 octets of SHA-256(public key): how receipts and roots name a key. */
export function keyId(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(publicKey).digest().subarray(0, KID_SIZE));
}

/** A certificate taken apart; nothing about it is checked yet. @throws {LedgerError} `CERTIFICATE_MALFORMED` */
export function readCertificate(certificate: Uint8Array): {
  readonly claims: CertificateClaims;
  readonly sign1: Sign1;
} {
  try {
    if (certificate.length > CERTIFICATE_MAX) throw new RangeError(`longer than ${CERTIFICATE_MAX} octets`);
    const sign1 = decodeSign1(certificate, AAD.certificate);
    const claims = decodeClaims(sign1.payload);
    if (isReservedSerial(claims.serial)) throw new RangeError("its serial is an end of the revocation tree");
    return { claims, sign1 };
  } catch (cause) {
    throw new LedgerError("CERTIFICATE_MALFORMED", "These bytes are not a certificate of this protocol", { cause });
  }
}

/**
 * Reads a certificate and checks it: signature by `root`, role, validity at `now` (seconds since 1970).
 *
 * @throws {LedgerError} `CERTIFICATE_MALFORMED`, `CERTIFICATE_SIGNATURE_INVALID`, `CERTIFICATE_ROLE_WRONG`, `CERTIFICATE_EXPIRED`
 */
export function verifyCertificate(
  certificate: Uint8Array,
  root: Uint8Array,
  role: Role,
  now: number,
): CertificateClaims {
  const { claims, sign1 } = readCertificate(certificate);
  if (!equalBytes(sign1.kid, keyId(root)) || !verifySignature(root, sign1.toBeSigned, sign1.signature)) {
    throw new LedgerError("CERTIFICATE_SIGNATURE_INVALID", "The certificate was not signed by the root of its role");
  }
  if (claims.role !== role) throw new LedgerError("CERTIFICATE_ROLE_WRONG", "The certificate belongs to another role");
  if (now < claims.notBefore || now >= claims.expires) {
    throw new LedgerError("CERTIFICATE_EXPIRED", "The certificate is not valid at this time");
  }
  return claims;
}
