import { fromHex, Status, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { vectors } from "../../test/support/vectors.js";
import { PortViolation } from "../src/errors.js";
import { ModuleMemory } from "../src/memory.js";
import { cryptoPort } from "../src/ports/crypto.js";

const BUDGET = 16_384;

/** The port over a module's memory, with a place for each argument. */
function bench() {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  const memory = new ModuleMemory(BUDGET);
  memory.attach(wasm);
  const octets = new Uint8Array(wasm.buffer);
  let next = 16;
  const put = (hexOrBytes: string | Uint8Array): number => {
    const bytes = typeof hexOrBytes === "string" ? fromHex(hexOrBytes) : hexOrBytes;
    const at = next;
    octets.set(bytes, at);
    next += bytes.length + 16;
    return at;
  };
  const get = (at: number, length: number) => toHex(octets.slice(at, at + length));
  return { port: cryptoPort(memory), put, get };
}

interface File<T> {
  readonly testGroups: readonly (T & { readonly tests: readonly (Case & T)[] })[];
}
interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly flags: readonly string[];
}

/** One `it` a file: the count is asserted, the first failure names its case. */
function wycheproof<T>(file: string, accept: (group: T) => boolean, run: (group: T, test: Case & T) => void): void {
  const loaded = vectors<File<T>>(`wycheproof/${file}`);
  if (loaded === undefined) {
    it.skip(`${file}: the folder is missing`);
    return;
  }
  it(`${file}: every case`, () => {
    let count = 0;
    for (const group of loaded.testGroups) {
      if (!accept(group)) continue;
      for (const test of group.tests) {
        count++;
        try {
          run(group, test);
        } catch (cause) {
          throw new Error(`case ${test.tcId} (${test.comment}, ${test.result})`, { cause });
        }
      }
    }
    expect(count).to.be.greaterThan(80);
  });
}

describe("the crypto port, Wycheproof", () => {
  wycheproof<{ public: string; private: string; shared: string; curve: string }>(
    "x25519_test.json",
    (group) => group.curve === "curve25519",
    (_, test) => {
      const { port, put, get } = bench();
      const out = put(new Uint8Array(32).fill(0xee));
      const status = port.x25519(put(test.private), put(test.public), out);
      const zero = /^0*$/.test(test.shared);
      expect(status).to.equal(zero ? Status.CryptoFailed : Status.Ok);
      expect(get(out, 32)).to.equal(test.shared);
    },
  );

  wycheproof<{ ivSize: number; key: string; iv: string; aad: string; msg: string; ct: string; tag: string }>(
    "chacha20_poly1305_test.json",
    (group) => group.ivSize === 96,
    (_, test) => {
      const { port, put, get } = bench();
      const [key, nonce, aad] = [put(test.key), put(test.iv), put(test.aad)];
      const size = test.msg.length / 2;
      const aadSize = test.aad.length / 2;
      const sealed = put(test.ct + test.tag);
      const status = port.open(key, nonce, aad, aadSize, sealed, size + 16);
      if (test.result === "valid") {
        expect(status).to.equal(Status.Ok);
        expect(get(sealed, size)).to.equal(test.msg);
        const plain = put(`${test.msg}${"00".repeat(16)}`);
        port.seal(key, nonce, aad, aadSize, plain, size);
        expect(get(plain, size + 16)).to.equal(test.ct + test.tag);
      } else {
        expect(status).to.equal(Status.CryptoFailed);
        expect(get(sealed, size + 16)).to.equal(test.ct + test.tag); // not an octet changed
      }
    },
  );

  wycheproof<{ publicKey: { pk: string }; msg: string; sig: string }>(
    "ed25519_test.json",
    () => true,
    (group, test) => {
      const { port, put } = bench();
      const signature = test.sig.length / 2;
      // The port reads 64 octets; a length of another kind is refused above it, by COSE's own check.
      if (signature !== 64) {
        expect(test.result).to.equal("invalid");
        return;
      }
      const status = port.verify(put(group.publicKey.pk), put(test.msg), test.msg.length / 2, put(test.sig));
      expect(status).to.equal(test.result === "valid" ? Status.Ok : Status.CryptoFailed);
    },
  );
});

describe("the crypto port", () => {
  it("hashes where the output lies over the input (FIPS 180-4, the example 'abc')", () => {
    const { port, put, get } = bench();
    const at = put("616263");
    port.sha256(at, 3, at);
    expect(get(at, 32)).to.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("verifies strictly: a signature whose S was raised by the group's order does not hold (RFC 8032 5.1.7)", () => {
    const { port, put } = bench();
    // RFC 8032 7.1, test 1, and the same with S + L
    const key = put("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const r = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155";
    const s = "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    const raised = "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b";
    expect(port.verify(key, 0, 0, put(r + s))).to.equal(Status.Ok);
    expect(port.verify(key, 0, 0, put(r + raised))).to.equal(Status.CryptoFailed);
  });

  it("refuses a ciphertext shorter than its tag", () => {
    const { port, put } = bench();
    const key = put(new Uint8Array(32));
    expect(port.open(key, key, 0, 0, put(new Uint8Array(16)), 15)).to.equal(Status.CryptoFailed);
    expect(port.open(key, key, 0, 0, put(new Uint8Array(16)), -1)).to.equal(Status.CryptoFailed);
  });

  it("ends the module that points outside its budget, though wasm's page is larger", () => {
    const { port } = bench();
    const outside = [BUDGET - 31, BUDGET, -1, 0x7fff_ffff, -0x8000_0000];
    for (const at of outside) {
      expect(() => port.sha256(0, 1, at), String(at)).to.throw(PortViolation);
      expect(() => port.x25519(0, 0, at), String(at)).to.throw(PortViolation);
      expect(() => port.seal(0, 0, 0, 0, at, 16), String(at)).to.throw(PortViolation);
      expect(() => port.verify(at, 0, 0, 0), String(at)).to.throw(PortViolation);
    }
    expect(() => port.sha256(0, -1, 64)).to.throw(PortViolation);
    expect(() => port.sha256(0, 1, BUDGET - 32)).not.to.throw();
  });
});
