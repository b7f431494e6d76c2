// Sealing a signed grant to one card: HPKE base mode (RFC 9180), DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.

import { concat, utf8 } from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite } from "@hpke/core";
import { NativeDhkemX25519, NativeHkdf, publicOf } from "./native-hpke.js";

const SUITE = new CipherSuite({
  kem: new NativeDhkemX25519(),
  kdf: new NativeHkdf(),
  aead: new Chacha20Poly1305(),
});

/**
 * enc(32) | ciphertext, to the card's `grant` key; info = "ecard/1 grant" | cardId.
 *
 * @param ephemeral - The sender's secret, 32 octets that nobody else can know and that belong to this `signed` alone: the same gives the same octets. Random
 * unless told.
 */
export async function sealToCard(
  signed: Uint8Array,
  cardId: Uint8Array,
  grantKey: Uint8Array,
  ephemeral?: Uint8Array,
): Promise<Uint8Array> {
  const { kem } = SUITE;
  const recipientPublicKey = await kem.deserializePublicKey(copy(grantKey));
  const sender = await SUITE.createSenderContext({
    ...{ recipientPublicKey, info: copy(concat(utf8("ecard/1 grant"), cardId)) },
    ...(ephemeral && {
      ekm: {
        privateKey: await kem.deserializePrivateKey(copy(ephemeral)),
        publicKey: await kem.deserializePublicKey(copy(publicOf(ephemeral))),
      },
    }),
  });
  const ciphertext = await sender.seal(copy(signed));
  return concat(new Uint8Array(sender.enc), new Uint8Array(ciphertext));
}

function copy(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer as ArrayBuffer;
}
