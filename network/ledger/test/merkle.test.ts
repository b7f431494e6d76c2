// The log's tree against a tree that is written down straight from RFC 6962 2.1, and against the published vectors' shapes.

import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { EMPTY_ROOT, leafHash, MerkleTree } from "../src/index.js";

const sha256 = (...parts: Uint8Array[]) => Uint8Array.from(createHash("sha256").update(Buffer.concat(parts)).digest());
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const k = (n: number) => 2 ** Math.floor(Math.log2(n - 1));

/** MTH, PATH and PROOF as the standard writes them: the slow twin. */
function mth(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leafHash(leaves[0]!);
  const split = k(leaves.length);
  return sha256(Uint8Array.of(1), mth(leaves.slice(0, split)), mth(leaves.slice(split)));
}
function path(m: number, leaves: Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const split = k(leaves.length);
  return m < split
    ? [...path(m, leaves.slice(0, split)), mth(leaves.slice(split))]
    : [...path(m - split, leaves.slice(split)), mth(leaves.slice(0, split))];
}
function subproof(m: number, leaves: Uint8Array[], known: boolean): Uint8Array[] {
  if (m === leaves.length) return known ? [] : [mth(leaves)];
  const split = k(leaves.length);
  return m <= split
    ? [...subproof(m, leaves.slice(0, split), known), mth(leaves.slice(split))]
    : [...subproof(m - split, leaves.slice(split), false), mth(leaves.slice(0, split))];
}

describe("the log's Merkle tree", () => {
  it("has the roots, paths and proofs of RFC 6962 at every size", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        (leaves, a, b) => {
          const tree = new MerkleTree();
          for (const leaf of leaves) tree.append(leafHash(leaf));
          const size = 1 + (a % leaves.length);
          const index = b % size;
          const some = leaves.slice(0, size);
          expect(hex(tree.root(size))).to.equal(hex(mth(some)));
          expect(tree.inclusionPath(index, size).map(hex)).to.deep.equal(path(index, some).map(hex));
          expect(tree.consistencyProof(1 + index, size).map(hex)).to.deep.equal(
            subproof(1 + index, some, true).map(hex),
          );
        },
      ),
    );
  });

  it("is the hash of nothing while it is empty, and refuses leaves it does not have", () => {
    const tree = new MerkleTree();
    expect(hex(tree.root())).to.equal(hex(EMPTY_ROOT));
    expect(() => tree.inclusionPath(0)).to.throw(RangeError);
    expect(() => tree.consistencyProof(2, 1)).to.throw(RangeError);
  });
});
