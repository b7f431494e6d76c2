// Certificates: CWT claims (RFC 8392) in COSE_Sign1, one pinned root a role, leaves never certify.

import { asBytes, asMap, asText, asUint, type CborValue, cborDecode, cborEncode } from "./cbor.js";
import { WireError } from "./errors.js";
import { Claim, KeyLabel, Role } from "./labels.js";
import { KEY_SIZE, SERIAL_SIZE } from "./limits.js";

export interface CertificateClaims {
  readonly iss: string;
  /** Card: its cardId in base32. Others: a name. */
  readonly sub: string;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly expires: number;
  /** 16 octets (cti). */
  readonly serial: Uint8Array;
  readonly role: Role;
  readonly keys: CertificateKeys;
}

/** Public keys, 32 octets each: X25519, but `sign` is Ed25519. */
export interface CertificateKeys {
  readonly session?: Uint8Array;
  readonly grant?: Uint8Array;
  readonly pin?: Uint8Array;
  readonly sign?: Uint8Array;
}

const LABELS = [
  ["session", KeyLabel.Session],
  ["grant", KeyLabel.Grant],
  ["pin", KeyLabel.Pin],
  ["sign", KeyLabel.Sign],
] as const;

export function encodeClaims(claims: CertificateClaims): Uint8Array {
  const keys = new Map<number, CborValue>();
  for (const [name, label] of LABELS) {
    const key = claims.keys[name];
    if (key !== undefined) keys.set(label, key);
  }
  return cborEncode(
    new Map<number, CborValue>([
      [Claim.Iss, claims.iss],
      [Claim.Sub, claims.sub],
      [Claim.Exp, claims.expires],
      [Claim.Nbf, claims.notBefore],
      [Claim.Cti, claims.serial],
      [Claim.Role, claims.role],
      [Claim.Keys, keys],
    ]),
  );
}

/** @throws {WireError} `CBOR_MALFORMED` */
export function decodeClaims(payload: Uint8Array): CertificateClaims {
  const claims = asMap(cborDecode(payload), "certificate claims");
  const keyMap = asMap(claims.get(Claim.Keys), "keys of the certificate");
  const keys: Record<string, Uint8Array> = {};
  for (const [name, label] of LABELS) {
    if (keyMap.has(label)) keys[name] = asBytes(keyMap.get(label), `key "${name}"`, KEY_SIZE);
  }
  const role = asUint(claims.get(Claim.Role), "role", Role.Phone) as Role;
  if (role < Role.Maker) throw new WireError("CBOR_MALFORMED", "Expected a role");
  return {
    iss: asText(claims.get(Claim.Iss), "iss"),
    sub: asText(claims.get(Claim.Sub), "sub"),
    notBefore: asUint(claims.get(Claim.Nbf), "nbf"),
    expires: asUint(claims.get(Claim.Exp), "exp"),
    serial: asBytes(claims.get(Claim.Cti), "cti", SERIAL_SIZE),
    role,
    keys,
  };
}
