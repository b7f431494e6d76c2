import { fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { aesCmac, derivedKey, keyedName, openText, sealText } from "../src/index.js";

const KEY = new Uint8Array(32).fill(7);

describe("the vault", () => {
  it("derives as RFC 5869 does, appendix A.3", () => {
    const plain = derivedKey(new Uint8Array(22).fill(0x0b), "", 42); // no salt, no info
    expect(toHex(plain)).to.equal(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });

  it("makes the MACs of RFC 4493, examples 1 and 2", () => {
    const key = fromHex("2b7e151628aed2a6abf7158809cf4f3c");
    expect(toHex(aesCmac(key, new Uint8Array(0)))).to.equal("bb1d6929e95937287fa37d129b756746");
    expect(toHex(aesCmac(key, fromHex("6bc1bee22e409f96e93d7e117393172a")))).to.equal(
      "070a16b46b4d4144f79bdd9dd04a287c",
    );
  });

  it("opens what it sealed, and nothing that was altered or is another's", () => {
    const sealed = sealText(KEY, "9999 99ü");
    expect(openText(KEY, sealed)).to.equal("9999 99ü");
    for (let i = 0; i < sealed.length; i++) {
      const altered = Uint8Array.from(sealed, (octet, at) => (at === i ? octet ^ 1 : octet));
      expect(openText(KEY, altered), `octet ${i}`).to.equal(undefined);
    }
    expect(openText(new Uint8Array(32), sealed)).to.equal(undefined);
    for (const size of [0, 3, 12, 27]) expect(openText(KEY, sealed.slice(0, size))).to.equal(undefined);
    expect(toHex(sealText(KEY, "a"))).not.to.equal(toHex(sealText(KEY, "a")));
  });

  it("names the same by the same name, under one key", () => {
    expect(keyedName(KEY, "a"))
      .to.equal(keyedName(KEY, "a"))
      .and.to.match(/^[0-9a-f]{64}$/);
    expect(keyedName(KEY, "a")).not.to.equal(keyedName(KEY, "b"));
    expect(keyedName(KEY, "a")).not.to.equal(keyedName(new Uint8Array(32), "a"));
  });
});
