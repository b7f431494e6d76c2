// COSE_Sign1 on the card and in wire/: the working group's examples, and a differential check of the two twins.

import { readdirSync } from "node:fs";
import { AAD, cborDecode, decodeSign1, encodeSign1, fromHex, Status, toHex, utf8 } from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import fc from "fast-check";
import { Probe } from "../support/probe.js";
import { readJson, vectorsOrSkip } from "../support/vectors.js";

interface Example {
  readonly title: string;
  readonly input: { readonly sign0?: { readonly key: { readonly x_hex?: string }; readonly external?: string } };
  readonly output: { readonly cbor: string };
}

const SECRET = new Uint8Array(32).fill(3);
const PUBLIC = ed25519.getPublicKey(SECRET);
const KID = new Uint8Array(16).fill(9);
const sign = (bytes: Uint8Array) => ed25519.sign(bytes, SECRET);

function parse(probe: Probe, bytes: Uint8Array): boolean {
  return probe.call("sign1Parse", probe.put(bytes), bytes.length, 512) !== 0;
}

function verify(probe: Probe, aad: Uint8Array, key: Uint8Array): number {
  return probe.call("sign1Verify", probe.put(aad), aad.length, probe.put(key));
}

describe("COSE_Sign1 on the card", () => {
  it("verifies the EdDSA example of the working group, and not with another key or payload", function () {
    const folder = vectorsOrSkip(this, "cose");
    const example = readJson<Example>(folder, "eddsa-examples", "eddsa-sig-01.json");
    const [header, , payload, signature] = (cborDecodeTagged(example.output.cbor) as Uint8Array[]) ?? [];
    const key = fromHex(example.input.sign0!.key.x_hex!);
    const probe = new Probe();
    const parts = (text: Uint8Array) =>
      probe.call("sign1From", probe.put(header!), header!.length, probe.put(text), text.length, probe.put(signature!));
    parts(payload!);
    expect(verify(probe, new Uint8Array(0), key)).to.equal(Status.Ok);
    expect(verify(probe, utf8("other"), key)).to.equal(Status.CryptoFailed);
    expect(verify(probe, new Uint8Array(0), PUBLIC)).to.equal(Status.CryptoFailed);
    parts(utf8("This is not the content."));
    expect(verify(probe, new Uint8Array(0), key)).to.equal(Status.CryptoFailed);
  });

  it("refuses every example of another profile: other tags, algorithms, headers, and all that must fail", function () {
    const folder = vectorsOrSkip(this, "cose");
    let seen = 0;
    for (const set of ["sign1-tests", "eddsa-examples"]) {
      for (const file of readdirSync(`${folder}/${set}`)) {
        const { title, output } = readJson<Example>(folder, set, file);
        expect(parse(new Probe(), fromHex(output.cbor)), title).to.equal(false);
        expect(() => decodeSign1(fromHex(output.cbor), AAD.grant), title)
          .to.throw()
          .with.property("code", "SIGN1_MALFORMED");
        seen++;
      }
    }
    expect(seen).to.be.greaterThan(9);
  });

  it("reads and verifies what wire/ writes, and nothing that differs by a bit or an end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat(), (payload, flip) => {
        const bytes = encodeSign1(payload, KID, AAD.state, sign);
        const probe = new Probe();
        expect(parse(probe, bytes)).to.equal(true);
        expect(toHex(probe.get(probe.call("sign1Payload"), probe.call("sign1PayloadLength")))).to.equal(toHex(payload));
        expect(verify(probe, utf8(AAD.state), PUBLIC)).to.equal(Status.Ok);
        expect(verify(probe, utf8(AAD.grant), PUBLIC)).to.equal(Status.CryptoFailed);

        const forged = bytes.slice();
        forged[(flip >> 3) % bytes.length]! ^= 1 << (flip & 7);
        probe.clear();
        if (parse(probe, forged)) expect(verify(probe, utf8(AAD.state), PUBLIC)).to.equal(Status.CryptoFailed);
        probe.clear();
        expect(parse(probe, bytes.subarray(0, flip % bytes.length))).to.equal(false);
      }),
      { numRuns: 60 },
    );
  });
});

/** Members of a tagged array, whatever its tag and header: the examples are not of our profile. */
function cborDecodeTagged(hex: string): unknown {
  return (cborDecode(fromHex(hex)) as { contents: unknown }).contents;
}
