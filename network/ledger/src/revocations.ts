// Who was revoked: sorted serials with 00..00 and ff..ff around them, and the Merkle tree over them. A serial lies between two
// neighbours of it, and so was not revoked, or it is one of them.

import { concat, equalBytes, type NonMembership, SERIAL_SIZE } from "@enabling-card/wire";
import { leafHash, MerkleTree } from "./merkle.js";

const LOWEST = new Uint8Array(SERIAL_SIZE);
const HIGHEST = new Uint8Array(SERIAL_SIZE).fill(0xff);

/** The two serials that no certificate may have: they are in the tree from the beginning. */
export function isReservedSerial(serial: Uint8Array): boolean {
  return equalBytes(serial, LOWEST) || equalBytes(serial, HIGHEST);
}

export class Revocations {
  readonly #serials: Uint8Array[] = [LOWEST, HIGHEST];
  /** Made anew after a change, when it is next asked for. */
  #tree: MerkleTree | undefined;

  /** Leaves of the tree, the two at its ends included. */
  get size(): number {
    return this.#serials.length;
  }

  root(): Uint8Array {
    return this.#whole().root();
  }

  has(serial: Uint8Array): boolean {
    return equalBytes(this.#serials[this.#lowIndex(serial)]!, serial);
  }

  /** Adds a serial that is not there. */
  add(serial: Uint8Array): void {
    this.#serials.splice(this.#lowIndex(serial) + 1, 0, Uint8Array.from(serial));
    this.#tree = undefined;
  }

  /** The neighbours of `serial`. Where it was revoked, the low one is the serial itself, and whoever checks sees that. */
  proof(serial: Uint8Array): NonMembership {
    const tree = this.#whole();
    const lowIndex = this.#lowIndex(serial);
    return {
      lowIndex,
      lowSerial: this.#serials[lowIndex]!,
      lowPath: concat(...tree.inclusionPath(lowIndex)),
      highSerial: this.#serials[lowIndex + 1]!,
      highPath: concat(...tree.inclusionPath(lowIndex + 1)),
    };
  }

  /** Index of the last serial that is not above `serial`, the top end left out. */
  #lowIndex(serial: Uint8Array): number {
    let [low, high] = [0, this.#serials.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (Buffer.compare(this.#serials[middle]!, serial) <= 0) low = middle;
      else high = middle;
    }
    return low;
  }

  #whole(): MerkleTree {
    if (this.#tree === undefined) {
      this.#tree = new MerkleTree();
      for (const serial of this.#serials) this.#tree.append(leafHash(serial));
    }
    return this.#tree;
  }
}
