// Messages between terminal, processor and issuer as a sequence diagram in a terminal: a column for each party, an arrow for each message, and what it
// says beside it.

import type { WatchedMessage } from "@enabling-card/network";
import type { Paint } from "../output.js";

const PARTIES = ["terminal", "processor", "issuer"] as const;
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
  const left = Math.min(from, to);
  const isRight = to > from;
  const drawn = PARTIES.slice(0, -1).map((_, i) => {
    if (i !== left) return " ".repeat(GAP);
    return isRight
      ? `--${message.mti}`.padEnd(GAP - 1, "-").concat(">")
      : "<".concat(`${message.mti}--`.padStart(GAP - 1, "-"));
  });
  const line = `${" ".repeat(MARGIN)}|${drawn.join("|")}|  `;
  return `${line}${said(message, paint)}`;
}

function said({ mti, fields }: WatchedMessage, paint: Paint): string {
  const code = fields[39];
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
