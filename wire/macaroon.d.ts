// What sdk and network use of npm's macaroon, which brings no types.

declare module "macaroon" {
  export interface Macaroon {
    readonly signature: Uint8Array;
    addFirstPartyCaveat(condition: string): void;
    /** @throws {Error} where the chain is not of that key; `check` gives why a condition is not met, or null */
    verify(rootKey: Uint8Array, check: (condition: string) => string | null, discharges?: readonly Macaroon[]): void;
    exportJSON(): unknown;
  }

  const macaroons: {
    newMacaroon(options: { identifier: string; rootKey: Uint8Array; location?: string; version: 2 }): Macaroon;
    importMacaroon(json: unknown): Macaroon;
  };
  export default macaroons;
}
