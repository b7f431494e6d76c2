// HMAC and HKDF as the card composes them over its SHA-256 port, against Wycheproof.

import { fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { Probe } from "../support/probe.js";
import { readJson, vectorsOrSkip } from "../support/vectors.js";

interface File<T> {
  readonly testGroups: readonly { readonly tagSize?: number; readonly tests: readonly (T & Verdict)[] }[];
}
interface Verdict {
  readonly tcId: number;
  readonly result: "valid" | "invalid" | "acceptable";
}

/** The card's keys and salts have at most one block, its messages and outputs are short: the rest is not for it. */
const BLOCK = 64;
const HMAC_MAX = 576;

describe("HMAC-SHA256 on the card", () => {
  it("agrees with Wycheproof", function () {
    const folder = vectorsOrSkip(this, "wycheproof");
    const file = readJson<File<{ key: string; msg: string; tag: string }>>(folder, "hmac_sha256_test.json");
    const probe = new Probe();
    let checked = 0;
    for (const { tagSize, tests } of file.testGroups) {
      for (const { tcId, key, msg, tag, result } of tests) {
        if (key.length / 2 > BLOCK || msg.length / 2 > HMAC_MAX) continue;
        probe.clear();
        const out = probe.room(32);
        const [k, m] = [fromHex(key), fromHex(msg)];
        probe.call("hmac", probe.put(k), k.length, probe.put(m), m.length, out);
        const same = toHex(probe.get(out, tagSize! / 8)) === tag;
        expect(same, `case ${tcId}`).to.equal(result === "valid");
        checked++;
      }
    }
    expect(checked).to.be.greaterThan(100);
  });
});

describe("HKDF-SHA256 on the card", () => {
  it("agrees with Wycheproof", function () {
    const folder = vectorsOrSkip(this, "wycheproof");
    const file = readJson<File<{ ikm: string; salt: string; info: string; size: number; okm: string }>>(
      folder,
      "hkdf_sha256_test.json",
    );
    const probe = new Probe();
    let checked = 0;
    for (const { tests } of file.testGroups) {
      for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
        if (salt.length / 2 > BLOCK || info.length / 2 > 192 || size > 255 * 32 || result !== "valid") continue;
        probe.clear();
        const [i, s, n] = [fromHex(ikm), fromHex(salt), fromHex(info)];
        const prk = probe.room(32);
        const out = probe.room(size);
        probe.call("extract", probe.put(s), s.length, probe.put(i), i.length, prk);
        probe.call("expand", prk, probe.put(n), n.length, size, out);
        expect(toHex(probe.get(out, size)), `case ${tcId}`).to.equal(okm);
        checked++;
      }
    }
    expect(checked).to.be.greaterThan(50);
  });
});
