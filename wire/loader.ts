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
  /** As `Listen`, and it is the button that is held. */
  Held = 3,
}

/** Why a start led where it did. The loader tells who asks, and the image that it starts, whose log begins with it. Numbers are never reused. */
export const enum StartReason {
  /** A loader that does not say. */
  Unknown = 0,
  /** Slot 0 runs, as it did. */
  Plain = 1,
  /** What was marked for a trial was swapped in, and runs for the first time. */
  Trial = 2,
  /** The other image was swapped in, to stay. */
  Kept = 3,
  /** Nobody had confirmed the image on trial: the one before is back. */
  WentBack = 4,
  /** The image on trial met a fault of its own: the one before is back. */
  WentBackPanicked = 5,
  /** The image in slot 0 may not run any more; the other one does. */
  Recovered = 6,
  /** It is on trial still: there is nothing to go back to. */
  StillTrial = 7,
  /** No image may run: the loader listens. So it does where the button was held, the image handed over, or met a fault of its own. */
  NoImage = 8,
  Held = 9,
  HandedOver = 10,
  Panicked = 11,
}
/** Added to a reason: power had gone while slots were swapped, and the swap was ended first. */
export const START_RESUMED = 64;

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
