// Numbers that name things in messages, CBOR maps and certificates. Read by asc and by tsc, so constants only.
// Tables with the meaning of each: docs/protocol.md.

/** Second octet of a message. */
export const enum MessageType {
  Pair1 = 1,
  Pair2 = 2,
  Pair3 = 3,
  Open1 = 4,
  Open2 = 5,
  Sealed = 6,
  Fault = 7,
}

/** Operations of a sealed message. */
export const enum Op {
  Load = 1,
  Present = 2,
  Disarm = 3,
  State = 4,
  SetPin = 5,
  Unpair = 6,
  Near = 7,
}

export const enum When {
  Now = 0,
  AtSwipe = 1,
  /** Not at all: the cryptogram of a remote grant is the answer. */
  Confirm = 2,
}

/** Unasked messages of the card: `[0, event, body]`. */
export const enum CardEvent {
  Challenge = 1,
  Armed = 2,
  PassSent = 3,
  Done = 4,
  Disarmed = 5,
  BatteryLow = 6,
  /** The card's button chose a payment means. */
  Chosen = 7,
}

export const enum Phase {
  Empty = 0,
  Loaded = 1,
  Asking = 2,
  Armed = 3,
  Sending = 4,
  Done = 5,
}

export const enum GrantKind {
  Online = 0,
  Offline = 1,
  Delegated = 2,
  Code = 3,
}

export const enum GrantKey {
  Kind = 1,
  CardId = 2,
  Challenge = 3,
  Offline = 4,
  IssuedAt = 5,
  NotBefore = 6,
  Expires = 7,
  TokenRef = 8,
  Track2 = 9,
  Track1 = 10,
  Atc = 11,
  Cryptogram = 12,
  Domain = 13,
  MaxEmissions = 14,
  Caveats = 15,
  CodeRef = 16,
}

/** Restrictions of a delegated grant that the card checks itself. */
export const enum CaveatKey {
  /** Bits of `Method`: by which its user may show to be there. */
  Methods = 1,
}

export const enum DomainKey {
  Requestor = 1,
  Merchant = 2,
  Mcc = 3,
  Channel = 4,
  Country = 5,
  MaxAmount = 6,
}

export const enum Channel {
  Swipe = 0,
  Remote = 1,
}

export const enum StateKey {
  CardId = 1,
  TokenRef = 2,
  Version = 3,
  State = 4,
  Until = 5,
}

export const enum TokenState {
  Inactive = 0,
  Active = 1,
  Suspended = 2,
  Deactivated = 3,
}

/** CWT claims (RFC 8392 3.1); the last two are private (section 9.1: below -65536). */
export const enum Claim {
  Iss = 1,
  Sub = 2,
  Exp = 4,
  Nbf = 5,
  Cti = 7,
  Role = -65537,
  Keys = -65538,
}

export const enum Role {
  Maker = 1,
  Card = 2,
  Issuer = 3,
  Node = 4,
  Phone = 5,
}

/** Labels of the keys in a certificate. */
export const enum KeyLabel {
  Session = 1,
  Grant = 2,
  Pin = 3,
  Sign = 4,
}

/** COSE (RFC 9052, RFC 9053). */
export const enum Cose {
  Sign1Tag = 18,
  Alg = 1,
  Kid = 4,
  EdDSA = -8,
}

/** First member of a ledger leaf: `[1, time, certificate]`, `[2, time, serial]`. */
export const enum LeafKind {
  Certificate = 1,
  Revocation = 2,
}

/** How the user showed presence; bits of `methods` in V1, value of `method` in V2. */
export const enum Method {
  None = 0,
  Button = 1,
  Pin = 2,
}
