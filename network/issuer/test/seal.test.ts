// Sealing by Node's OpenSSL against the HPKE library's own parts, octet for octet, and against published values.

import { concat, fromHex, toHex, utf8 } from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { expect } from "chai";
import fc from "fast-check";
import { publicOf } from "../src/native-hpke.js";
import { sealToCard } from "../src/seal.js";

const SLOW = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});
/** RFC 7748 6.1: Bob's. */
const BOB = {
  secret: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
  publicKey: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
} as const;

describe("a grant's seal", () => {
  it("is what the library's own parts make of the same ephemeral key", async () => {
    const { kem } = SLOW;
    const octets = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
    await fc.assert(
      fc.asyncProperty(
        octets(32),
        octets(32),
        octets(16),
        fc.uint8Array({ maxLength: 600 }),
        async (own, to, id, text) => {
          const recipient = publicOf(to);
          const info = Uint8Array.from(concat(utf8("ecard/1 grant"), id)).buffer;
          const privateKey = await kem.deserializePrivateKey(own);
          const publicKey = await kem.deserializePublicKey(publicOf(own));
          const recipientPublicKey = await kem.deserializePublicKey(recipient);
          const sender = await SLOW.createSenderContext({ recipientPublicKey, info, ekm: { privateKey, publicKey } });
          const sealed = concat(new Uint8Array(sender.enc), new Uint8Array(await sender.seal(text)));
          expect(toHex(await sealToCard(text, id, recipient, own))).to.equal(toHex(sealed));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("has the public key of RFC 7748, 6.1", () => {
    expect(toHex(publicOf(fromHex(BOB.secret)))).to.equal(BOB.publicKey);
  });

  it("is made for no key whose shared secret would be zeros (RFC 9180 7.1.4)", async () => {
    const error = await sealToCard(new Uint8Array(1), new Uint8Array(16), new Uint8Array(32)).catch(
      (one: Error) => one,
    );
    expect(error).to.be.instanceOf(Error);
  });
});
