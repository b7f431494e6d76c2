// Messages between terminal, processor, access control server and issuer as a sequence diagram in a terminal: a column for each party, an arrow for each message, and what it
// says beside it.

import type { WatchedMessage } from "@enabling-card/network";
import type { Paint } from "../output.js";

const PARTIES = ["terminal", "processor", "acs", "issuer"] as const;
/** Characters between two columns. */
const GAP = 15;
const MARGIN = 4;

/** The line with the parties' names, each over its column. */
export function sequenceHeader(): string {
  let line = "";
  for (const [i, party] of PARTIES.entries()) {
    line = line.padEnd(Math.max(0, columnOf(i) - Math.floor(party.length / 2))) + party;
  }
  return line;
}

/** One message: `|--0100------->|             |  12.50 978 999999******1234`. */
export function sequenceLine(message: WatchedMessage, paint: Paint): string {
  const [from, to] = [PARTIES.indexOf(message.from), PARTIES.indexOf(message.to)];
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  // It passes over the columns of those between.
  const length = (right - left) * (GAP + 1) - 2;
  const arrow =
    to > from
      ? `--${message.mti}`.padEnd(length, "-").concat(">")
      : "<".concat(`${message.mti}--`.padStart(length, "-"));
  const empty = (columns: number) => `${" ".repeat(GAP)}|`.repeat(Math.max(0, columns));
  const line = `${" ".repeat(MARGIN)}|${empty(left)}${arrow}|${empty(PARTIES.length - 1 - right)}  `;
  return `${line}${said(message, paint)}`;
}

const STATUSES: Readonly<Record<string, string>> = {
  Y: "Y authenticated",
  N: "N not authenticated",
  C: "C the card is asked",
  R: "R rejected",
};

function said({ mti, fields }: WatchedMessage, paint: Paint): string {
  const { transStatus, transStatusReason, eci, acctNumber, merchantName, resultsStatus } = fields;
  if (transStatus !== undefined) {
    const isGood = transStatus === "Y" || transStatus === "C";
    const words = paint(isGood ? "green" : "yellow", STATUSES[transStatus] ?? transStatus);
    return [words, transStatusReason && `reason ${transStatusReason}`, eci && paint("dim", `ECI ${eci}`)]
      .filter(Boolean)
      .join(" ");
  }
  if (resultsStatus !== undefined) return resultsStatus === "01" ? "taken" : paint("yellow", "not taken");
  if (acctNumber !== undefined) {
    const amount = (Number(fields.purchaseAmount) / 100).toFixed(2);
    return [amount, fields.purchaseCurrency, acctNumber, paint("dim", merchantName ?? "")].join(" ");
  }
  // ISO 8583:1987, MTI: of an answer the third digit is odd.
  const code = Number(mti[2]) % 2 === 1 ? fields[39] : undefined;
  if (code !== undefined) {
    const isApproved = code === "00";
    const words = isApproved
      ? `${code} ${mti === "0410" ? "taken" : "approved"}`
      : `${code} ${fields[44] ?? "declined"}`;
    const authCode = fields[38] === undefined ? "" : ` ${fields[38]}`;
    return `${paint(isApproved ? "green" : "yellow", words)}${authCode} ${paint("dim", `STAN ${fields[11]}`)}`;
  }
  const amount = fields[4] === undefined ? "" : `${(Number(fields[4]) / 100).toFixed(2)} ${fields[49] ?? ""}`;
  const number = fields[2] ?? fields[35] ?? "";
  return [amount, number, paint("dim", `STAN ${fields[11]} ${fields[41] ?? ""}`)]
    .filter((part) => part !== "")
    .join(" ");
}

function columnOf(party: number): number {
  return MARGIN + party * (GAP + 1);
}
