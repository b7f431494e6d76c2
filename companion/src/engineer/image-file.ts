// An image that somebody chose, checked as far as a page can before anything is sent: what it is, whether it is whole, who signed it. The rest the card's loader
// says before the first octet: board, root, counter, room (sdk/src/update/flash.ts).

import { checkImageDigest, imageDigest } from "@enabling-card/sdk";
import { decodeImage, formatImageVersion, ImageError, toHex } from "@enabling-card/wire";
import { type Fault, faultOf } from "./fault.js";
import { placeOf } from "./image-place.js";

export interface CheckedImage {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly version: string;
  readonly board: string;
  readonly counter: number;
  /** SHA-256 of what is signed, hexadecimal. */
  readonly hash: string;
  /** SHA-256 of the signer's key, hexadecimal: which root must be pinned. */
  readonly keyHash: string;
}

export type ChosenImage =
  | { readonly kind: "checked"; readonly image: CheckedImage }
  | { readonly kind: "refused"; readonly name: string; readonly fault: Fault; readonly where: string | undefined };

/** Longer ones are not read: no slot that a loader can swap has 84 sectors and more (`SLOT_SECTORS_MAX`), and a mebibyte is three of those. */
const READ_MAX = 1 << 20;

export async function checkFile(file: File): Promise<ChosenImage> {
  const { name } = file;
  let bytes = new Uint8Array(0);
  try {
    if (file.size > READ_MAX)
      throw new ImageError("IMAGE_TOO_LARGE", `${file.size} octets: it was not read, no card has room for it`);
    bytes = new Uint8Array(await file.arrayBuffer());
    const image = decodeImage(bytes);
    checkImageDigest(image);
    if (image.signature === undefined) throw new ImageError("IMAGE_UNSIGNED");
    const { board, counter, version, signature } = image;
    return {
      kind: "checked",
      image: {
        ...{ name, bytes, board, counter, version: formatImageVersion(version) },
        ...{ hash: toHex(imageDigest(image)), keyHash: toHex(signature.keyHash) },
      },
    };
  } catch (error) {
    const where = error instanceof ImageError ? placeOf(bytes, error.code) : undefined;
    return { kind: "refused", name, fault: faultOf(error), where };
  }
}
