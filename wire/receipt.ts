// Receipts and checkpoints of the ledger, as they travel beside a grant: docs/protocol.md "Certificates and receipts".

import { concat, utf8 } from "./bytes.js";
import { asArray, asBytes, asText, asUint, type CborValue, cborDecode, cborEncode } from "./cbor.js";
import { LeafKind } from "./labels.js";
import { KEY_SIZE, KID_SIZE, NODES_MAX, SERIAL_SIZE, SIGNATURE_SIZE } from "./limits.js";

/** What the nodes sign. Times are seconds since 1970, roots are SHA-256 tree hashes of RFC 6962. */
export interface CheckpointPayload {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly revokedSize: number;
  readonly revokedRoot: Uint8Array;
  readonly time: number;
}

export interface NodeSignature {
  /** First 8 octets of SHA-256(node's public key). */
  readonly kid: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Checkpoint {
  /** Encoded `CheckpointPayload`: signed as it is. */
  readonly payload: Uint8Array;
  readonly signatures: readonly NodeSignature[];
}

/** Two neighbours in the sorted revocation tree, between which a serial that was not revoked lies. Paths are joined hashes. */
export interface NonMembership {
  readonly lowIndex: number;
  readonly lowSerial: Uint8Array;
  readonly lowPath: Uint8Array;
  readonly highSerial: Uint8Array;
  readonly highPath: Uint8Array;
}

export interface Receipt {
  /** When the log stored the certificate, seconds since 1970. */
  readonly time: number;
  readonly index: number;
  readonly path: Uint8Array;
  readonly checkpoint: Checkpoint;
  readonly notRevoked: NonMembership;
}

export function encodeCheckpointPayload(payload: CheckpointPayload): Uint8Array {
  const { origin, size, root, revokedSize, revokedRoot, time } = payload;
  return cborEncode([origin, size, root, revokedSize, revokedRoot, time]);
}

/** @throws {WireError} `CBOR_MALFORMED` */
export function decodeCheckpointPayload(bytes: Uint8Array): CheckpointPayload {
  const [origin, size, root, revokedSize, revokedRoot, time] = asArray(cborDecode(bytes), "checkpoint", 6, 6);
  return {
    origin: asText(origin, "origin"),
    size: asUint(size, "size"),
    root: asBytes(root, "root", KEY_SIZE),
    revokedSize: asUint(revokedSize, "revoked size"),
    revokedRoot: asBytes(revokedRoot, "revoked root", KEY_SIZE),
    time: asUint(time, "time"),
  };
}

/** What a node signs with Ed25519. */
export function checkpointToBeSigned(payload: Uint8Array): Uint8Array {
  return concat(utf8("ecard/1 checkpoint"), payload);
}

/** The octets of a log entry for a certificate. */
export function encodeLeaf(time: number, certificate: Uint8Array): Uint8Array {
  return cborEncode([LeafKind.Certificate, time, certificate]);
}

/** The octets of a log entry for a revocation: it lengthens the log, so that two checkpoints of one size never differ. */
export function encodeRevocationLeaf(time: number, serial: Uint8Array): Uint8Array {
  return cborEncode([LeafKind.Revocation, time, serial]);
}

export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { time, index, path, checkpoint, notRevoked: n } = receipt;
  return cborEncode([
    time,
    index,
    path,
    checkpointValue(checkpoint),
    [n.lowIndex, n.lowSerial, n.lowPath, n.highSerial, n.highPath],
  ]);
}

/** @throws {WireError} `CBOR_MALFORMED` */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const [time, index, path, checkpoint, proof] = asArray(cborDecode(bytes), "receipt", 5, 5);
  const [lowIndex, lowSerial, lowPath, highSerial, highPath] = asArray(proof, "revocation proof", 5, 5);
  return {
    time: asUint(time, "time"),
    index: asUint(index, "index"),
    path: asBytes(path, "path"),
    checkpoint: checkpointOf(checkpoint),
    notRevoked: {
      lowIndex: asUint(lowIndex, "low index"),
      lowSerial: asBytes(lowSerial, "low serial", SERIAL_SIZE),
      lowPath: asBytes(lowPath, "low path"),
      highSerial: asBytes(highSerial, "high serial", SERIAL_SIZE),
      highPath: asBytes(highPath, "high path"),
    },
  };
}

function checkpointValue(checkpoint: Checkpoint): CborValue {
  const signatures = new Map(checkpoint.signatures.map(({ kid, signature }) => [kid, signature]));
  return [checkpoint.payload, signatures];
}

function checkpointOf(value: CborValue | undefined): Checkpoint {
  const [payload, map] = asArray(value, "checkpoint", 2, 2);
  if (!(map instanceof Map) || map.size > NODES_MAX) return asArray(undefined, "signatures") as never;
  const signatures = [...(map as Map<Uint8Array, CborValue>)].map(([kid, signature]) => ({
    kid: asBytes(kid, "node kid", KID_SIZE),
    signature: asBytes(signature, "node signature", SIGNATURE_SIZE),
  }));
  return { payload: asBytes(payload, "checkpoint payload"), signatures };
}
