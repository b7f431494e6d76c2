// What travels beside every signed object of an issuer: its certificate, the ledger's receipt, perhaps a consistency proof.
import * as cbor from "../common/cbor";
import { certificateAt, certificateCheck } from "./certificate";
import { receiptCheck, receiptTime } from "./receipt";
import { CERTIFICATE_MAX, MESSAGE_MAX } from "../../wire/limits";
import { Status } from "../../wire/status";

let certificate: usize = 0;
let certificateLength: i32 = 0;
let receipt: usize = 0;
let receiptLength: i32 = 0;
let proof: usize = 0;
let proofLength: i32 = 0;

/** Reads the next three items of the request: certificate, receipt or null, proof or null. */
export function evidenceRead(): void {
  certificate = cbor.bytes(1, MESSAGE_MAX);
  certificateLength = cbor.length();
  receiptLength = 0;
  proofLength = 0;
  if (!cbor.nil()) {
    receipt = cbor.bytes(0, MESSAGE_MAX);
    receiptLength = cbor.length();
  }
  if (!cbor.nil()) {
    proof = cbor.bytes(0, MESSAGE_MAX);
    proofLength = cbor.length();
  }
}

/** Is the certificate an issuer's, signed by the pinned root? Its key may then be used. */
export function evidenceIssuer(): Status {
  if (certificateLength > CERTIFICATE_MAX) return Status.CertificateMalformed;
  return certificateCheck(certificate, certificateLength);
}

/** Does the ledger vouch for it at `now`? 0 where the card knows no time: then the checkpoint's own stands in. */
export function evidenceLedger(now: u64): Status {
  if (receiptLength == 0) return Status.ReceiptMissing;
  const status = receiptCheck(receipt, receiptLength, certificate, certificateLength, proof, proofLength, now);
  if (status != Status.Ok) return status;
  return certificateAt(now != 0 ? now : receiptTime());
}
