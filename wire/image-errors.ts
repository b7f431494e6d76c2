// What can be wrong with a firmware image: one code a fault, shared by the computer that makes images and the loader that takes them.

const SENTENCES = {
  IMAGE_EMPTY: "The image is empty: build it again",
  IMAGE_CUT: "The image ends before its header says: copy or build it again",
  IMAGE_MAGIC: "This is no MCUboot image: make one with ecard image build",
  IMAGE_HEADER_SIZE: "The image's header has a size that this card does not know: build it with ecard image build",
  IMAGE_HEADER_PAD: "The image's header holds something where nothing belongs: build it again",
  IMAGE_FLAGS: "The image asks for something that this card does not do (encryption, parts): build it without",
  IMAGE_BODY_EMPTY: "The image has no program in it: build it from an ELF or a flat binary that has one",
  IMAGE_TRAILING: "Something stands behind the image's end: copy or build it again",
  IMAGE_TLV_MAGIC: "What follows the image's program is no list of TLVs: build it again",
  IMAGE_TLV_AREA_SIZE: "The image's lists of TLVs overlap, or have no room: build it again",
  IMAGE_TLV_OVERRUN: "A TLV of the image runs over the end of its list: build it again",
  IMAGE_TLV_UNKNOWN: "The image has a TLV that this card does not know: build it with ecard image build",
  IMAGE_TLV_DUPLICATE: "The image has a TLV twice: build it again",
  IMAGE_TLV_LENGTH: "A TLV of the image has a length that it cannot have: build it again",
  IMAGE_TLV_VALUE: "A TLV of the image says something that it cannot say: build it again",
  IMAGE_TLV_MISSING: "The image lacks a TLV that it must have: build it, then sign it again",
  IMAGE_TOO_LARGE: "The image is larger than the board's slot: make the program smaller",
  IMAGE_DIGEST: "The image was altered since it was built: build it again",
  IMAGE_UNSIGNED: "The image is not signed: sign it with ecard image sign",
  IMAGE_KEY_OTHER: "The image was signed with another key: sign it with the one that belongs to this public key",
  IMAGE_SIGNATURE: "The image's signature is wrong: do not install it; sign a build that you trust",
  IMAGE_BOARD_OTHER: "The image is for another board: build it with the --board that it is for",
  IMAGE_ADDRESS: "The image's load address is not the board's: build it again for this board",
  IMAGE_COUNTER_LOWER:
    "The image's security counter is lower than the card's: build it with a counter at least as high",
  IMAGE_VERSION_INVALID: "The version cannot be written: give major.minor.revision+build, as 1.2.3+4",
  IMAGE_ARGUMENT_INVALID: "The image cannot be made of this: check it",
} as const;

export type ImageErrorCode = keyof typeof SENTENCES;

/** By `ImageFault`, the number by which a card's loader says it. */
const BY_FAULT: readonly (ImageErrorCode | undefined)[] = [
  undefined,
  "IMAGE_EMPTY",
  "IMAGE_CUT",
  "IMAGE_MAGIC",
  "IMAGE_HEADER_SIZE",
  "IMAGE_HEADER_PAD",
  "IMAGE_FLAGS",
  "IMAGE_BODY_EMPTY",
  "IMAGE_TRAILING",
  "IMAGE_TLV_MAGIC",
  "IMAGE_TLV_AREA_SIZE",
  "IMAGE_TLV_OVERRUN",
  "IMAGE_TLV_UNKNOWN",
  "IMAGE_TLV_DUPLICATE",
  "IMAGE_TLV_LENGTH",
  "IMAGE_TLV_VALUE",
  "IMAGE_TLV_MISSING",
  "IMAGE_TOO_LARGE",
  "IMAGE_DIGEST",
  "IMAGE_UNSIGNED",
  "IMAGE_KEY_OTHER",
  "IMAGE_SIGNATURE",
  "IMAGE_BOARD_OTHER",
  "IMAGE_ADDRESS",
  "IMAGE_COUNTER_LOWER",
];

/** The code of a fault that a loader has told; undefined where it is none of ours. */
export function imageFaultCode(fault: number): ImageErrorCode | undefined {
  return BY_FAULT[fault];
}

/** Every code, with its sentence. */
export const IMAGE_ERROR_CODES: readonly { readonly code: ImageErrorCode; readonly sentence: string }[] =
  Object.entries(SENTENCES).map(([code, sentence]) => ({ code: code as ImageErrorCode, sentence }));

/** An image that is not to be had or not to be trusted. Branch on `code`, show `message`. */
export class ImageError extends Error {
  override readonly name = "ImageError";

  /** @param detail - What exactly, where it helps: added to the code's sentence. */
  constructor(
    readonly code: ImageErrorCode,
    detail?: string,
  ) {
    super(detail === undefined ? SENTENCES[code] : `${SENTENCES[code]} (${detail})`);
  }
}
