// Is this image to be trusted, and is it for this card: asked before the first octet of it is sent. The loader asks the same of what it has got.

import {
  concat,
  decodeImage,
  equalBytes,
  type FirmwareImage,
  fromHex,
  type ImageBoard,
  ImageError,
  KEY_SIZE,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";

export interface ImageDemands {
  /** Ed25519, 32 octets: the root that the card pins. */
  readonly publicKey: Uint8Array;
  /** The lowest security counter that the card still takes. */
  readonly counter?: number;
  readonly board?: ImageBoard;
}

/** SubjectPublicKeyInfo of an Ed25519 key before the key's octets (RFC 8410 4, RFC 5280 4.1). */
const PUBLIC_KEY_INFO = fromHex("302a300506032b6570032100");

/** What an image's digest must be, 32 octets: over header, body and protected TLVs. */
export function imageDigest({ covered }: Pick<FirmwareImage, "covered">): Uint8Array {
  return sha256(covered);
}

/** By which name an image calls the key that signed it: SHA-256 of its SubjectPublicKeyInfo, as imgtool does. */
export function imageKeyHash(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== KEY_SIZE) throw new ImageError("IMAGE_ARGUMENT_INVALID", "the public key");
  return sha256(concat(PUBLIC_KEY_INFO, publicKey));
}

/**
 * Checks an image; what it says of itself is believed only after its signature.
 *
 * @throws {ImageError} those of `decodeImage`; `IMAGE_TOO_LARGE`, `IMAGE_DIGEST`, `IMAGE_UNSIGNED`, `IMAGE_KEY_OTHER`, `IMAGE_SIGNATURE`,
 * `IMAGE_BOARD_OTHER`, `IMAGE_ADDRESS`, `IMAGE_COUNTER_LOWER`; `IMAGE_ARGUMENT_INVALID` for a key that is none
 */
export function checkImage(bytes: Uint8Array, { publicKey, counter, board }: ImageDemands): FirmwareImage {
  const keyHash = imageKeyHash(publicKey);
  if (board !== undefined) checkImageFits(bytes.length, board);
  const image = decodeImage(bytes);
  checkImageDigest(image);
  if (image.signature === undefined) throw new ImageError("IMAGE_UNSIGNED");
  if (!equalBytes(image.signature.keyHash, keyHash)) throw new ImageError("IMAGE_KEY_OTHER");
  if (!verify(image.signature.octets, image.digest, publicKey)) throw new ImageError("IMAGE_SIGNATURE");
  if (board !== undefined && image.board !== board.name)
    throw new ImageError("IMAGE_BOARD_OTHER", `it is for ${image.board}, not ${board.name}`);
  if (board !== undefined && image.loadAddress !== board.loadAddress) throw new ImageError("IMAGE_ADDRESS");
  if (counter !== undefined && image.counter < counter)
    throw new ImageError("IMAGE_COUNTER_LOWER", `${image.counter}, and at least ${counter} is needed`);
  return image;
}

/** @throws {ImageError} `IMAGE_DIGEST` where header, body or protected TLVs are not what the digest was made of. */
export function checkImageDigest(image: FirmwareImage): void {
  if (!equalBytes(imageDigest(image), image.digest)) throw new ImageError("IMAGE_DIGEST");
}

/** @throws {ImageError} `IMAGE_TOO_LARGE` where `size` octets, TLVs included, do not fit the board's slot. */
export function checkImageFits(size: number, { name, slotSize }: ImageBoard): void {
  if (size > slotSize) throw new ImageError("IMAGE_TOO_LARGE", `${size} octets, and ${name} has room for ${slotSize}`);
}

/** The signature is over the digest's octets, not over what they are of (design.md: "ED25519 of hash output"). */
function verify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, digest, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
