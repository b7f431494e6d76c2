// The development root of images: a sample key that everybody has, pinned by development loaders alone. Plain JavaScript, as the builds are.
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

/** PKCS#8 of an Ed25519 key before its seed (RFC 8410 7). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SEED = createHash("sha256").update("enabling-card sample key: image root").digest();

/** @returns {{privatePem: string, publicKey: Uint8Array}} the private key as `ecard image sign` takes it, and the 32 octets that a loader pins */
export function developmentImageRoot() {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, SEED]), format: "der", type: "pkcs8" });
  return {
    privatePem: `Image key of a development root\n${key.export({ type: "pkcs8", format: "pem" })}`,
    publicKey: publicOctets(key),
  };
}

/** The word before the PEM of a key of a production root; tools/src/image/image-keys.ts. A file without any is development's, as for `sign`. */
const PRODUCTION = /^Image key of a production root\r?$/m;

/** The 32 octets of a production root's public key, from its file's text. */
export function productionImageRoot(pem) {
  if (pem.includes("PRIVATE KEY")) throw new Error("This is a private key: give the public one");
  if (!PRODUCTION.test(pem.split("-----BEGIN", 1)[0]))
    throw new Error(
      "This is no key of a production root, as its file says: make one with ecard image key --root production",
    );
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("This is not an Ed25519 key: make one with ecard image key");
  return publicOctets(key);
}

function publicOctets(key) {
  const { x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return Uint8Array.from(Buffer.from(x, "base64url"));
}
