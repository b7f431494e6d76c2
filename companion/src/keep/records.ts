// What is kept, record by record.

import type { Pairing, Registration, Token, WebCryptoHandle } from "@enabling-card/sdk";

/** A key that WebCrypto holds is kept as its handle; where the browser has no X25519, as its octets. */
export interface StoredPairing extends Omit<Pairing, "phoneKey"> {
  readonly card: string;
  readonly confirmedAs: number;
  readonly savedMs: number;
  readonly phoneKey: WebCryptoHandle | { readonly secret: Uint8Array };
}

export interface StoredRegistration extends Registration {
  readonly card: string;
  readonly token: string;
}

/** What the issuer gave for a card: the access key, once; and its payment means. It outlives a pairing, as the card may be paired again. */
export interface Account {
  /** Base32 of the card's id: its name. */
  readonly card: string;
  readonly cardId: Uint8Array;
  /** A secret. */
  readonly accessKey: string;
  /** How far the card had followed the ledger when it was last seen. */
  readonly checkpointSize: number;
  readonly tokens: readonly Token[];
}

/** Where a phone was, by its browser. */
export interface Place {
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
  /** It is within so many metres, by 95 of 100. */
  readonly accuracyM: number;
}

/** When this phone and a card were together last: kept where the card's owner chose how long it may be away. */
export interface Together {
  readonly card: string;
  /** How long that is, seconds. */
  readonly awayS: number;
  readonly lastMs: number;
  /** Where he allowed it. */
  readonly place?: Place;
}

/** How a payment ended, as far as this phone knows; `unused` and `reversed` are told by the issuer, which has closed it. */
export type Outcome = "approved" | "declined" | "reversed" | "unused" | "not-sent" | "sent" | "unknown";

/** One grant: what is known of it, and never more. */
export interface Payment {
  readonly id?: number;
  readonly card: string;
  readonly last4: string;
  readonly merchant: string;
  /** The most that could be charged, cents. */
  readonly cap: number;
  readonly startedMs: number;
  /** Of the grant, hexadecimal: what the card calls it by. None where the card never had it. */
  readonly grantHash?: string;
  /** Its token, hexadecimal, and the counter that the issuer calls it by. None where the issuer was not asked, or gave none. */
  readonly token?: string;
  readonly atc?: number;
  /** From when on the issuer is asked to close it, where nobody has heard how it ended. */
  readonly closeAtMs?: number;
  /** The issuer has closed it: what it said stands. */
  readonly isClosed?: boolean;
  readonly outcome: Outcome;
  /** What was said: the terminal's answer, or why nothing was sent. */
  readonly detail: string;
}
