// What firmware modules and the machine under them agree on: modules, mail, vault items, flash records, indicators.
// Read by asc and by tsc (emulator), mirrored by the C headers of the microcontroller. Constants only.

export const enum ModuleId {
  Machine = 0,
  Link = 1,
  Wallet = 2,
  Authenticator = 3,
  /** The loader's server, while an update comes over the air; nobody else's time. */
  Loader = 4,
}

/** Octets of a mailbox slot; the first one is the `Mail` kind. */
export const MAIL_SIZE = 256;
/** Slots a receiver has waiting before `send` answers `Full`. */
export const MAIL_DEPTH = 8;

export const enum Mail {
  /** Part of a message between phone and wallet, or of an answer of SMP to the phone: kind, flags, [total u16 LE if first], data. */
  Piece = 1,
  /** Link to wallet, or to the loader: the line came up, or went down. */
  LineUp = 2,
  LineDown = 3,
  /** Wallet to link: pattern for the indicators. */
  Indicate = 4,
  /** Wallet to link: identifier to advertise, 16 octets, or none. */
  Identifier = 5,
  /** Wallet or loader to link: close the line once everything was sent. */
  Hangup = 6,
  /** Link to loader: octets of SMP, as they came. */
  Smp = 7,

  // Sealed between wallet and authenticator, carried by link: kind, nonce u64 LE, ciphertext, tag. Kind is the associated data.
  V1 = 16,
  V2 = 17,
  /** Set a PIN. */
  P1 = 18,
  P2 = 19,
  /** Does the user agree to a new phone (PIN compulsory once one is set)? */
  Q1 = 20,
  Q2 = 21,
  /** Authenticator to wallet: a button event. */
  Button = 22,
  /** Authenticator to wallet: the fresh pinNonce. */
  PinNonce = 23,
  /** Wallet to authenticator: forget what is being asked. */
  Cancel = 24,
}

export const PIECE_FIRST = 1;
export const PIECE_LAST = 2;

/** Octets of a button event: which, and the machine's time u64 LE when it was complete. */
export const BUTTON_SIZE = 9;

export const enum ButtonEvent {
  Choose = 1,
  Disarm = 2,
  PairingHold = 3,
}

/** Items of the vault. Who may read and write which: emulator/src/ports/vault.ts, one table. */
export const enum VaultItem {
  CardId = 1,
  PairingSecret = 2,
  /** X25519, secret(32) | public(32); so are the next two. */
  SessionKey = 3,
  GrantKey = 4,
  PinKey = 5,
  Certificate = 6,
  PairKey = 7,
  WalletStart = 8,
  AuthenticatorStart = 9,
  /** class(1: 0 development, 1 production) | issuer root public key(32) */
  Roots = 10,
  /** threshold(1) | count(1) | node public keys(32 each) | origin (UTF-8) */
  Ledger = 11,
  /** IINs this card may speak for, 6 digits each, ASCII, one after the other */
  Iins = 12,
  /** phone's static key(32) | identifier key(32) | phone's name (UTF-8) */
  Owner = 13,
  /** salt(16) | HKDF-SHA256(PIN, salt)(32) */
  Pin = 14,
  /** size u32 | revoked size u32 | time u64 (all LE) | root(32) | revoked root(32): the ledger as it was at the maker's */
  Checkpoint = 15,
}

/** Octets of the vault's Checkpoint item. */
export const CHECKPOINT_ITEM_SIZE = 80;

/** Records of the flash log: written whole, old or new after a power cut, never between. */
export const enum FlashRecord {
  /** Wallet: ATCs, token states, checkpoint, last grant. */
  Wallet = 1,
  /** Authenticator: wrong PINs in a row. */
  PinLock = 2,
}

export const enum Indicator {
  Off = 0,
  Pairing = 1,
  Ask = 2,
  Armed = 3,
  Sending = 4,
  Done = 5,
  Refused = 6,
  /** And the next ones: so many of the card's payment means, in its own order. */
  Choice1 = 8,
  Choice2 = 9,
  Choice3 = 10,
  Choice4 = 11,
  Choice5 = 12,
  Choice6 = 13,
  Choice7 = 14,
  Choice8 = 15,
}
