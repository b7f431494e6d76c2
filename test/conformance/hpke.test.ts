// The card's HPKE receiver against @hpke/core as a differential peer, and the published base-mode values of RFC 9180 A.2.

import { concat, fromHex, Status, toHex, utf8 } from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { x25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import fc from "fast-check";
import { Probe } from "../support/probe.js";

const SUITE = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});

/** RFC 9180 A.2.1 (DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode), first encryption. */
const RFC9180 = {
  info: "4f6465206f6e2061204772656369616e2055726e",
  skRm: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
  enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
  aad: "436f756e742d30",
  pt: "4265617574792069732074727574682c20747275746820626561757479",
  ct: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
};

function open(secret: Uint8Array, sealed: Uint8Array, info: Uint8Array, aad: Uint8Array) {
  const probe = new Probe();
  const at = probe.put(sealed);
  const pair = probe.put(concat(secret, x25519.getPublicKey(secret)));
  const status = probe.call(
    "openBase",
    pair,
    at,
    sealed.length,
    probe.put(info),
    info.length,
    probe.put(aad),
    aad.length,
  );
  return { status, plaintext: probe.get(at + 32, Math.max(sealed.length - 48, 0)), left: probe.get(at, sealed.length) };
}

describe("HPKE on the card", () => {
  it("opens the message that RFC 9180 A.2.1 prints", () => {
    const sealed = concat(fromHex(RFC9180.enc), fromHex(RFC9180.ct));
    const { status, plaintext } = open(fromHex(RFC9180.skRm), sealed, fromHex(RFC9180.info), fromHex(RFC9180.aad));
    expect(status).to.equal(Status.Ok);
    expect(toHex(plaintext)).to.equal(RFC9180.pt);
  });

  it("opens whatever @hpke/core seals, and refuses it with one bit changed, untouched", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 500 }),
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(),
        async (secret, plaintext, aad, flip) => {
          const info = concat(utf8("ecard/1 grant"), secret.subarray(0, 16));
          const recipientPublicKey = await SUITE.kem.deserializePublicKey(
            Uint8Array.from(x25519.getPublicKey(secret)).buffer,
          );
          const sender = await SUITE.createSenderContext({ recipientPublicKey, info: Uint8Array.from(info).buffer });
          const ciphertext = await sender.seal(Uint8Array.from(plaintext).buffer, Uint8Array.from(aad).buffer);
          const sealed = concat(new Uint8Array(sender.enc), new Uint8Array(ciphertext));
          const opened = open(secret, sealed, info, aad);
          expect(opened.status).to.equal(Status.Ok);
          expect(toHex(opened.plaintext)).to.equal(toHex(plaintext));

          const bit = flip % (sealed.length * 8);
          const forged = sealed.slice();
          forged[bit >> 3]! ^= 1 << (bit & 7);
          if (bit === 255) return; // X25519 masks the top bit of a point (RFC 7748 5); the seal then fails on kem_context
          const refused = open(secret, forged, info, aad);
          expect(refused.status).to.equal(Status.SealInvalid);
          expect(toHex(refused.left)).to.equal(toHex(forged));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("refuses what is too short to be sealed, and a point of small order", () => {
    const secret = new Uint8Array(32).fill(7);
    for (let length = 0; length < 48; length++) {
      expect(open(secret, new Uint8Array(length), utf8("x"), new Uint8Array(0)).status).to.equal(Status.SealInvalid);
    }
    expect(open(secret, new Uint8Array(80), utf8("x"), new Uint8Array(0)).status).to.equal(Status.SealInvalid);
  });
});
