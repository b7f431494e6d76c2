// A card as its owner sees it on this phone.

import type { MeansView, PairStep, Token, WalletView } from "@enabling-card/sdk";
import { decodePairingCode, toBase32 } from "@enabling-card/wire";

/** What pays, on a card. */
export interface Means {
  readonly token: Token;
  readonly view: MeansView;
}

/** One card of this phone's. */
export interface OwnCard {
  /** Base32 of its id. */
  readonly name: string;
  readonly cardId: Uint8Array;
  readonly link: "away" | "connecting" | "near";
  /** Known once it was near. */
  readonly batteryPercent: number | undefined;
  readonly means: readonly Means[];
  /** What it is about: armed, sending, sent. Known while it is near. */
  readonly wallet: WalletView | undefined;
  /** What its button has chosen for the next payment: a token's reference, hexadecimal, which this phone may not know. */
  readonly chosen: string | undefined;
}

/** Steps of pairing and of what follows it, for people. */
export type PairingStep = PairStep | "enrolling" | "registering";

/** Which card a code is of; undefined of one that is none. */
export function cardNamed(code: string): string | undefined {
  try {
    return toBase32(decodePairingCode(code).cardId);
  } catch {
    return undefined;
  }
}
