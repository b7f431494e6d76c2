// A development log with keys of its own, a clock that tests move, and certificates to store.

import { Role } from "@enabling-card/wire";
import { expect } from "chai";
import {
  type Authority,
  authority,
  DevelopmentLog,
  type DevelopmentLogOptions,
  LedgerError,
  signingKey,
} from "../src/index.js";

export const seed = (n: number) => new Uint8Array(32).fill(n);
export const NODE = signingKey(seed(1));
export const ORIGIN = "enabling-card.test/log";
export const T0 = 1_800_000_000;

export const issuers = authority("test root", Role.Issuer, signingKey(seed(2)));
export const cards = authority("test maker", Role.Card, signingKey(seed(3)));

export const certificate = (from: Authority = issuers, life: { notBefore?: number; expires?: number } = {}) =>
  from.issue({
    sub: "Example",
    keys: { sign: seed(9), grant: seed(8) },
    notBefore: life.notBefore ?? T0 - 60,
    expires: life.expires ?? T0 + 10 * 86_400,
  });

export interface Clock {
  now: number;
}

export function openLog(clock: Clock, change: Partial<DevelopmentLogOptions> = {}): DevelopmentLog {
  return new DevelopmentLog({
    file: ":memory:",
    origin: ORIGIN,
    node: NODE,
    roots: { [Role.Issuer]: issuers.publicKey, [Role.Card]: cards.publicKey },
    now: () => clock.now,
    ...change,
  });
}

/** `work` must throw a `LedgerError` with `code` and a sentence. */
export function expectLedgerError(work: () => unknown, code: string): void {
  let thrown: unknown;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `expected ${code}`).to.be.instanceOf(LedgerError);
  expect(thrown).to.have.property("code", code);
  expect((thrown as LedgerError).message).to.have.length.greaterThan(20);
}
