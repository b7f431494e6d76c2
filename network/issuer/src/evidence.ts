// What travels beside every signed object, so that the card can judge who signed it.

export interface Evidence {
  readonly issuerCert: Uint8Array;
  readonly receipt: Uint8Array;
  readonly consistency: Uint8Array | null;
}

export interface GrantBundle extends Evidence {
  readonly sealed: Uint8Array;
  /** The token's counter: with the token it names the grant. */
  readonly atc: number;
}
