// What a phone keeps of the payment means that it has registered: the key that their token cryptograms are made with, and how far it has seen them come.

import { equalBytes, type Standing, type TokenState } from "@enabling-card/wire";

/** A state with the version that orders it. */
export interface SeenState extends Standing {
  readonly version: number;
}

/** As the card says it holds a token. */
export interface HeldState {
  readonly version: number;
  readonly state: TokenState;
}

/** One registered token of a card. `key` is secret. */
export interface Registration {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** The issuer's name for it, 16 octets. */
  readonly registration: Uint8Array;
  /** 16 octets. */
  readonly key: Uint8Array;
  /** The newest state information whose cryptogram was right; null before the first. */
  readonly seen: SeenState | null;
  /** What the card held when it was last asked; null where it did not know the token. */
  readonly held: HeldState | null;
}

/** Where registrations are kept. At most one a token. */
export interface RegistrationStore {
  find(cardId: Uint8Array, tokenRef: Uint8Array): Promise<Registration | undefined>;
  /** Resolves once it would survive the process; replaces what was kept of that token. */
  save(registration: Registration): Promise<void>;
  /** Forgets all of a card. */
  forget(cardId: Uint8Array): Promise<void>;
}

export function isOf({ cardId, tokenRef }: Registration, card: Uint8Array, token: Uint8Array): boolean {
  return equalBytes(cardId, card) && equalBytes(tokenRef, token);
}

/** What `kept` become when `registration` is saved. */
export function withRegistration(kept: readonly Registration[], registration: Registration): Registration[] {
  const { cardId, tokenRef } = registration;
  return [registration, ...kept.filter((one) => !isOf(one, cardId, tokenRef))];
}

/** Keeps registrations while the process lives. */
export class MemoryRegistrationStore implements RegistrationStore {
  #kept: readonly Registration[] = [];

  async find(cardId: Uint8Array, tokenRef: Uint8Array): Promise<Registration | undefined> {
    return this.#kept.find((one) => isOf(one, cardId, tokenRef));
  }

  async save(registration: Registration): Promise<void> {
    this.#kept = withRegistration(this.#kept, registration);
  }

  async forget(cardId: Uint8Array): Promise<void> {
    this.#kept = this.#kept.filter((one) => !equalBytes(one.cardId, cardId));
  }
}
