// Merkle tree of RFC 6962 2.1 over leaf hashes: root, inclusion path, consistency proof. Whole subtrees are remembered, so that
// a proof of an append-only log costs its depth and not its length.

import { createHash } from "node:crypto";

export const EMPTY_ROOT: Uint8Array = Uint8Array.from(createHash("sha256").digest());

/** SHA-256(0x00 | leaf) */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return digest(Uint8Array.of(0), leaf);
}

export class MerkleTree {
  /** levels[k][i] = hash of the whole subtree of 2^k leaves that begins at leaf i * 2^k. */
  readonly #levels: Uint8Array[][] = [[]];

  get size(): number {
    return this.#levels[0]!.length;
  }

  /** Appends the hash of a leaf. */
  append(hash: Uint8Array): void {
    let node = hash;
    for (let level = 0; ; level++) {
      this.#levels[level] ??= [];
      const row = this.#levels[level]!;
      row.push(node);
      if (row.length % 2 === 1) return;
      node = join(row[row.length - 2]!, node);
    }
  }

  /** Tree hash of the first `size` leaves. */
  root(size = this.size): Uint8Array {
    return size === 0 ? EMPTY_ROOT : this.#range(0, size);
  }

  /** PATH(index, D[size]): hashes from the leaf's sibling up (RFC 6962 2.1.1). */
  inclusionPath(index: number, size = this.size): Uint8Array[] {
    if (!(index >= 0 && index < size && size <= this.size)) throw new RangeError("No such leaf in a tree of that size");
    const path: Uint8Array[] = [];
    let [from, to] = [0, size];
    while (to - from > 1) {
      const split = from + splitOf(to - from);
      if (index < split) {
        path.push(this.#range(split, to));
        to = split;
      } else {
        path.push(this.#range(from, split));
        from = split;
      }
    }
    return path.reverse();
  }

  /** PROOF(oldSize, D[size]): that the tree of `oldSize` begins this one (RFC 6962 2.1.2); empty where nothing has to be shown. */
  consistencyProof(oldSize: number, size = this.size): Uint8Array[] {
    if (!(oldSize >= 0 && oldSize <= size && size <= this.size)) throw new RangeError("Sizes do not rise");
    if (oldSize === 0 || oldSize === size) return [];
    const proof: Uint8Array[] = [];
    let [from, to, known] = [0, size, true];
    while (oldSize !== to) {
      const split = from + splitOf(to - from);
      if (oldSize <= split) {
        proof.push(this.#range(split, to));
        to = split;
      } else {
        proof.push(this.#range(from, split));
        from = split;
        known = false;
      }
    }
    if (!known) proof.push(this.#range(from, to));
    return proof.reverse();
  }

  /** MTH(D[from:to]); `from` is a multiple of the power of two that covers the range. */
  #range(from: number, to: number): Uint8Array {
    const width = to - from;
    const level = Math.log2(width);
    if (Number.isInteger(level)) return this.#levels[level]![from / width]!;
    const split = from + splitOf(width);
    return join(this.#range(from, split), this.#range(split, to));
  }
}

/** SHA-256(0x01 | left | right) */
function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  return digest(Uint8Array.of(1), left, right);
}

/** The largest power of two below `width`. */
function splitOf(width: number): number {
  return 2 ** Math.floor(Math.log2(width - 1));
}

function digest(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}
