// AES-CMAC (RFC 4493), as the issuer calls it: message first, key second. The order compiles either way, so vectors hold it.

import { fromHex, toHex } from "@enabling-card/wire";
import { cmac } from "@noble/ciphers/aes.js";
import { expect } from "chai";
import { readJson, vectorsOrSkip } from "../support/vectors.js";

interface File {
  readonly testGroups: readonly {
    readonly keySize: number;
    readonly tagSize: number;
    readonly tests: readonly { tcId: number; key: string; msg: string; tag: string; result: string }[];
  }[];
}

describe("AES-CMAC", () => {
  it("agrees with Wycheproof at the key size of tokens", function () {
    const folder = vectorsOrSkip(this, "wycheproof");
    const { testGroups } = readJson<File>(folder, "aes_cmac_test.json");
    let checked = 0;
    for (const { keySize, tagSize, tests } of testGroups) {
      if (keySize !== 128) continue;
      for (const { tcId, key, msg, tag, result } of tests) {
        const made = toHex(cmac(fromHex(msg), fromHex(key))).slice(0, tagSize / 4);
        expect(made === tag, `case ${tcId}`).to.equal(result === "valid");
        checked++;
      }
    }
    expect(checked).to.be.greaterThan(50);
  });
});
