// The slip that a cardholder gets: of the card its first six and last four digits, nothing else.
import { maskPan } from "@enabling-card/iso8583";

export interface ReceiptLines {
  readonly config: { readonly merchantName: string; readonly terminalId: string; readonly currency: string };
  readonly now: Date;
  /** Hundredths. */
  readonly amount: number;
  readonly verdict: string;
  readonly pan?: string | undefined;
  readonly stan?: string | undefined;
  readonly rrn?: string | undefined;
  readonly authCode?: string | undefined;
}

const WIDTH = 40;
/** ISO 4217 names of currencies with hundredths; others show their number. */
const CURRENCIES: Readonly<Record<string, string>> = { 156: "CNY", 756: "CHF", 826: "GBP", 840: "USD", 978: "EUR" };

export function receipt(lines: ReceiptLines): string {
  const { config, now, amount, verdict, pan, stan, rrn, authCode } = lines;
  const row = (label: string, value: string | undefined): string[] =>
    value === undefined ? [] : [label + value.padStart(WIDTH - label.length)];
  const sum = `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, "0")}`;
  return [
    config.merchantName,
    ...row("Terminal", config.terminalId),
    ...row("Date", now.toISOString().slice(0, 16).replace("T", " ")),
    ...row("Card", pan === undefined ? undefined : maskPan(pan)),
    ...row("Entry", pan === undefined ? undefined : "swiped"),
    ...row("STAN", stan),
    ...row("Reference", rrn),
    ...row("Authorization", authCode),
    ...row("Total", `${sum} ${CURRENCIES[config.currency] ?? config.currency}`),
    verdict,
  ].join("\n");
}
