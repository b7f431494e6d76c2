// Adapter for @stoprocent/noble (2.8): cards over the Bluetooth of a computer. Structural: whoever has noble hands it in, and the SDK depends on no
// library. What noble does and does not do is covered here: see the comments; the card's service and MTU are docs/protocol.md's, "Bluetooth".

import {
  ATT_HEADER,
  CARD_RX,
  CARD_SERVICE,
  CARD_TX,
  COMPANY_ID,
  cardUuid,
  IDENTIFIER_SIZE,
  LE_MTU_MAX,
  MTU_MIN,
} from "@enabling-card/wire";
import { type CardError, sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import type { CardLink, CardTransport, DiscoveredCard } from "./card-link.js";

// biome-ignore lint/suspicious/noExplicitAny: noble's events have listeners of many shapes
type Listener = (...values: any[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
}

export interface NobleCharacteristic extends Emitter {
  readonly uuid: string;
  /** Takes a Buffer, and no other octets. */
  writeAsync(data: Buffer, withoutResponse: boolean): Promise<void>;
  subscribeAsync(): Promise<void>;
}

export interface NoblePeripheral extends Emitter {
  readonly id: string;
  readonly rssi: number;
  /** The server's, once it was exchanged; null before. */
  readonly mtu: number | null;
  readonly advertisement: { readonly localName?: string; readonly manufacturerData?: Uint8Array };
  connectAsync(options?: object): Promise<void>;
  cancelConnect(): void;
  disconnectAsync(): Promise<void>;
  discoverSomeServicesAndCharacteristicsAsync(
    services: string[],
    characteristics: string[],
  ): Promise<{ readonly characteristics: readonly NobleCharacteristic[] }>;
}

/** What is used of noble. */
export interface Noble extends Emitter {
  waitForPoweredOnAsync(timeoutMs?: number): Promise<void>;
  startScanningAsync(services?: string[], allowDuplicates?: boolean): Promise<void>;
  stopScanningAsync(): Promise<void>;
}

export interface NobleTransportOptions {
  /** ATT MTU to ask for, 23 to 517; 247 unless told, which is all that a card takes. */
  readonly mtu?: number;
  /** How long noble may take for each of its steps, ms; 10 s unless told. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** noble writes UUIDs without dashes. */
const uuid = (number: number) => cardUuid(number).replaceAll("-", "");

/** Cards around this computer. */
export function nobleTransport(noble: Noble, options: NobleTransportOptions = {}): CardTransport {
  const { mtu = LE_MTU_MAX, timeoutMs = TIMEOUT_MS } = options;
  const known = new Map<string, NoblePeripheral>();
  /** Who listens; noble has one scan for all. */
  let scans = 0;
  let scanning: Promise<void> = Promise.resolve();

  async function* peripherals(signal?: AbortSignal): AsyncGenerator<NoblePeripheral> {
    const found: NoblePeripheral[] = [];
    let wake: () => void = () => undefined;
    const heard = (peripheral: NoblePeripheral) => {
      known.set(peripheral.id, peripheral);
      found.push(peripheral);
      wake();
    };
    const over = () => wake();
    noble.on("discover", heard);
    signal?.addEventListener("abort", over);
    if (scans++ === 0) {
      known.clear(); // cards change their addresses: what was known would grow without end
      scanning = scanning
        .catch(() => undefined) // an earlier scan's fault
        .then(() => noble.waitForPoweredOnAsync(timeoutMs))
        .then(() => noble.startScanningAsync([uuid(CARD_SERVICE)], true));
    }
    try {
      await within(scanning, timeoutMs, signal);
      while (!signal?.aborted) {
        const next = found.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } catch (cause) {
      if (!signal?.aborted) throw coded(cause, "CARD_NOT_FOUND"); // who gave up wants no more, and no error
    } finally {
      noble.removeListener("discover", heard);
      signal?.removeEventListener("abort", over);
      if (--scans === 0) scanning = scanning.then(() => noble.stopScanningAsync()).catch(() => undefined);
    }
  }

  async function inReach(id: string, signal: AbortSignal | undefined): Promise<NoblePeripheral> {
    const already = known.get(id);
    if (already !== undefined) return already;
    const late = AbortSignal.timeout(timeoutMs);
    for await (const one of peripherals(signal ? AbortSignal.any([signal, late]) : late)) if (one.id === id) return one;
    throwIfAborted(signal);
    throw sdkError("CARD_NOT_FOUND");
  }

  return {
    async *discover(signal) {
      const told = new Map<string, string>();
      for await (const peripheral of peripherals(signal)) {
        const card = discovered(peripheral);
        const shown = `${card.name} ${card.identifier}`;
        if (told.get(card.id) === shown) continue;
        told.set(card.id, shown);
        yield card;
      }
    },
    async connect(id, { signal } = {}) {
      throwIfAborted(signal);
      const peripheral = await inReach(id, signal);
      await scanning.catch(() => undefined); // some adapters do not connect while they scan
      return connected(peripheral, { mtu, timeoutMs, signal });
    },
  };
}

function discovered({ id, rssi, advertisement }: NoblePeripheral): DiscoveredCard {
  const { localName, manufacturerData } = advertisement;
  const identifier = identifierIn(manufacturerData);
  return {
    id,
    ...(localName && { name: localName }),
    ...(Number.isFinite(rssi) && { rssi }),
    ...(identifier && { identifier }),
  };
}

/** Manufacturer specific data: company identifier, then 16 octets. */
function identifierIn(data: Uint8Array | undefined): Uint8Array | undefined {
  if (data?.length !== 2 + IDENTIFIER_SIZE || (data[0]! | (data[1]! << 8)) !== COMPANY_ID) return undefined;
  return Uint8Array.from(data.subarray(2));
}

interface Ways {
  readonly mtu: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function connected(peripheral: NoblePeripheral, { mtu, timeoutMs, signal }: Ways): Promise<CardLink> {
  const end = linkEnd(peripheral);
  try {
    await within(peripheral.connectAsync({ mtu }), timeoutMs, signal);
  } catch (cause) {
    peripheral.cancelConnect(); // noble looks for it without end
    end.drop();
    throw coded(cause, "CARD_NOT_FOUND");
  }
  try {
    // Anew each time: characteristics of an earlier connection are dead.
    const looking = peripheral.discoverSomeServicesAndCharacteristicsAsync(
      [uuid(CARD_SERVICE)],
      [uuid(CARD_RX), uuid(CARD_TX)],
    );
    const { characteristics } = await within(Promise.race([looking, end.lost]), timeoutMs, signal);
    const rx = characteristics.find((one) => one.uuid === uuid(CARD_RX));
    const tx = characteristics.find((one) => one.uuid === uuid(CARD_TX));
    if (rx === undefined || tx === undefined) throw sdkError("CARD_NOT_FOUND", "it has no card service");
    // noble tells the server's MTU, not the smaller of both; and none at all where its platform does not say.
    const agreed = Math.min(peripheral.mtu ?? MTU_MIN, mtu);
    return link(peripheral, { rx, tx, maxWrite: agreed - ATT_HEADER, end, timeoutMs });
  } catch (cause) {
    await within(peripheral.disconnectAsync(), timeoutMs).catch(() => undefined);
    end.drop();
    throw coded(cause, "LINK_LOST");
  }
}

/** When the connection goes, whoever ended it: told once to each who asks. */
function linkEnd(peripheral: NoblePeripheral) {
  const listeners = new Set<(reason: CardError) => void>();
  let gone: CardError | undefined;
  let lose: (reason: CardError) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => undefined);
  const end = (reason: CardError) => {
    if (gone !== undefined) return;
    gone = reason;
    peripheral.removeListener("disconnect", disconnected);
    lose(reason);
    for (const listener of listeners) listener(reason);
  };
  const disconnected = () => end(sdkError("LINK_LOST"));
  peripheral.on("disconnect", disconnected);
  return {
    lost,
    end,
    get gone() {
      return gone;
    },
    listen(listener: (reason: CardError) => void): () => void {
      if (gone !== undefined) listener(gone);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Nobody will ask any more. */
    drop: () => void peripheral.removeListener("disconnect", disconnected),
  };
}

interface Parts {
  readonly rx: NobleCharacteristic;
  readonly tx: NobleCharacteristic;
  readonly maxWrite: number;
  readonly end: ReturnType<typeof linkEnd>;
  readonly timeoutMs: number;
}

function link(peripheral: NoblePeripheral, { rx, tx, maxWrite, end, timeoutMs }: Parts): CardLink {
  return {
    id: peripheral.id,
    maxWrite,
    async write(chunk, { response, signal }) {
      throwIfAborted(signal);
      if (end.gone !== undefined) throw end.gone;
      // A longer one goes out as it is, or as prepared writes: the card takes neither.
      if (chunk.length > maxWrite) throw sdkError("ARGUMENT_INVALID", `a chunk has at most ${maxWrite} octets here`);
      const writing = rx.writeAsync(Buffer.from(chunk), !response);
      try {
        // An error of the card, and the end of the connection, leave it pending for ever.
        await within(Promise.race([writing, end.lost]), timeoutMs);
      } catch (cause) {
        throw coded(cause, "LINK_LOST");
      }
    },
    async subscribe(listener) {
      const heard = (data: Uint8Array) => listener(Uint8Array.from(data));
      tx.on("data", heard);
      const stop = () => void tx.removeListener("data", heard);
      try {
        await within(Promise.race([tx.subscribeAsync(), end.lost]), timeoutMs);
        return stop;
      } catch (cause) {
        stop();
        throw coded(cause, "LINK_LOST");
      }
    },
    onDisconnect: (listener) => end.listen(listener),
    async close() {
      const wasUp = end.gone === undefined;
      end.end(sdkError("LINK_CLOSED"));
      if (wasUp) await within(peripheral.disconnectAsync(), timeoutMs).catch(() => undefined);
    },
  };
}

/** An error of noble's has no code: it gets `otherwise`. */
function coded(cause: unknown, otherwise: "CARD_NOT_FOUND" | "LINK_LOST"): Error {
  if (cause instanceof Error && cause.name === "CardError") return cause;
  return sdkError(otherwise, undefined, { cause });
}
