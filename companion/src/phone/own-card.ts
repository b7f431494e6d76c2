// A card as its owner sees it on this phone.

import type { MeansView, PairStep, Token, WalletView } from "@enabling-card/sdk";
import { decodePairingCode, toBase32 } from "@enabling-card/wire";
import type { Together } from "../keep/records.js";

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
  /** How long this phone may be away, seconds; null for good; "none" where its firmware has no nearness; undefined until it was asked. */
  readonly nearness: number | null | "none" | undefined;
  /** When both were together last, where that is kept; and that it has been away for longer than it may. */
  readonly together: Together | undefined;
  readonly isLeft: boolean;
}

/** Of a card that was not near yet. */
export const UNSEEN = {
  ...{ wallet: undefined, chosen: undefined, nearness: undefined, together: undefined, isLeft: false },
} as const;

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
