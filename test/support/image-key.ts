// The development root's key: a sample that everybody has, and that development loaders pin.

import { createPrivateKey, sign } from "node:crypto";
import type { ImageSigner } from "@enabling-card/tools";
import { developmentImageRoot } from "../../tools/image-root.mjs";

export function developmentImageKey(): ImageSigner {
  const { privatePem, publicKey } = developmentImageRoot();
  const key = createPrivateKey(privatePem);
  return { publicKey, sign: (digest) => Uint8Array.from(sign(null, digest, key)) };
}
