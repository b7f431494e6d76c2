// Port line: chunks to and from one phone, in memory. Contract: firmware/ports/line.ts.

import { ATT_HEADER, IDENTIFIER_SIZE, MTU_MAX, MTU_MIN, Status } from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import type { ModuleMemory } from "../memory.js";

/** The phone's end of the line. Structural: an adapter of the SDK takes any object of this shape. */
export interface LineEnd {
  /** Longest chunk, octets. */
  readonly maxWrite: number;
  /**
   * Gives the card one chunk; resolves once the card has taken it.
   *
   * @throws {EmulatorError} `LINE_CLOSED`, `LINE_CHUNK_INVALID`
   */
  write(chunk: Uint8Array): Promise<void>;
  /** Chunks of the card, in order. What came before the first listener waits for it. Returns how to stop listening. */
  onChunk(listener: (chunk: Uint8Array) => void): () => void;
  onClose(listener: () => void): () => void;
  close(): Promise<void>;
}

/** Chunks the card's side may have under way before `write` answers `Busy`: as a controller's buffers. */
const WINDOW = 4;

export interface LineHooks {
  up(): void;
  down(): void;
  ready(): void;
  /** Runs the card on this chunk before it returns. */
  received(chunk: Uint8Array): void;
  sent(chunk: Uint8Array): void;
}

interface Connection {
  readonly maxWrite: number;
  readonly chunkListeners: Set<(chunk: Uint8Array) => void>;
  readonly closeListeners: Set<() => void>;
  readonly outbox: Uint8Array[];
  draining: boolean;
  wasBusy: boolean;
  closing: boolean;
}

export class Line {
  readonly #hooks: LineHooks;
  #connection: Connection | undefined;
  #advertised: Uint8Array | undefined;

  constructor(hooks: LineHooks) {
    this.#hooks = hooks;
  }

  get up(): boolean {
    return this.#connection !== undefined;
  }

  /** The phone's longest chunk, octets; 0 where none is there. */
  get maxWrite(): number {
    return this.#connection?.maxWrite ?? 0;
  }

  /** What a scanner sees: 16 octets, or undefined. */
  get advertised(): Uint8Array | undefined {
    return this.#advertised?.slice();
  }

  /** True while chunks of the card wait for the phone. */
  get pending(): boolean {
    return (this.#connection?.outbox.length ?? 0) > 0;
  }

  /** @throws {EmulatorError} `LINE_BUSY` where a phone is connected, `LINE_MTU_INVALID` outside 23 to 517. */
  connect(mtu: number): LineEnd {
    if (this.#connection) throw new EmulatorError("LINE_BUSY", "Another phone is connected to this card");
    if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX) {
      throw new EmulatorError("LINE_MTU_INVALID", `An MTU has ${MTU_MIN} to ${MTU_MAX} octets`);
    }
    const connection: Connection = {
      maxWrite: mtu - ATT_HEADER,
      chunkListeners: new Set(),
      closeListeners: new Set(),
      outbox: [],
      draining: false,
      wasBusy: false,
      closing: false,
    };
    this.#connection = connection;
    this.#hooks.up();
    return this.#end(connection);
  }

  /** The line goes, from either side or with the power. `tellLink` is false where there is no link to tell. */
  drop(tellLink = true): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.outbox.length = 0;
    if (tellLink) this.#hooks.down();
    queueMicrotask(() => {
      for (const listener of connection.closeListeners) listener();
    });
  }

  forgetAdvertised(): void {
    this.#advertised = undefined;
  }

  port(memory: ModuleMemory) {
    return {
      maxWrite: (): number => this.maxWrite,
      write: (data: number, length: number): number => {
        const connection = this.#connection;
        if (connection === undefined || connection.closing) return Status.Absent;
        const octets = memory.at(data, length);
        if (octets === undefined || length <= 0 || length > connection.maxWrite) return Status.BadArgument;
        if (connection.outbox.length >= WINDOW) {
          connection.wasBusy = true;
          return Status.Busy;
        }
        const chunk = octets.slice();
        connection.outbox.push(chunk);
        this.#hooks.sent(chunk);
        this.#drainSoon(connection);
        return Status.Ok;
      },
      hangUp: (): void => {
        if (this.#connection === undefined) return;
        this.#connection.closing = true;
        this.#drainSoon(this.#connection);
      },
      advertise: (data: number, length: number): void => {
        this.#advertised = length === IDENTIFIER_SIZE ? memory.demand(data, length).slice() : undefined;
      },
    };
  }

  #end(connection: Connection): LineEnd {
    const line = this;
    const live = () => line.#connection === connection;
    return {
      maxWrite: connection.maxWrite,
      async write(chunk) {
        if (!live()) throw new EmulatorError("LINE_CLOSED", "The line to the card is closed: connect again");
        if (chunk.length === 0 || chunk.length > connection.maxWrite) {
          throw new EmulatorError("LINE_CHUNK_INVALID", `A chunk has 1 to ${connection.maxWrite} octets on this line`);
        }
        line.#hooks.received(chunk.slice());
      },
      onChunk(listener) {
        connection.chunkListeners.add(listener);
        line.#drainSoon(connection);
        return () => connection.chunkListeners.delete(listener);
      },
      onClose(listener) {
        connection.closeListeners.add(listener);
        return () => connection.closeListeners.delete(listener);
      },
      async close() {
        if (live()) line.drop();
      },
    };
  }

  /** One chunk a microtask: the phone never runs inside the card, nor the card inside the phone. */
  #drainSoon(connection: Connection): void {
    if (connection.draining) return;
    connection.draining = true;
    queueMicrotask(() => {
      connection.draining = false;
      if (this.#connection !== connection) return;
      if (connection.outbox.length > 0 && connection.chunkListeners.size === 0) return;
      const chunk = connection.outbox.shift();
      if (chunk) for (const listener of connection.chunkListeners) listener(chunk.slice());
      if (connection.outbox.length > 0) this.#drainSoon(connection);
      else if (connection.closing) return this.drop();
      if (connection.wasBusy) {
        connection.wasBusy = false;
        this.#hooks.ready();
      }
    });
  }
}
