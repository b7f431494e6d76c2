// A code that is presented, by a stripe at a terminal or by a device over HTTP: is it good, for this device, this provider, this cost, now, and for the
// first time? What comes of it is the account to ask the issuer about, or why not.

import { isIPv6 } from "node:net";
import type { PeerLine } from "@enabling-card/doors";
import { currencyOf } from "@enabling-card/wire";
import { equalMac } from "./device-mac.js";
import { PROCESSOR_DECLINES, type ProcessorDecline } from "./errors.js";
import type { Account, Processor } from "./processor.js";
import type { CodeRow } from "./rows.js";
import type { Tables } from "./store.js";

/** Wrong tries within a day after which a device, or a terminal, is heard no more: nobody tries a hundred million codes five a day. */
export const FAILURES_MAX = 5;
export const FAILURE_WINDOW_S = 86_400;
/** Of one address within an hour, whatever lines it opens and terminals it names. Many may be behind it: what is right is taken from there nevertheless. */
export const ADDRESS_FAILURES_MAX = 100;
const ADDRESS_WINDOW_S = 3600;
/** How long a request's repeat is one: less than an issuer keeps its answer, by what clocks may differ, so that none is decided anew. */
export const REPEAT_WINDOW_S = 86_400 - 60;

export interface Presented {
  readonly code: string;
  /** What the request is called by, however it is repeated. */
  readonly request: string;
  /** Keyed hash of all that it asks for, and of what shows the device: a repeat has the same. */
  readonly asked: string;
  /** DE 7 of it. */
  readonly sent: string;
  /** Where it was presented: acquirer and terminal. */
  readonly terminal: string;
  /** And by which line, where there is one: that is no claim. */
  readonly line: Pick<PeerLine, "name" | "address"> | undefined;
  readonly provider: string;
  readonly cost: number;
  readonly currency: string;
  /** DE 19, of a terminal; its currency is to be that country's own. */
  readonly country: string | undefined;
  /** Whether it is the device that shows it. @param key - The device's */
  readonly isShownBy: (key: Uint8Array) => boolean;
}

export interface Taken {
  readonly account: Account;
  /** DE 7 of the request that used it: the first time it came. */
  readonly sent: string;
  /** It came before: what the issuer said then is asked for. */
  readonly isRepeat: boolean;
}

/** What comes of what was shown, and what is to be written for it, if anything is. */
interface Judged {
  readonly outcome: Taken | ProcessorDecline;
  readonly write?: (kept: Tables) => Promise<void>;
  /** Of a wrong try: with whose others it is counted. */
  readonly counter?: string;
}

/** Uses the code, once; the very same request again finds it as it left it, and any other of that name finds it used. */
export async function present(processor: Processor, presented: Presented): Promise<Taken | ProcessorDecline> {
  const { store, presenting } = processor;
  const decide = () =>
    store.atomically(async (kept) => {
      const { outcome, write } = await judged(processor, kept, presented);
      await write?.(kept);
      return outcome;
    });
  if (!store.isServer) return decide();
  // Of a server's lanes two hundred who present one code would have them all, and wait too long: what is looked at about one time is looked up together, and
  // of a code one is in a transaction, behind which the others look again. Whoever has nothing to write needs none: a code that was used stays so.
  for (;;) {
    const { outcome, write, counter } = await judged(processor, store, presented);
    if (write === undefined) return outcome;
    // They would be in each other's way, and in everybody's: one address has one lane for its wrong tries.
    if (counter !== undefined) return processor.wrong.run(counter, decide);
    const earlier = presenting.get(presented.code);
    if (earlier === undefined) break;
    await earlier;
  }
  const mine = decide();
  const settled = mine.catch(() => undefined);
  presenting.set(presented.code, settled);
  try {
    return await mine;
  } finally {
    presenting.delete(presented.code);
  }
}

async function judged(processor: Processor, kept: Tables, presented: Presented): Promise<Judged> {
  const { code, request, asked, sent, terminal, line } = presented;
  const now = processor.now();
  const row = await kept.code(processor.nameOf("code", code));
  const since = now - FAILURE_WINDOW_S;
  if (row !== undefined && isRepeat(row, presented, now)) {
    return { outcome: { account: processor.accountOf(row), sent: row.sent!, isRepeat: true } };
  }
  // Anybody can say that he is a shop's terminal: what he does on his line locks that terminal on it, and on no other.
  const place = processor.nameOf("terminal", JSON.stringify([line?.name ?? null, terminal]));
  const ofAddress = line && processor.nameOf("address", networkOf(line.address));
  if ((await kept.failures(place, since)) >= FAILURES_MAX) return { outcome: "TERMINAL_LOCKED" };
  const recent = ofAddress === undefined ? 0 : await kept.failures(ofAddress, now - ADDRESS_WINDOW_S);
  const isSpent = recent >= ADDRESS_FAILURES_MAX;
  /** Whoever has had his tries hears of all that is wrong the same. */
  const wrong = (decline: ProcessorDecline, ...counted: readonly string[]): Judged => {
    const subjects = [...(isSpent ? [] : [place, ofAddress]), ...counted].filter((subject) => subject !== undefined);
    const outcome = isSpent ? "TRIES_SPENT" : decline;
    if (subjects.length === 0) return { outcome };
    const write = async (tables: Tables) => {
      for (const subject of subjects) await tables.addFailure(subject, now, since);
    };
    return { outcome, write, counter: ofAddress ?? place };
  };
  if (row === undefined) return wrong("CODE_UNKNOWN");
  const device = processor.nameOf("device", row.device);
  if ((await kept.failures(device, since)) >= FAILURES_MAX) {
    return { outcome: isSpent ? "TRIES_SPENT" : "DEVICE_LOCKED" };
  }
  const key = await processor.deviceKey(kept, row.device);
  // Of a code that was used, or is over, who has seen it knows all but its device's next digits, and those pay nothing: that is no guess at the device's.
  const isGuess = row.request === null && !isOver(row, now);
  if (key === undefined || !presented.isShownBy(key)) return wrong("DEVICE_WRONG", ...(isGuess ? [device] : []));
  const unfit = misfit(row, presented, now);
  if (unfit !== undefined) return { outcome: unfit };
  // One name, one purchase: an issuer's answer to it is no other's, and a reversal reverses no other.
  // Looked at by itself it may be this code that has it by now: nothing is written, and yet it is for a transaction to say.
  if (await kept.isRequestKnown(request)) return { outcome: "NAME_TAKEN", write: async () => undefined };
  return {
    outcome: { account: processor.accountOf(row), sent, isRepeat: false },
    write: (tables) => tables.useCode(row.code_name, { request, asked, sent, usedAt: now }),
  };
}

/** What one peer has as its own: an address, of IPv6 the first 64 bits (RFC 6177). */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes(".")) return address.replace(/^.*:/, ""); // ::ffff:192.0.2.1 is 192.0.2.1
  const [before = "", behind] = address.split("::");
  const groups = before.split(":").filter((group) => group !== "");
  const left = behind === undefined ? 0 : 8 - groups.length - behind.split(":").filter((group) => group !== "").length;
  return [...groups, ...Array<string>(left).fill("0"), ...(behind ?? "").split(":")].slice(0, 4).join(":");
}

/** Whoever knows a request's name (STAN, terminal, time) can send another amount under it: the issuer would decide on that anew. */
function isRepeat(row: CodeRow, { request, asked }: Presented, now: number): boolean {
  if (row.request !== request || row.asked === null || row.used_at === null) return false;
  return equalMac(row.asked, asked) && now < row.used_at + REPEAT_WINDOW_S;
}

function misfit(
  row: CodeRow,
  { provider, cost, currency, country }: Presented,
  now: number,
): ProcessorDecline | undefined {
  if (row.request !== null) return "CODE_USED";
  if (isOver(row, now)) return "CODE_EXPIRED";
  if (now < row.not_before) return "CODE_TOO_EARLY";
  if (provider !== row.provider) return "PROVIDER_WRONG";
  if (cost > row.max_cost || currency !== row.currency) return "COST_OVER";
  return country === undefined || currencyOf(Number(country)) === currency ? undefined : "CURRENCY_WRONG";
}

function isOver({ cancelled, expires }: CodeRow, now: number): boolean {
  return cancelled === 1 || now >= expires;
}

export function isDecline(taken: Taken | ProcessorDecline): taken is ProcessorDecline {
  return typeof taken === "string" && taken in PROCESSOR_DECLINES;
}
