// Adapter for a card's serial line: frames of octets (wire/line-frames.ts) over a port of the Web Serial API, or over any line in octets, such as npm's
// serialport or QEMU gives. One chunk is under way at a time: a card has room for no more, and the line no flow control.

import { ATT_HEADER, encodeLineFrame, LE_MTU_MAX, type LineFrame, LineFrames, LineKind } from "@enabling-card/wire";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import { askCard, GIVE_LOG } from "../update/card-frames.js";
import type { UpdateLine } from "../update/line.js";
import { type WebSerialPort, webSerialLine } from "../update/web-serial.js";
import type { CardLink, CardTransport } from "./card-link.js";
import { gattOptions } from "./gatt.js";
import { LinkEnd } from "./link-end.js";

/** A port that `navigator.serial.requestPort()` gave, or what opens a line otherwise. */
export type SerialSource = WebSerialPort | (() => Promise<UpdateLine>);

export interface SerialTransportOptions {
  /** What the card is called here; `serial` unless told. */
  readonly id?: string;
  /** Longest chunk and 3, octets, 23 to 517, as it were the MTU of Bluetooth; 247 unless told. */
  readonly mtu?: number;
  /** How long opening the port, the card's first word, and each chunk may take, ms; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** How long a card has for its log before it is asked again, ms: 200 octets at 115,200 baud take 18. */
const ANSWER_MS = 400;

/** The card at a serial port. A line tells nobody what the card advertises before it is asked. */
export function serialTransport(source: SerialSource, options: SerialTransportOptions = {}): CardTransport {
  const { id = "serial" } = options;
  const ways = gattOptions({ mtu: options.mtu ?? LE_MTU_MAX, ...options });
  const open = typeof source === "function" ? source : () => webSerialLine(source);
  return {
    hidesIdentifiers: true,
    async *discover(signal) {
      if (!signal?.aborted) yield { id };
    },
    async connect(wanted, { signal } = {}) {
      throwIfAborted(signal);
      if (wanted !== id) throw sdkError("CARD_NOT_FOUND");
      const opening = open();
      try {
        const line = await within(opening, ways.timeoutMs, signal);
        await reach(line, ways.timeoutMs, signal);
        return await serialLink(line, id, ways);
      } catch (error) {
        opening.then((late) => late.close()).catch(() => undefined);
        if (error instanceof CardError) throw error;
        throw sdkError("CARD_NOT_FOUND", undefined, { cause: error });
      }
    },
  };
}

/** Has the card give its log: then it is there, it is no loader, and both sides are at the start of a frame. */
async function reach(line: UpdateLine, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (let round = 0; ; round++) {
    const isThere = await givesLog(line, round > 0, timeoutMs, signal);
    // What came may answer an earlier round, late, and the zeros of this one have moved the card's place: it counts where it comes again without them.
    if (isThere && (round === 0 || (await givesLog(line, false, timeoutMs, signal)))) return;
    if (performance.now() >= until) throw sdkError("CARD_NOT_FOUND", "nobody answers at its port");
  }
}

async function givesLog(
  line: UpdateLine,
  again: boolean,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const frames = new LineFrames(); // what was cut in two before would take this answer for its end
  let stop: () => void = () => undefined;
  const answered = new Promise<boolean>((resolve) => {
    stop = line.onOctets((octets) => {
      if (frames.push(octets).some(({ kind }) => kind === LineKind.Log)) resolve(true);
    });
  });
  try {
    await within(askCard(line, GIVE_LOG, again), timeoutMs, signal);
    return await within(answered, ANSWER_MS, signal);
  } catch (error) {
    if ((error as CardError).code === "LINK_TIMEOUT") return false;
    throw error;
  } finally {
    stop();
  }
}

async function serialLink(
  line: UpdateLine,
  id: string,
  ways: Required<{ mtu: number; timeoutMs: number }>,
): Promise<CardLink> {
  const { timeoutMs } = ways;
  const maxWrite = ways.mtu - ATT_HEADER;
  const end = new LinkEnd();
  const ears = new Set<(chunk: Uint8Array) => void>();
  const frames = new LineFrames();
  let taken: () => void = () => undefined;
  let tail: Promise<unknown> = Promise.resolve();

  const send = (kind: LineKind, octets?: Uint8Array) => line.write(encodeLineFrame(kind, octets));
  const fail = (detail: string) => {
    end.end(sdkError("LINK_LOST", detail));
    void leave();
  };
  const hear = ({ kind, octets }: LineFrame) => {
    if (end.reason !== undefined) return;
    if (kind === LineKind.Taken) taken();
    else if (kind === LineKind.Down) fail("the card hung up");
    else if (kind === LineKind.Chunk && octets.length > maxWrite) fail("a chunk too long for this line");
    else if (kind === LineKind.Chunk) {
      send(LineKind.Taken).catch(() => undefined); // a line that is gone says so
      for (const ear of ears) ear(octets);
    }
  };
  const leave = async () => {
    await within(send(LineKind.Down), timeoutMs).catch(() => undefined);
    await within(line.close(), timeoutMs).catch(() => undefined);
  };

  line.onOctets((octets) => {
    for (const frame of frames.push(octets)) hear(frame);
  });
  line.onClose(() => end.end(sdkError("LINK_LOST")));
  await within(send(LineKind.Down), timeoutMs); // a phone that went without a word
  await within(send(LineKind.Up, Uint8Array.of(maxWrite & 0xff, maxWrite >> 8)), timeoutMs);

  async function give(chunk: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (end.reason !== undefined) throw end.reason;
    const receipt = new Promise<void>((resolve) => {
      taken = resolve;
    });
    try {
      await within(Promise.race([send(LineKind.Chunk, chunk).then(() => receipt), end.lost]), timeoutMs);
    } catch (cause) {
      // Half a frame may be on its way: nothing may follow it here.
      const reason = cause instanceof CardError ? cause : sdkError("LINK_LOST", undefined, { cause });
      end.end(reason);
      void leave();
      throw reason;
    }
  }

  return {
    id,
    maxWrite,
    async write(chunk, { signal }) {
      throwIfAborted(signal);
      if (end.reason !== undefined) throw end.reason;
      if (chunk.length === 0 || chunk.length > maxWrite)
        throw sdkError("ARGUMENT_INVALID", `a chunk has 1 to ${maxWrite} octets here`);
      const own = Uint8Array.from(chunk);
      const turn = tail.then(() => give(own, signal));
      tail = turn.catch(() => undefined);
      await turn;
    },
    async subscribe(listener) {
      if (end.reason !== undefined) throw end.reason;
      ears.add(listener);
      return () => ears.delete(listener);
    },
    onDisconnect: (listener) => end.listen(listener),
    async close() {
      const wasUp = end.reason === undefined;
      end.end(sdkError("LINK_CLOSED"));
      if (wasUp) await leave();
    },
  };
}
