// The card as a light client of the ledger: a receipt shows that a certificate was stored and is not revoked, under a
// checkpoint that enough pinned nodes signed and that continues the newest one seen (docs/protocol.md, "Certificates and receipts").
import * as cbor from "../common/cbor";
import { equal, wipe } from "../common/bytes";
import { sha256, verify } from "../ports/crypto";
import { read } from "../ports/vault";
import { HASH_SIZE } from "../crypto/hkdf";
import { SCRATCH_SIZE, scratch } from "../crypto/scratch";
import { certificateSerial } from "./certificate";
import { consistent, included, leafHash } from "./merkle";
import * as store from "./store";
import { LeafKind } from "../../wire/labels";
import { CHECKPOINT_AGE_MAX_S, KEY_SIZE, KID_SIZE, NODES_MAX, PATH_MAX_HASHES, SERIAL_SIZE, SIGNATURE_SIZE } from "../../wire/limits";
import { VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

const ORIGIN_MAX: i32 = 64;
const PATH_MAX: i32 = PATH_MAX_HASHES * HASH_SIZE;
const PAYLOAD_MAX: i32 = 192;
/** "ecard/1 checkpoint" */
const CONTEXT: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x63, 0x68, 0x65, 0x63, 0x6b, 0x70, 0x6f, 0x69, 0x6e, 0x74,
]);
const CONTEXT_SIZE: i32 = 18;

// threshold(1) | count(1) | node keys(32 each) | origin
const pins: usize = memory.data(2 + NODES_MAX * KEY_SIZE + ORIGIN_MAX);
const hash: usize = memory.data(HASH_SIZE);

// The receipt being checked; pointers into the caller's message.
let time: u64 = 0;
let index: u64 = 0;
let path: usize = 0;
let pathLength: i32 = 0;
let payload: usize = 0;
let payloadLength: i32 = 0;
let signatures: usize = 0;
let signatureCount: i32 = 0;
let lowIndex: u64 = 0;
let lowSerial: usize = 0;
let lowPath: usize = 0;
let lowPathLength: i32 = 0;
let highSerial: usize = 0;
let highPath: usize = 0;
let highPathLength: i32 = 0;
// and its checkpoint
let origin: usize = 0;
let originLength: i32 = 0;
let size: u64 = 0;
let root: usize = 0;
let revokedSize: u64 = 0;
let revokedRoot: usize = 0;
let checkpointTime: u64 = 0;

/** Time of the checkpoint that was checked last. */
export function receiptTime(): u64 {
  return checkpointTime;
}

/**
 * Checks the receipt of the certificate that `certificateCheck` took, `certificate` its bytes, at `now` (0 = the card
 * does not know: the age is then not judged). Changes nothing; `receiptKeep` takes the checkpoint over.
 */
export function receiptCheck(
  from: usize, length: i32, certificate: usize, certificateLength: i32, proof: usize, proofLength: i32, now: u64,
): Status {
  if (!parse(from, length) || !parseCheckpoint()) return Status.ReceiptMalformed;
  const pinsLength = read(VaultItem.Ledger, pins, 2 + NODES_MAX * KEY_SIZE + ORIGIN_MAX);
  const nodes: i32 = load<u8>(pins + 1);
  if (pinsLength < 2 + nodes * KEY_SIZE || nodes > NODES_MAX) return Status.VaultFailed;

  const originAt = pins + 2 + nodes * KEY_SIZE;
  const originPinned = pinsLength - 2 - nodes * KEY_SIZE;
  if (originLength != originPinned || memory.compare(origin, originAt, originLength) != 0) return Status.CheckpointOrigin;
  if (!signedByEnough(nodes, load<u8>(pins))) return Status.CheckpointThreshold;
  const status = continues(proof, proofLength);
  if (status != Status.Ok) return status;
  if (now > checkpointTime && now - checkpointTime > <u64>CHECKPOINT_AGE_MAX_S) return Status.CheckpointStale;

  hashLeaf(certificate, certificateLength);
  if (!included(hash, index, size, path, pathLength / HASH_SIZE, root)) return Status.ReceiptNotIncluded;
  return notRevoked();
}

/** Puts the checkpoint into the record; the caller commits it with what else its step changes. */
export function receiptKeep(): void {
  store.setTreeSize(<u32>size);
  store.setRevokedSize(<u32>revokedSize);
  store.setCheckpointTime(max(checkpointTime, store.checkpointTime()));
  memory.copy(store.treeRoot, root, HASH_SIZE);
  memory.copy(store.revokedRoot, revokedRoot, HASH_SIZE);
}

function parse(from: usize, length: i32): bool {
  cbor.open(from, length);
  cbor.array(5);
  time = cbor.uint(u64.MAX_VALUE);
  index = cbor.uint(u32.MAX_VALUE);
  path = hashes(PATH_MAX);
  pathLength = cbor.length();
  cbor.array(2);
  payload = cbor.bytes(1, PAYLOAD_MAX);
  payloadLength = cbor.length();
  signatureCount = cbor.map(NODES_MAX);
  signatures = cbor.where();
  for (let i = 0; i < signatureCount; i++) {
    cbor.bytes(KID_SIZE, KID_SIZE);
    cbor.bytes(SIGNATURE_SIZE, SIGNATURE_SIZE);
  }
  cbor.array(5);
  lowIndex = cbor.uint(u32.MAX_VALUE);
  lowSerial = cbor.bytes(SERIAL_SIZE, SERIAL_SIZE);
  lowPath = hashes(PATH_MAX);
  lowPathLength = cbor.length();
  highSerial = cbor.bytes(SERIAL_SIZE, SERIAL_SIZE);
  highPath = hashes(PATH_MAX);
  highPathLength = cbor.length();
  return cbor.done();
}

function parseCheckpoint(): bool {
  cbor.open(payload, payloadLength);
  cbor.array(6);
  origin = cbor.text(1, ORIGIN_MAX);
  originLength = cbor.length();
  size = cbor.uint(u32.MAX_VALUE);
  root = cbor.bytes(HASH_SIZE, HASH_SIZE);
  revokedSize = cbor.uint(u32.MAX_VALUE);
  revokedRoot = cbor.bytes(HASH_SIZE, HASH_SIZE);
  checkpointTime = cbor.uint(u64.MAX_VALUE);
  return cbor.done();
}

/** A path: whole hashes in one byte string. */
function hashes(most: i32): usize {
  const at = cbor.bytes(0, most);
  if (cbor.length() % HASH_SIZE != 0) cbor.fail();
  return at;
}

/** Counts pinned nodes, each once, whose signature of the checkpoint holds. Signatures of strangers are passed over. */
function signedByEnough(nodes: i32, threshold: i32): bool {
  let counted: u32 = 0;
  cbor.open(signatures, <i32>(lowSerial - signatures));
  for (let i = 0; i < signatureCount; i++) {
    const kid = cbor.bytes(KID_SIZE, KID_SIZE);
    const signature = cbor.bytes(SIGNATURE_SIZE, SIGNATURE_SIZE);
    for (let node = 0; node < nodes; node++) {
      const key = pins + 2 + node * KEY_SIZE;
      sha256(key, KEY_SIZE, hash);
      if (!equal(hash, kid, KID_SIZE)) continue;
      memory.copy(scratch, CONTEXT, CONTEXT_SIZE);
      memory.copy(scratch + CONTEXT_SIZE, payload, payloadLength);
      if (verify(key, scratch, CONTEXT_SIZE + payloadLength, signature) == 0) counted |= 1 << node;
    }
  }
  wipe(scratch, SCRATCH_SIZE);
  return threshold > 0 && popcnt(counted) >= <u32>threshold;
}

/** A larger checkpoint needs its consistency proof, an equal one the same roots, a smaller one is refused. */
function continues(proof: usize, proofLength: i32): Status {
  const known: u64 = store.treeSize();
  if (size < known) return Status.CheckpointRollback;
  if (known == 0) return Status.Ok;
  if (size == known) {
    const same =
      equal(root, store.treeRoot, HASH_SIZE) && equal(revokedRoot, store.revokedRoot, HASH_SIZE) && revokedSize == store.revokedSize();
    return same ? Status.Ok : Status.CheckpointInconsistent;
  }
  if (checkpointTime < store.checkpointTime()) return Status.CheckpointRollback;
  if (proofLength % HASH_SIZE != 0) return Status.CheckpointInconsistent;
  const holds = consistent(known, store.treeRoot, size, root, proof, proofLength / HASH_SIZE);
  return holds ? Status.Ok : Status.CheckpointInconsistent;
}

/** hash = SHA-256(0x00 | [kind, time, certificate]) */
function hashLeaf(certificate: usize, length: i32): void {
  memory.fill(scratch, 0, 1);
  cbor.writeTo(scratch + 1, SCRATCH_SIZE - 1);
  cbor.putArray(3);
  cbor.putUint(LeafKind.Certificate);
  cbor.putUint(time);
  cbor.putBytes(certificate, length);
  sha256(scratch, 1 + max(cbor.written(), 0), hash);
  wipe(scratch, SCRATCH_SIZE);
}

/** The serial lies between two neighbours of the sorted revocation tree: it is not in it. */
function notRevoked(): Status {
  const serial = certificateSerial();
  if (!isLeaf(lowSerial, lowIndex, lowPath, lowPathLength)) return Status.RevocationProofInvalid;
  if (!isLeaf(highSerial, lowIndex + 1, highPath, highPathLength)) return Status.RevocationProofInvalid;
  const low = memory.compare(lowSerial, serial, SERIAL_SIZE);
  const high = memory.compare(serial, highSerial, SERIAL_SIZE);
  if (low == 0 || high == 0) return Status.CertificateRevoked;
  return low < 0 && high < 0 ? Status.Ok : Status.RevocationProofInvalid;
}

function isLeaf(serial: usize, at: u64, proof: usize, proofLength: i32): bool {
  leafHash(serial, SERIAL_SIZE, hash);
  return included(hash, at, revokedSize, proof, proofLength / HASH_SIZE, revokedRoot);
}

