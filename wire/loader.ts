// What the loader and the machine under it agree on, and what the loader says of an image. Read by asc and by tsc, mirrored by firmware/mcu/include/loader.h.
// Constants only.

/** Flash that images take, each counted from its own first octet. */
export const enum FlashArea {
  /** The image that runs. */
  Slot0 = 0,
  /** The one that came, or the one before. */
  Slot1 = 1,
  /** One sector, through which slots are swapped. */
  Scratch = 2,
  /** Two sectors, in which the loader writes where it is. */
  State = 3,
}

/** Octets that an erase sets to ones. */
export const SECTOR_SIZE = 4096;
/** A step of a swap is a record's octet: three a sector. */
export const SLOT_SECTORS_MAX = 84;

/** What a machine tells the loader before it starts: at these offsets from its `settingsSlot()`. */
export const enum LoaderSetting {
  /** Ed25519, 32 octets: who signs images for this card. */
  Root = 0,
  /** ASCII, zeros behind it, 16 octets. */
  Board = 32,
  /** u32: of the body's first octet in slot 0. */
  LoadAddress = 48,
  /** u32: sectors of a slot. */
  Sectors = 52,
}
export const LOADER_SETTINGS_SIZE = 56;

/** How a start came about. */
export const enum LoaderStart {
  /** Power, or a reset that says nothing. */
  Usual = 0,
  /** The button is held, or the image that ran has handed over: nothing is begun, and the line is listened to. */
  Listen = 1,
  /** The image that ran has met a fault of its own. On trial it goes back. */
  Panicked = 2,
}

/** What the loader answers its machine with. */
export const enum LoaderVerdict {
  /** Jump into slot 0. */
  Boot = 0,
  /** Listen to the line. */
  Serve = 1,
  /** Start again from the beginning, once what was written has left. */
  Reset = 2,
}

/** What is wrong with an image, by the codes of image-errors.ts. Numbers are never reused. */
export const enum ImageFault {
  None = 0,
  Empty = 1,
  Cut = 2,
  Magic = 3,
  HeaderSize = 4,
  HeaderPad = 5,
  Flags = 6,
  BodyEmpty = 7,
  Trailing = 8,
  TlvMagic = 9,
  TlvAreaSize = 10,
  TlvOverrun = 11,
  TlvUnknown = 12,
  TlvDuplicate = 13,
  TlvLength = 14,
  TlvValue = 15,
  TlvMissing = 16,
  TooLarge = 17,
  Digest = 18,
  Unsigned = 19,
  KeyOther = 20,
  Signature = 21,
  BoardOther = 22,
  Address = 23,
  CounterLower = 24,
}
