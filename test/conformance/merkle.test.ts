// Merkle proofs on the card against the good and bad ones of transparency-dev/merkle (RFC 6962, RFC 9162 2.1).

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { concat } from "@enabling-card/wire";
import { expect } from "chai";
import { Probe } from "../support/probe.js";
import { readJson, vectorsOrSkip } from "../support/vectors.js";

interface Inclusion {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string | null;
  readonly leafHash: string | null;
  readonly proof: readonly string[] | null;
  readonly desc: string;
  readonly wantErr: boolean;
}
interface Consistency {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string | null;
  readonly root2: string | null;
  readonly proof: readonly string[] | null;
  readonly desc: string;
  readonly wantErr: boolean;
}

const octets = (base64: string | null) => Uint8Array.from(Buffer.from(base64 ?? "", "base64"));
/** 2^64 - 1 in the files is more than a double holds: JSON rounds it up. */
const u64 = (value: number) => (value >= 2 ** 64 ? 2n ** 64n - 1n : BigInt(value));
const whole = (hash: Uint8Array) => hash.length === 32;

function* files(folder: string): Generator<string> {
  for (const file of readdirSync(folder, { recursive: true }))
    if (String(file).endsWith(".json")) yield join(folder, String(file));
}

describe("Merkle proofs on the card", () => {
  it("accepts and refuses inclusion proofs as the vectors do", function () {
    const folder = vectorsOrSkip(this, "merkle/testdata/inclusion");
    let checked = 0;
    for (const file of files(folder)) {
      const { leafIdx, treeSize, root, leafHash, proof, desc, wantErr } = readJson<Inclusion>(file);
      const hashes = (proof ?? []).map(octets);
      // Hashes of other lengths cannot be said on the card's wire: roots and leaves have 32 octets there, paths whole hashes.
      if (!whole(octets(root)) || !whole(octets(leafHash)) || !hashes.every(whole)) continue;
      const probe = new Probe();
      const holds = probe.call(
        "included",
        probe.put(octets(leafHash)),
        u64(leafIdx),
        u64(treeSize),
        probe.put(concat(...hashes)),
        hashes.length,
        probe.put(octets(root)),
      );
      expect(holds === 1, `${file}: ${desc}`).to.equal(!wantErr);
      checked++;
    }
    expect(checked).to.be.greaterThan(50);
  });

  it("accepts and refuses consistency proofs as the vectors do", function () {
    const folder = vectorsOrSkip(this, "merkle/testdata/consistency");
    let checked = 0;
    for (const file of files(folder)) {
      const { size1, size2, root1, root2, proof, desc, wantErr } = readJson<Consistency>(file);
      const hashes = (proof ?? []).map(octets);
      if (!whole(octets(root1)) || !whole(octets(root2)) || !hashes.every(whole)) continue;
      // Equal sizes are compared by their roots, and a card without a checkpoint has nothing to compare: receipt.ts.
      if (size1 === size2 || size1 === 0) continue;
      const probe = new Probe();
      const holds = probe.call(
        "consistent",
        u64(size1),
        probe.put(octets(root1)),
        u64(size2),
        probe.put(octets(root2)),
        probe.put(concat(...hashes)),
        hashes.length,
      );
      expect(holds === 1, `${file}: ${desc}`).to.equal(!wantErr);
      checked++;
    }
    expect(checked).to.be.greaterThan(50);
  });
});
