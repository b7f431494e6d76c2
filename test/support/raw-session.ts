// The phone's side without its manners: any operation, any body, any message, over a genuine session.

import { memoryTransport } from "@enabling-card/sdk";
import { type CborValue, encodeMessage, type MessageType, type Op, toChunks } from "@enabling-card/wire";
import { MessageLink } from "../../sdk/src/link/message-link.js";
import { openOver } from "../../sdk/src/session/open.js";
import type { World } from "./card-with-issuer.js";

export interface RawSession {
  /** Sends an operation as it is; throws `CardError` with the card's refusal. */
  request(op: Op | number, body: CborValue): Promise<CborValue>;
  /** Another session on the same line. What comes from now on is heard by that one alone. */
  reopen(): Promise<Pick<RawSession, "request">>;
  /** One chunk as it is, past the session. */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface Watch {
  readonly onWrite?: (chunk: Uint8Array) => void;
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** True for a chunk to the card that gets lost on its way. */
  readonly loses?: (chunk: Uint8Array) => boolean;
  /** True for a chunk of the card that the session is not to hear of. */
  readonly hides?: (chunk: Uint8Array) => boolean;
}

/** A session of the paired phone on a new line: the earlier line must be closed. */
export async function rawSession(world: World, watch: Watch = {}): Promise<RawSession> {
  const cardLink = await memoryTransport([world.emulator]).connect(world.emulator.id, {});
  if (watch.onChunk) await cardLink.subscribe(watch.onChunk);
  const link = await MessageLink.open({
    ...cardLink,
    subscribe: (listener) => cardLink.subscribe((chunk) => watch.hides?.(chunk) || listener(chunk)),
    write: async (chunk, options) => {
      watch.onWrite?.(chunk);
      if (!watch.loses?.(chunk)) await cardLink.write(chunk, options);
    },
  });
  const open = async (): Promise<Pick<RawSession, "request">> => {
    const listener = { event: () => undefined, ended: () => undefined };
    const { session } = await openOver(link, await world.store.list(), { timeoutMs: 2000 }, listener);
    return { request: (op, body) => session.request(op as Op, body, { timeoutMs: 2000 }) };
  };
  return {
    ...(await open()),
    reopen: open,
    write: async (chunk) => {
      await cardLink.write(chunk, { response: true });
      await settle();
    },
    close: () => link.close(),
  };
}

/** A line without a session: chunks out, the card's first whole answer back. */
export function rawLine(world: World, mtu = 247) {
  const line = world.emulator.connectLine({ mtu });
  const answers: Uint8Array[] = [];
  line.onChunk((chunk) => void answers.push(chunk.slice()));
  return {
    answers,
    line,
    /** Sends a message in chunks that fit. */
    async send(type: MessageType | number, body: Uint8Array, version?: number): Promise<void> {
      const message = encodeMessage(type as MessageType, body);
      if (version !== undefined) message[0] = version;
      for (const chunk of toChunks(message, line.maxWrite)) await line.write(chunk);
      await settle();
    },
    async chunk(bytes: Uint8Array): Promise<void> {
      await line.write(bytes);
      await settle();
    },
    /** Status of the newest fault, undefined where the newest answer is none. */
    fault(): number | undefined {
      const last = answers.at(-1);
      return last !== undefined && last.length === 6 && last[4] === 7 ? last[5] : undefined;
    },
  };
}

/** Lets everything that is queued in the emulator happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
