// What a right is restricted to, as options of a command line.

import type { Caveat } from "@enabling-card/wire";
import { fromBase32, readCaveat } from "@enabling-card/wire";
import { InvalidArgumentError } from "commander";

/** Euro, ISO 4217: this phone's shops take it. */
const CURRENCY = "978";
const UNITS = { m: 60, h: 3_600, d: 86_400 } as const;

export interface Restrictions {
  readonly uses?: number;
  /** Seconds from now. */
  readonly for?: number;
  /** Cents. */
  readonly amount?: number;
  readonly total?: number;
  readonly category?: readonly number[];
  readonly merchant?: string;
  /** Base32. */
  readonly to?: string;
  readonly show?: "PIN" | "button";
}

/** @param now - Seconds since 1970 */
export function caveatsOf(options: Restrictions, now: number): Caveat[] {
  const { uses, for: lifeS, amount, total, category, merchant, to, show } = options;
  return [
    ...(to === undefined ? [] : [{ kind: "card", cardId: to } as const]),
    ...(uses === undefined ? [] : [{ kind: "uses", atMost: uses } as const]),
    ...(lifeS === undefined ? [] : [{ kind: "until", at: now + lifeS } as const]),
    ...(amount === undefined ? [] : [{ kind: "amount", atMost: amount, currency: CURRENCY } as const]),
    ...(total === undefined ? [] : [{ kind: "total", atMost: total, currency: CURRENCY } as const]),
    ...(category === undefined ? [] : [{ kind: "categories", codes: [...category].sort((a, b) => a - b) } as const]),
    ...(merchant === undefined ? [] : [{ kind: "merchant", name: merchant } as const]),
    ...(show === undefined ? [] : [{ kind: "method", method: show } as const]),
  ];
}

/** "90m", "12h" or "7d". @returns seconds. @throws {InvalidArgumentError} */
export function lifetime(text: string): number {
  const parts = /^([1-9][0-9]{0,4})([mhd])$/.exec(text);
  if (parts === null) throw new InvalidArgumentError("A time is 90m, 12h or 7d.");
  return Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS];
}

/** A card's name, whole. @throws {InvalidArgumentError} */
export function cardName(text: string): string {
  if (fromBase32(text) === undefined) throw new InvalidArgumentError("A card's name has 26 letters and digits.");
  return text.toUpperCase();
}

/** One merchant category code more (ISO 18245). @throws {InvalidArgumentError} */
export function oneMore(text: string, before: readonly number[] = []): readonly number[] {
  if (!/^\d{4}$/.test(text)) throw new InvalidArgumentError("A category has four digits (ISO 18245).");
  return [...new Set([...before, Number(text)])];
}

/** A line of a right, for people. */
export function sentenceOf(line: string): string {
  const caveat = readCaveat(line);
  switch (caveat?.kind) {
    case undefined:
      return `${line} (this program does not know that; neither does an issuer that refuses it)`;
    case "card":
      return `for the card ${caveat.cardId}`;
    case "method":
      return caveat.method === "PIN" ? "by the card's PIN alone" : "by the card's button alone";
    case "uses":
      return caveat.atMost === 1 ? "once" : `${caveat.atMost} times`;
    case "amount":
      return `up to ${money(caveat.atMost, caveat.currency)} each time`;
    case "total":
      return `up to ${money(caveat.atMost, caveat.currency)} in all`;
    case "from":
      return `from ${time(caveat.at)} on`;
    case "until":
      return `until ${time(caveat.at)}`;
    case "categories":
      return `in shops of category ${caveat.codes.map((code) => String(code).padStart(4, "0")).join(", ")}`;
    case "merchant":
      return `at ${caveat.name}`;
    case "part":
      return "handed on from here";
  }
}

export function money(amount: number, currency: string): string {
  return `${(amount / 100).toFixed(2)} ${currency === CURRENCY ? "EUR" : currency}`;
}

/** To the minute, as this machine has it. */
export function time(seconds: number): string {
  return new Date(1000 * seconds).toLocaleString("sv-SE").slice(0, 16);
}
