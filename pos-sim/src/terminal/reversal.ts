// What a terminal does about a request that got no answer: it may have been approved, so it is reversed (ISO 8583:1987, 0400, and its repeat 0401).

import type { Fields, Message } from "@enabling-card/iso8583";
import { exchange, type HostAddress } from "./host-link.js";

/** Whether the network has heard of it: if not, nobody knows what was decided. */
export type Reversal = "taken" | "unanswered";

/** The request's fields that its reversal has as well: no track, no number. */
const KEPT = [3, 4, 18, 19, 22, 25, 32, 41, 42, 43, 49] as const;
const ACQUIRER_DIGITS = 11;
const TRIES = 2;
/** Longest wait for an answer, ms: somebody stands at the till. */
const WAIT_MS = 2000;

export interface ReversalNumbers {
  /** DE 7, 11 and 37 of the reversal itself. */
  readonly time: string;
  readonly stan: string;
  readonly reference: string;
}

/** The reversal of `request`. */
export function reversalOf(request: Message, { time, stan, reference }: ReversalNumbers): Message {
  const { mti, fields } = request;
  const kept = Object.fromEntries(KEPT.flatMap((de) => (fields[de] === undefined ? [] : [[de, fields[de]]])));
  // DE 90: MTI, STAN, time and acquirer of what is reversed; nobody forwarded it.
  const acquirer = fields[32]!.padStart(ACQUIRER_DIGITS, "0");
  const original = `${mti}${fields[11]}${fields[7]}${acquirer}${"0".repeat(ACQUIRER_DIGITS)}`;
  return { mti: "0400", fields: { ...kept, 7: time, 11: stan, 37: reference, 90: original } as Fields };
}

/** Sends it, and once more. Never rejects. */
export async function reverse(address: HostAddress, reversal: Message, timeoutMs: number): Promise<Reversal> {
  for (let tries = 0; tries < TRIES; tries++) {
    const message = { ...reversal, mti: tries === 0 ? "0400" : "0401" };
    try {
      const { mti, fields } = await exchange(address, message, { timeoutMs: Math.min(timeoutMs, WAIT_MS) });
      if (mti === "0410" && fields[11] === reversal.fields[11] && fields[39] === "00") return "taken";
    } catch {
      // The next try, or nobody knows.
    }
  }
  return "unanswered";
}
