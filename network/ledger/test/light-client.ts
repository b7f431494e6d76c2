// What a card or phone does with a receipt, written straight from RFC 9162 2.1.3.2 and 2.1.4.2 and from docs/protocol.md, without a line of
// the log's own: the tests' independent eye.

import { createHash, createPublicKey, verify } from "node:crypto";
import { decodeCheckpointPayload, decodeReceipt, type Receipt } from "@enabling-card/wire";
import { encode } from "cbor2";

const sha256 = (...parts: readonly Uint8Array[]) =>
  Uint8Array.from(createHash("sha256").update(Buffer.concat(parts)).digest());
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const node = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right);

export const leafOf = (octets: Uint8Array) => sha256(Uint8Array.of(0), octets);

/** A joined path as hashes of 32 octets. */
export function hashes(path: Uint8Array): Uint8Array[] {
  if (path.length % 32 !== 0) throw new Error("not whole hashes");
  return Array.from({ length: path.length / 32 }, (_, i) => path.slice(32 * i, 32 * (i + 1)));
}

/** RFC 9162 2.1.3.2 */
export function included(leaf: Uint8Array, index: number, size: number, path: Uint8Array[], root: Uint8Array): boolean {
  if (index >= size) return false;
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = node(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else r = node(r, p);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && same(r, root);
}

/** RFC 9162 2.1.4.2, for 0 < first < second. */
export function consistent(
  first: number,
  second: number,
  proof: readonly Uint8Array[],
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
): boolean {
  if (proof.length === 0) return false;
  const path = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : [...proof];
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let [fr, sr] = [path[0]!, path[0]!];
  for (const c of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = node(c, fr);
      sr = node(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else sr = node(sr, c);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && same(fr, firstRoot) && same(sr, secondRoot);
}

export interface Judged {
  readonly signed: boolean;
  readonly included: boolean;
  /** `unproven` where the neighbours show nothing about the serial. */
  readonly revocation: "not revoked" | "revoked" | "unproven";
}

/** Judges a receipt of `certificate`, whose serial the caller knows. */
export function judge(octets: Uint8Array, certificate: Uint8Array, serial: Uint8Array, nodeKey: Uint8Array): Judged {
  const receipt = decodeReceipt(octets);
  const payload = decodeCheckpointPayload(receipt.checkpoint.payload);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), nodeKey]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const message = Buffer.concat([Buffer.from("ecard/1 checkpoint"), receipt.checkpoint.payload]);
  const kid = sha256(nodeKey).slice(0, 8);
  const signed = receipt.checkpoint.signatures.some(
    (one) => same(one.kid, kid) && verify(null, message, key, one.signature),
  );
  const leaf = leafOf(encode([1, receipt.time, certificate]));
  return {
    signed,
    included: included(leaf, receipt.index, payload.size, hashes(receipt.path), payload.root),
    revocation: revocation(receipt, serial, payload.revokedSize, payload.revokedRoot),
  };
}

function revocation(
  { notRevoked: n }: Receipt,
  serial: Uint8Array,
  size: number,
  root: Uint8Array,
): Judged["revocation"] {
  const low = included(leafOf(n.lowSerial), n.lowIndex, size, hashes(n.lowPath), root);
  const high = included(leafOf(n.highSerial), n.lowIndex + 1, size, hashes(n.highPath), root);
  if (!low || !high) return "unproven";
  if (same(n.lowSerial, serial) || same(n.highSerial, serial)) return "revoked";
  const between = Buffer.compare(n.lowSerial, serial) < 0 && Buffer.compare(serial, n.highSerial) < 0;
  return between ? "not revoked" : "unproven";
}
