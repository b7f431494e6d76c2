// COSE_Sign1 with Ed25519 (RFC 9052 4.2, 4.4), our profile: tag 18, protected { alg EdDSA, kid }, nothing unprotected.
// The last one parsed is current; its parts are read in place. Twin: wire/cose.ts.
import { verify } from "../ports/crypto";
import * as cbor from "../common/cbor";
import { wipe } from "../common/bytes";
import { SCRATCH_SIZE, scratch } from "../crypto/scratch";
import { Cose } from "../../wire/labels";
import { SERIAL_SIZE, SIGNATURE_SIZE } from "../../wire/limits";
import { Status } from "../../wire/status";

/** array(4) | "Signature1" */
const SIG_STRUCTURE: usize = memory.data<u8>([0x84, 0x6a, 0x53, 0x69, 0x67, 0x6e, 0x61, 0x74, 0x75, 0x72, 0x65, 0x31]);
const SIG_STRUCTURE_SIZE: i32 = 12;

let header: usize = 0;
let headerLength: i32 = 0;
let kid: usize = 0;
let kidLength: i32 = 0;
let payload: usize = 0;
let payloadLength: i32 = 0;
let signature: usize = 0;

export function sign1Kid(): usize {
  return kid;
}

export function sign1KidLength(): i32 {
  return kidLength;
}

export function sign1Payload(): usize {
  return payload;
}

export function sign1PayloadLength(): i32 {
  return payloadLength;
}

/** Takes `length` octets apart, payload at most `maxPayload`. False where they are anything else. */
export function sign1Parse(from: usize, length: i32, maxPayload: i32): bool {
  cbor.open(from, length);
  if (cbor.head(cbor.MAJOR_TAG) != <u64>Cose.Sign1Tag) return false;
  cbor.array(4);
  header = cbor.bytes(1, 2 * SERIAL_SIZE);
  headerLength = cbor.length();
  if (cbor.map(0) != 0) return false;
  payload = cbor.bytes(1, maxPayload);
  payloadLength = cbor.length();
  signature = cbor.bytes(SIGNATURE_SIZE, SIGNATURE_SIZE);
  if (!cbor.done()) return false;

  cbor.open(header, headerLength);
  if (cbor.map(2) != 2) return false;
  cbor.need(Cose.Alg);
  cbor.need(Cose.EdDSA);
  cbor.need(Cose.Kid);
  kid = cbor.bytes(1, SERIAL_SIZE);
  kidLength = cbor.length();
  return cbor.done();
}

/** Makes these parts current without reading an envelope: the tests' way to other people's vectors. */
export function sign1From(
  headerAt: usize, headerSize: i32, payloadAt: usize, payloadSize: i32, signatureAt: usize,
): void {
  header = headerAt;
  headerLength = headerSize;
  payload = payloadAt;
  payloadLength = payloadSize;
  signature = signatureAt;
}

/** Checks the current one's signature by `publicKey`, about `aad`. */
export function sign1Verify(aad: usize, aadLength: i32, publicKey: usize): Status {
  cbor.writeTo(scratch, SCRATCH_SIZE);
  cbor.putRaw(SIG_STRUCTURE, SIG_STRUCTURE_SIZE);
  cbor.putBytes(header, headerLength);
  cbor.putBytes(aad, aadLength);
  cbor.putBytes(payload, payloadLength);
  const length = cbor.written();
  const status = length < 0 ? Status.Full : <Status>verify(publicKey, scratch, length, signature);
  wipe(scratch, SCRATCH_SIZE);
  return status;
}
