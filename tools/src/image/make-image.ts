// Images made: a program with header and digest, then a signature. What an image says is in wire/image.ts; who may sign, in image-keys.ts.

import { checkImage, checkImageDigest, checkImageFits, imageDigest, imageKeyHash } from "@enabling-card/sdk";
import {
  DIGEST_SIZE,
  decodeImage,
  encodeCovered,
  encodeImage,
  type ImageBoard,
  type ImageVersion,
  SIGNATURE_SIZE,
  TLV_HEAD_SIZE,
} from "@enabling-card/wire";

/** What a signature adds: the key's hash, the signature itself. */
const SIGNED_SIZE = TLV_HEAD_SIZE + DIGEST_SIZE + TLV_HEAD_SIZE + SIGNATURE_SIZE;

export interface BuildOptions {
  readonly version: ImageVersion;
  /** Security counter, u32. */
  readonly counter: number;
  readonly board: ImageBoard;
}

/** Who signs: the secret stays with the caller. */
export interface ImageSigner {
  /** Ed25519, 32 octets. */
  readonly publicKey: Uint8Array;
  /** Ed25519 of a digest of 32 octets: 64 octets. */
  sign(digest: Uint8Array): Uint8Array;
}

/**
 * An unsigned image of a flat program.
 *
 * @throws {ImageError} `IMAGE_TOO_LARGE` where it would not fit the slot once it is signed; those of `encodeCovered`
 */
export function buildImage(program: Uint8Array, { version, counter, board }: BuildOptions): Uint8Array {
  const { name, loadAddress } = board;
  const covered = encodeCovered({ loadAddress, version, counter, board: name, body: program });
  const image = encodeImage(covered, { digest: imageDigest({ covered }) });
  checkImageFits(image.length + SIGNED_SIZE, board);
  return image;
}

/**
 * The same image, signed; a signature that was there before is gone.
 *
 * @throws {ImageError} those of `decodeImage`, `IMAGE_DIGEST` where it was altered since it was built
 */
export function signImage(bytes: Uint8Array, { publicKey, sign }: ImageSigner): Uint8Array {
  const image = decodeImage(bytes);
  checkImageDigest(image);
  const { covered, digest } = image;
  const signature = { keyHash: imageKeyHash(publicKey), octets: sign(digest) };
  const signed = encodeImage(covered, { digest, signature });
  checkImage(signed, { publicKey });
  return signed;
}
