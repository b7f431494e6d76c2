// Certificates as the card reads them: CWT claims (RFC 8392 3.1) in COSE_Sign1. The card only ever meets issuers' ones.
import * as cbor from "../common/cbor";
import { wipe } from "../common/bytes";
import { sha256 } from "../ports/crypto";
import { read } from "../ports/vault";
import { sign1Kid, sign1KidLength, sign1Parse, sign1Payload, sign1PayloadLength, sign1Verify } from "./cose";
import { HASH_SIZE } from "../crypto/hkdf";
import { ISSUER_SIZE } from "./store";
import { Claim, KeyLabel, Role } from "../../wire/labels";
import { CERTIFICATE_MAX, KEY_SIZE, KID_SIZE, SERIAL_SIZE } from "../../wire/limits";
import { VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

/** "ecard/1 certificate" */
const AAD: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x63, 0x65, 0x72, 0x74, 0x69, 0x66, 0x69, 0x63, 0x61, 0x74, 0x65,
]);
const AAD_SIZE: i32 = 19;
const NAME_LIMIT: i32 = 64;

const roots: usize = memory.data(1 + KEY_SIZE);
const issuer: usize = memory.data(HASH_SIZE);

let notBefore: u64 = 0;
let expires: u64 = 0;
let serial: usize = 0;
let signKey: usize = 0;

/** Serial (cti) of the certificate that was checked last; 16 octets in the caller's message. */
export function certificateSerial(): usize {
  return serial;
}

/** Its Ed25519 key. */
export function certificateKey(): usize {
  return signKey;
}

/** What ATCs and states are counted under: the issuer's name, hashed to 8 octets. */
export function certificateIssuer(): usize {
  return issuer;
}

/** Checks an issuer's certificate against the pinned root: bytes, signature, role. Its time and the ledger come later. */
export function certificateCheck(from: usize, length: i32): Status {
  if (!sign1Parse(from, length, CERTIFICATE_MAX)) return Status.CertificateMalformed;
  if (sign1KidLength() != KID_SIZE) return Status.CertificateMalformed;
  if (read(VaultItem.Roots, roots, 1 + KEY_SIZE) != 1 + KEY_SIZE) return Status.VaultFailed;
  if (sign1Verify(AAD, AAD_SIZE, roots + 1) != Status.Ok) return Status.CertificateSignatureInvalid;

  cbor.open(sign1Payload(), sign1PayloadLength());
  if (cbor.map(7) != 7) return Status.CertificateMalformed;
  cbor.need(Claim.Iss);
  cbor.text(1, NAME_LIMIT);
  cbor.need(Claim.Sub);
  const name = cbor.text(1, NAME_LIMIT);
  const nameLength = cbor.length();
  cbor.need(Claim.Exp);
  expires = cbor.uint(u64.MAX_VALUE);
  cbor.need(Claim.Nbf);
  notBefore = cbor.uint(u64.MAX_VALUE);
  cbor.need(Claim.Cti);
  serial = cbor.bytes(SERIAL_SIZE, SERIAL_SIZE);
  cbor.need(Claim.Role);
  const role = cbor.uint(255);
  cbor.need(Claim.Keys);
  const keys = cbor.map(1);
  if (!cbor.fine()) return Status.CertificateMalformed;
  if (role != <u64>Role.Issuer) return Status.CertificateRole;
  if (keys != 1) return Status.CertificateMalformed;
  cbor.need(KeyLabel.Sign);
  signKey = cbor.bytes(KEY_SIZE, KEY_SIZE);
  if (!cbor.done()) return Status.CertificateMalformed;
  sha256(name, nameLength, issuer);
  wipe(issuer + ISSUER_SIZE, HASH_SIZE - ISSUER_SIZE);
  return Status.Ok;
}

/** Is it valid at `time`, seconds since 1970? */
export function certificateAt(time: u64): Status {
  return notBefore <= time && time < expires ? Status.Ok : Status.CertificateExpired;
}

/** Does the kid of the COSE_Sign1 parsed last name this certificate? */
export function certificateNamed(): bool {
  return sign1KidLength() == SERIAL_SIZE && memory.compare(sign1Kid(), serial, SERIAL_SIZE) == 0;
}
