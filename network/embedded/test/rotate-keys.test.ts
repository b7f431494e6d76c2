// Files of keys: the next ones, with those of before, and then without; each refusal, and that services read what was written.

import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import {
  newServiceKeys,
  OVERLAP_S,
  type RotationError,
  readServiceKeys,
  retiredKeys,
  rotatedKeys,
} from "../src/index.js";

const T0 = 1_800_000_000;
const hex = (octets: Uint8Array) => toHex(Uint8Array.from(octets));

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return (error as RotationError).code;
  }
  return undefined;
}

describe("keys in files", () => {
  const first = newServiceKeys();
  const next = rotatedKeys(first.written, T0)!;
  const last = retiredKeys(next.written, T0 + OVERLAP_S)!;

  it("are the next ones, with those of before beside them", () => {
    const old = readServiceKeys("issuer", first.written.issuer)!;
    const issuer = readServiceKeys("issuer", next.written.issuer)!;
    expect([issuer.keys.number, issuer.keys.before?.number]).to.deep.equal([1, 0]);
    expect(hex(issuer.keys.before!.master)).to.equal(hex(old.keys.master));
    expect(hex(issuer.keys.master)).not.to.equal(hex(old.keys.master));
    expect(hex(issuer.keys.sign.publicKey)).not.to.equal(hex(old.keys.sign.publicKey));
    for (const name of ["issuerRoot", "makerRoot", "node"] as const) {
      expect(hex(issuer.keys[name].publicKey), "what cards pin stays").to.equal(hex(old.keys[name].publicKey));
    }
    const acs = readServiceKeys("acs", next.written.acs)!;
    const was = readServiceKeys("acs", first.written.acs)!;
    expect(hex(acs.cavvKey.before!.key)).to.equal(hex(was.cavvKey.key));
    expect(hex(acs.processor.master)).to.equal(hex(readServiceKeys("processor", next.written.processor)!.acs.master));
    expect(hex(acs.issuer.before!.master)).to.equal(hex(was.issuer.master));
    expect(hex(acs.issuer.master)).to.equal(hex(issuer.acs.master));
    expect(hex(next.seeds.subarray(64, 96))).to.equal(hex(first.seeds.subarray(64, 96)));
  });

  it("are without those of before in the end", () => {
    for (const service of ["processor", "acs"] as const) {
      const keys = readServiceKeys(service, last.written[service])!;
      expect([keys.master.number, keys.master.before]).to.deep.equal([1, undefined]);
      expect(hex(keys.master.master)).to.equal(hex(readServiceKeys(service, next.written[service])!.master.master));
      expect(last.written[service]).not.to.contain("before");
    }
    expect(readServiceKeys("issuer", last.written.issuer)!.keys.before).to.equal(undefined);
    expect(rotatedKeys(last.written, T0)!.number).to.equal(2);
  });

  it("are not changed twice at once: KEYS_ROTATING", () => {
    expect(codeOf(() => rotatedKeys(next.written, T0 + 2 * OVERLAP_S))).to.equal("KEYS_ROTATING");
  });

  it("are not without those of before until what they made is over: KEYS_OVERLAP, or early where that is asked for", () => {
    expect(codeOf(() => retiredKeys(next.written, T0 + OVERLAP_S - 1))).to.equal("KEYS_OVERLAP");
    expect(retiredKeys(next.written, T0, true)!.written).to.deep.equal(last.written);
  });

  it("have none of before to take out: KEYS_NOT_ROTATED", () => {
    for (const { written } of [first, last]) {
      expect(codeOf(() => retiredKeys(written, T0 + OVERLAP_S))).to.equal("KEYS_NOT_ROTATED");
    }
  });

  it("are of one folder: KEYS_APART", () => {
    const mixed = { ...next.written, acs: first.written.acs };
    expect(codeOf(() => rotatedKeys(mixed, T0))).to.equal("KEYS_APART");
    expect(codeOf(() => retiredKeys(mixed, T0 + OVERLAP_S))).to.equal("KEYS_APART");
  });

  it("are none where the number, those of before or their time are no such", () => {
    const change = (of: object) => JSON.stringify({ ...(JSON.parse(next.written.acs) as object), ...of });
    for (const of of [
      { number: -1 },
      { number: 0 },
      { number: "1" },
      { before: {} },
      { before: null },
      { followedAt: "x" },
      { more: 1 },
    ]) {
      expect(readServiceKeys("acs", change(of)), JSON.stringify(of)).to.equal(undefined);
    }
    expect(rotatedKeys({ ...first.written, acs: first.written.processor }, T0)).to.equal(undefined);
  });
});
