// A card's log over its serial line: asked for again and again, each record told once. It says what happened to the machine; keys, tracks and
// account numbers are in no record.

import { LineFrames, LineKind, LOG_RECORD_SIZE, LOG_RECORDS, LogEvent, ModuleId } from "@enabling-card/wire";
import { askCard, GIVE_LOG } from "./card-frames.js";
import type { UpdateLine } from "./line.js";
import { startSentence } from "./start-reason.js";

export interface CardLogRecord {
  /** Since the card's start. */
  readonly ms: number;
  /** Counts from 1 since its start. */
  readonly number: number;
  readonly level: "info" | "warning";
  readonly event: string;
  readonly detail: string;
}

export interface FollowLogOptions {
  readonly signal: AbortSignal;
  /** What the card has now, and no more. */
  readonly once?: boolean;
  /** What was told before; nothing unless given. */
  readonly memory?: LogMemory;
  readonly onRecord: (record: CardLogRecord) => void;
  /** Each frame of the line, as it is: its kind and its octets. */
  readonly onFrame?: (kind: number, octets: Uint8Array) => void;
}

const EVERY_MS = 500;
/** A card that is just being started answers a little later. */
const ONCE_ROUNDS = 10;
const MODULES: Readonly<Record<number, string>> = {
  [ModuleId.Link]: "link",
  [ModuleId.Wallet]: "wallet",
  [ModuleId.Authenticator]: "authenticator",
};

/** Tells records until `signal` fires. @returns how many were told; with `once`, undefined where no answer came in some seconds */
export async function followLog(
  line: UpdateLine,
  { signal, once = false, memory = new LogMemory(), onRecord, onFrame }: FollowLogOptions,
): Promise<number | undefined> {
  const frames = new LineFrames();
  let told = 0;
  let answers = 0;
  const stop = line.onOctets((octets) => {
    for (const { kind, octets: inside } of frames.push(octets)) {
      onFrame?.(kind, inside);
      if (kind !== LineKind.Log) continue;
      for (const record of memory.newOf(recordsOf(inside))) {
        told++;
        onRecord(record);
      }
      answers++;
    }
  });
  try {
    for (let round = 0, before = -1; !signal.aborted; round++) {
      await askCard(line, GIVE_LOG, answers === before);
      before = answers;
      await pause(EVERY_MS, signal);
      if (once && answers > 0) return told;
      if (once && round === ONCE_ROUNDS) return undefined;
    }
    return told;
  } finally {
    stop();
  }
}

/** What was told of a card's log: who follows it again gives it to the next call, and hears what is new. */
export class LogMemory {
  readonly #told = new Map<number, string>();
  #last = 0;

  /** Those of an answer that were not told yet. A card that was started again counts anew: it has fewer, or others under the same numbers. */
  newOf(records: readonly CardLogRecord[]): readonly CardLogRecord[] {
    const isOther = (record: CardLogRecord) => (this.#told.get(record.number) ?? textOf(record)) !== textOf(record);
    const newest = records[records.length - 1]?.number ?? this.#last;
    if (newest < this.#last || records.some(isOther)) this.#told.clear();
    const fresh = records.filter(({ number }) => !this.#told.has(number));
    for (const record of fresh) this.#told.set(record.number, textOf(record));
    this.#last = newest;
    for (const number of this.#told.keys()) if (number <= newest - LOG_RECORDS) this.#told.delete(number);
    return fresh;
  }
}

const textOf = (record: CardLogRecord): string => JSON.stringify(record);

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
    if (signal.aborted) over();
  });
}

/** Records of one answer; what is no whole record is none. */
export function recordsOf(octets: Uint8Array): readonly CardLogRecord[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return Array.from({ length: Math.floor(octets.length / LOG_RECORD_SIZE) }, (_, i) => {
    const at = i * LOG_RECORD_SIZE;
    const [event, detail] = [view.getUint8(at + 8), view.getUint16(at + 10, true)];
    return {
      ms: view.getUint32(at, true),
      number: view.getUint32(at + 4, true),
      level: event === LogEvent.Trapped ? "warning" : "info",
      ...said(event, detail),
    };
  });
}

function said(event: number, detail: number): Pick<CardLogRecord, "event" | "detail"> {
  switch (event) {
    case LogEvent.Started:
      return { event: "started", detail: detail === 0 ? "the image has come up" : startSentence(detail) };
    case LogEvent.Trapped:
      return { event: "trapped", detail: `${MODULES[detail] ?? `module ${detail}`} was started anew` };
    case LogEvent.LineUp:
      return { event: "line up", detail: `chunks of at most ${detail} octets` };
    case LogEvent.LineDown:
      return { event: "line down", detail: "" };
    case LogEvent.Played:
      return { event: "played", detail: `a pass; ${detail} % of the cell left` };
    case LogEvent.Updating:
      return { event: "updating", detail: "over the air; wallet and authenticator have stopped" };
    default:
      return { event: `event ${event}`, detail: String(detail) };
  }
}
