// Whether what is asked of a delegated right meets all that restricts it. A restriction that the request leaves no way to check is not met.

import { type Caveat, type CaveatMethod, Method } from "@enabling-card/wire";
import { DelegationError, type DelegationErrorCode } from "./errors.js";

/** What a grant is asked for by a right. Times in seconds since 1970, amounts in minor units. */
export interface Presented {
  /** Base32: the card that is to pay. */
  readonly cardId: string;
  readonly now: number;
  readonly maxAmount: number;
  /** ISO 4217 numeric, which amounts of its country are in. */
  readonly currency: string;
  readonly mcc?: number | undefined;
  readonly merchant?: string | undefined;
}

/** @throws {DelegationError} `CAVEAT_...`, of the first one that is not met */
export function expectMet(caveats: readonly Caveat[], presented: Presented): void {
  for (const caveat of caveats) {
    const fault = faultOf(caveat, presented);
    if (fault) throw new DelegationError(fault);
  }
  if (methodsOf(caveats) === Method.None) throw new DelegationError("CAVEAT_METHOD");
}

function faultOf(caveat: Caveat, presented: Presented): DelegationErrorCode | undefined {
  const { cardId, now, maxAmount, currency, mcc, merchant } = presented;
  switch (caveat.kind) {
    case "card":
      return caveat.cardId === cardId ? undefined : "CAVEAT_CARD";
    case "from":
      return now >= caveat.at ? undefined : "CAVEAT_NOT_YET";
    case "until":
      return now < caveat.at ? undefined : "CAVEAT_EXPIRED";
    case "amount":
    case "total":
      if (caveat.currency !== currency) return "CAVEAT_CURRENCY";
      if (maxAmount <= caveat.atMost) return undefined;
      return caveat.kind === "amount" ? "CAVEAT_AMOUNT" : "CAVEAT_TOTAL";
    case "categories":
      return mcc !== undefined && caveat.codes.includes(mcc) ? undefined : "CAVEAT_CATEGORY";
    case "merchant":
      return merchant !== undefined && plain(merchant) === plain(caveat.name) ? undefined : "CAVEAT_MERCHANT";
    case "uses":
      return caveat.atMost > 0 ? undefined : "CAVEAT_USES";
    case "method":
    case "part":
      return undefined;
  }
}

/** Two that differ in capitals alone are one to whoever reads them, as where the grant pays. */
function plain(name: string): string {
  return name.trim().toUpperCase();
}

const BITS: Readonly<Record<CaveatMethod, number>> = { button: Method.Button, PIN: Method.Pin };

/** By which the card's user may show to be there, bits of `Method`: what all caveats allow. */
export function methodsOf(caveats: readonly Caveat[]): number {
  return caveats.reduce((bits, caveat) => (caveat.kind === "method" ? bits & BITS[caveat.method] : bits), ANY_METHOD);
}

export const ANY_METHOD = Method.Button | Method.Pin;

/** What is left of a right, whatever was used of it: the tightest of each. */
export interface Limits {
  /** Seconds since 1970. */
  readonly until?: number;
  /** Of one payment, minor units of `currency`. */
  readonly amount?: number;
  readonly currency?: string;
}

export function limitsOf(caveats: readonly Caveat[]): Limits {
  const least = (values: readonly number[]) => (values.length > 0 ? Math.min(...values) : undefined);
  const until = least(caveats.flatMap((one) => (one.kind === "until" ? [one.at] : [])));
  const money = caveats.flatMap((one) => (one.kind === "amount" || one.kind === "total" ? [one] : []));
  const amount = least(money.map(({ atMost }) => atMost));
  return {
    ...(until !== undefined && { until }),
    ...(amount !== undefined && { amount, currency: money[0]!.currency }),
  };
}
