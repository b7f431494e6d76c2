// What a phone keeps of its pairings. A pairing is written before the card can count it, so that a cut link never locks the owner out.

import { equalBytes } from "@enabling-card/wire";
import type { StaticKey } from "../noise/static-key.js";

/** One pairing. Everything but `cardId`, `certificate` and `phoneName` is secret. */
export interface Pairing {
  readonly cardId: Uint8Array;
  /** The phone's static key for this card, of the store's own making. */
  readonly phoneKey: StaticKey;
  /** The card's static public key. */
  readonly cardKey: Uint8Array;
  /** The card's certificate, checked against the maker's root. */
  readonly certificate: Uint8Array;
  /** Recognises the card's advertisements, 32 octets. */
  readonly identifierKey: Uint8Array;
  readonly phoneName: string;
  /** False until the card's first sealed message. */
  readonly confirmed: boolean;
}

/** Where pairings are kept. At most one confirmed and one unconfirmed a card. */
export interface PairingStore {
  /** A new key for a pairing, in the best keeping that the store has; one in memory without. */
  newKey?(): Promise<StaticKey>;
  /** Pairings of all cards, or of one; the newest first. */
  list(cardId?: Uint8Array): Promise<readonly Pairing[]>;
  /** Resolves once the pairing would survive the process. A confirmed one replaces all of its card, an unconfirmed one only such. */
  save(pairing: Pairing): Promise<void>;
  /** Forgets all pairings of a card. */
  forget(cardId: Uint8Array): Promise<void>;
  /** Forgets the unconfirmed pairing of a card. */
  forgetUnconfirmed(cardId: Uint8Array): Promise<void>;
}

/** What `pairings` become when `pairing` is saved. */
export function withPairing(pairings: readonly Pairing[], pairing: Pairing): Pairing[] {
  const stays = (other: Pairing) =>
    !equalBytes(other.cardId, pairing.cardId) || (!pairing.confirmed && other.confirmed);
  return [pairing, ...pairings.filter(stays)];
}

/** Keeps pairings while the process lives. */
export class MemoryPairingStore implements PairingStore {
  #pairings: Pairing[] = [];

  async list(cardId?: Uint8Array): Promise<readonly Pairing[]> {
    return this.#pairings.filter((pairing) => cardId === undefined || equalBytes(pairing.cardId, cardId));
  }

  async save(pairing: Pairing): Promise<void> {
    this.#pairings = withPairing(this.#pairings, pairing);
  }

  async forget(cardId: Uint8Array): Promise<void> {
    this.#pairings = this.#pairings.filter((pairing) => !equalBytes(pairing.cardId, cardId));
  }

  async forgetUnconfirmed(cardId: Uint8Array): Promise<void> {
    this.#pairings = this.#pairings.filter((one) => one.confirmed || !equalBytes(one.cardId, cardId));
  }
}
