// Load on the terminals' door. Open loop: each request has its time, whether or not those before it are answered, and its latency is counted from then.

import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** Terminals' lines, and requests of each that wait for an answer where the loop is closed. */
const LINES = 32;
const WAITING = 16;
/** How long the next answer is waited for, ms: a slow door is measured, a dead one is not waited for. */
const PATIENCE_MS = 30_000;
/** Of an answer, without its length: where MTI and bitmap end. */
const APPROVED = Buffer.from("00");

export interface Answered {
  /** From the scheduled start to the answer, ms, in the order of answers. */
  readonly latenciesMs: Float64Array;
  readonly approved: number;
  readonly seconds: number;
}

interface Door {
  readonly host: string;
  readonly port: number;
}

/** One line: requests go out, answers come back in order. */
class Line {
  readonly socket: Socket;
  readonly #due: number[] = [];
  #rest = Buffer.alloc(0);
  readonly #onAnswer: (dueMs: number, isApproved: boolean, line: Line) => void;

  constructor({ host, port }: Door, onAnswer: (dueMs: number, isApproved: boolean, line: Line) => void) {
    this.#onAnswer = onAnswer;
    this.socket = connect({ host, port, noDelay: true });
    this.socket.on("data", (chunk) => this.#hear(chunk));
  }

  get waiting(): number {
    return this.#due.length;
  }

  send(request: Uint8Array, dueMs: number): void {
    this.#due.push(dueMs);
    this.socket.write(request);
  }

  #hear(chunk: Buffer): void {
    let octets = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (octets.length >= 2) {
      const end = 2 + octets.readUInt16BE(0);
      if (octets.length < end) break;
      this.#onAnswer(this.#due.shift()!, isApproved(octets.subarray(2, end)), this);
      octets = octets.subarray(end);
    }
    this.#rest = Buffer.from(octets);
  }
}

/** DE 38 and 39 stand before DE 41 in these answers: an approval code, and 00. */
function isApproved(message: Buffer): boolean {
  const bitmap = message.subarray(4, 12);
  const hasCode = (bitmap[(38 - 1) >> 3]! & (0x80 >> ((38 - 1) & 7))) !== 0;
  return hasCode && message.indexOf(APPROVED, 12) >= 0;
}

/** `rate` requests a second, evenly, from `requests[from]` to before `requests[to]`. */
export async function loadOpen(
  door: Door,
  requests: readonly Uint8Array[],
  { rate, from, to, signal }: { rate: number; from: number; to: number; signal?: AbortSignal },
): Promise<Answered> {
  const run = await lines(door, to - from);
  const start = performance.now() + 20;
  for (let sent = from; sent < to; ) {
    signal?.throwIfAborted();
    const now = performance.now();
    for (; sent < to; sent++) {
      const due = start + ((sent - from) * 1000) / rate;
      if (due > now) break;
      run.lines[sent % LINES]!.send(requests[sent]!, due);
    }
    await pause(1);
  }
  return run.end(start);
}

/** As fast as they are answered: what the door carries at most. */
export async function loadClosed(
  door: Door,
  requests: readonly Uint8Array[],
  { from, to, signal }: { from: number; to: number; signal?: AbortSignal },
): Promise<Answered> {
  let next = from;
  const more = (line: Line) => {
    while (line.waiting < WAITING && next < to && signal?.aborted !== true)
      line.send(requests[next++]!, performance.now());
  };
  const run = await lines(door, to - from, more);
  const start = performance.now();
  for (const line of run.lines) more(line);
  return run.end(start);
}

async function lines({ host, port }: Door, count: number, onRoom: (line: Line) => void = () => undefined) {
  const latenciesMs = new Float64Array(count);
  let answered = 0;
  let approved = 0;
  let last = performance.now();
  let isDone: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const done = new Promise<void>((resolve, reject) => {
    isDone = resolve;
    fail = reject;
  });
  done.catch(() => undefined);
  const all = Array.from({ length: LINES }, () => {
    const line = new Line({ host, port }, (dueMs, isGood, from) => {
      last = performance.now();
      latenciesMs[answered++] = last - dueMs;
      if (isGood) approved++;
      onRoom(from);
      if (answered === count) isDone();
    });
    line.socket.on("error", fail);
    line.socket.on("close", () => fail(new Error("the door closed a line of the bench")));
    return line;
  });
  await Promise.all(all.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve))));
  return {
    lines: all,
    async end(start: number): Promise<Answered> {
      const sent = performance.now();
      const timer = setInterval(() => {
        if (performance.now() - Math.max(sent, last) > PATIENCE_MS)
          fail(new Error(`${count - answered} requests got no answer`));
      }, 1000);
      await done.finally(() => {
        clearInterval(timer);
        for (const { socket } of all) socket.removeAllListeners("close").destroy();
      });
      return { latenciesMs, approved, seconds: (last - start) / 1000 };
    },
  };
}

/** The latency that a share of the answers is within. */
export function percentile(latenciesMs: Float64Array, share: number): number {
  const sorted = latenciesMs.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
