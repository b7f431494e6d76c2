// Merkle tree proofs of RFC 6962, verified as RFC 9162 2.1.3.2 and 2.1.4.2 say. Paths are hashes in a row.
import { sha256 } from "../ports/crypto";
import { equal, wipe } from "../common/bytes";
import { HASH_SIZE } from "../crypto/hkdf";
import { SCRATCH_SIZE, scratch } from "../crypto/scratch";

const node: usize = memory.data(HASH_SIZE);
const first: usize = memory.data(HASH_SIZE);
// The standard's own names: index of the node on the way up, and of the last node of its level.
let fn: u64 = 0;
let sn: u64 = 0;

/** SHA-256(0x00 | leaf); the leaf has at most SCRATCH_SIZE - 1 octets. */
export function leafHash(leaf: usize, length: i32, out: usize): void {
  memory.copy(scratch + 1, leaf, length);
  store<u8>(scratch, 0);
  sha256(scratch, 1 + length, out);
  wipe(scratch, SCRATCH_SIZE);
}

/** True where the leaf with hash `leaf` is number `index` of the `size` under `root`. */
export function included(leaf: usize, index: u64, size: u64, path: usize, hashes: i32, root: usize): bool {
  if (index >= size) return false;
  fn = index;
  sn = size - 1;
  memory.copy(node, leaf, HASH_SIZE);
  for (let i = 0; i < hashes; i++) {
    const sibling = path + i * HASH_SIZE;
    if (sn == 0) return false;
    if ((fn & 1) == 1 || fn == sn) {
      join(sibling, node, node);
      skipLone();
    } else {
      join(node, sibling, node);
    }
    up();
  }
  return sn == 0 && equal(node, root, HASH_SIZE);
}

/** True where the tree of `newSize` under `newRoot` begins with the tree of `oldSize` under `oldRoot`; 0 < old < new. */
export function consistent(oldSize: u64, oldRoot: usize, newSize: u64, newRoot: usize, path: usize, hashes: i32): bool {
  if (oldSize == 0 || oldSize >= newSize || hashes == 0) return false;
  fn = oldSize - 1;
  sn = newSize - 1;
  let next = 0;
  while ((fn & 1) == 1) up();
  // A tree whose size is a power of two is its own first hash.
  if (oldSize & (oldSize - 1)) {
    memory.copy(first, path, HASH_SIZE);
    next = 1;
  } else {
    memory.copy(first, oldRoot, HASH_SIZE);
  }
  memory.copy(node, first, HASH_SIZE);
  for (; next < hashes; next++) {
    const sibling = path + next * HASH_SIZE;
    if (sn == 0) return false;
    if ((fn & 1) == 1 || fn == sn) {
      join(sibling, first, first);
      join(sibling, node, node);
      skipLone();
    } else {
      join(node, sibling, node);
    }
    up();
  }
  return sn == 0 && equal(first, oldRoot, HASH_SIZE) && equal(node, newRoot, HASH_SIZE);
}

/** One level up. */
function up(): void {
  fn >>= 1;
  sn >>= 1;
}

/** Past the levels where the last node has no sibling: no hash of the path belongs to them. */
function skipLone(): void {
  while ((fn & 1) == 0 && fn != 0) up();
}

/** SHA-256(0x01 | left | right) */
function join(left: usize, right: usize, out: usize): void {
  store<u8>(scratch, 1);
  memory.copy(scratch + 1, left, HASH_SIZE);
  memory.copy(scratch + 1 + HASH_SIZE, right, HASH_SIZE);
  sha256(scratch, 1 + 2 * HASH_SIZE, out);
}
