// What adapters over a platform's GATT client share. A platform gives its calls as they are; here they get one operation at a time, a time each, chunks
// no longer than the MTU, errors with codes, and an end that is told once. The card's service is docs/protocol.md's, "Bluetooth".

import {
  ATT_HEADER,
  CARD_RX,
  CARD_SERVICE,
  CARD_TX,
  COMPANY_ID,
  cardUuid,
  IDENTIFIER_SIZE,
  LE_MTU_MAX,
  MTU_MAX,
  MTU_MIN,
  SMP_CHARACTERISTIC_UUID,
  SMP_SERVICE_UUID,
} from "@enabling-card/wire";
import { CardError, type SdkErrorCode, sdkError, throwIfAborted } from "../errors.js";
import { within } from "../link/message-link.js";
import type { CardLink, CardTransport } from "./card-link.js";
import { LinkEnd } from "./link-end.js";

/** A service, what is written to, and what notifies: UUIDs in lower case with dashes, as all platforms but noble take them. */
export interface GattService {
  readonly service: string;
  readonly rx: string;
  readonly tx: string;
}

/** The card's own, for its phone. */
export const CARD_GATT: GattService = {
  service: cardUuid(CARD_SERVICE),
  rx: cardUuid(CARD_RX),
  tx: cardUuid(CARD_TX),
};
/** SMP's, for its loader; takes no write with response. */
export const SMP_GATT: GattService = {
  service: SMP_SERVICE_UUID,
  rx: SMP_CHARACTERISTIC_UUID,
  tx: SMP_CHARACTERISTIC_UUID,
};

export interface GattOptions {
  /** ATT MTU to ask for, 23 to 517, where the platform lets one ask; 247 unless told, which is all that a card takes. */
  readonly mtu?: number;
  /** How long the platform may take for each of its steps, ms; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** Both ways to connect that a transport with GATT has: to the card, and to its loader. */
export function bothWays(
  connect: (id: string, gatt: GattService, signal?: AbortSignal) => Promise<CardLink>,
): Required<Pick<CardTransport, "connect" | "connectLoader">> {
  return {
    connect: (id, { signal } = {}) => connect(id, CARD_GATT, signal),
    connectLoader: (id, { signal } = {}) => connect(id, SMP_GATT, signal),
  };
}

const TIMER_MAX_MS = 2 ** 31 - 1;

/** @throws {CardError} `ARGUMENT_INVALID` */
export function gattOptions({ mtu = LE_MTU_MAX, timeoutMs = 10_000 }: GattOptions): Required<GattOptions> {
  if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX)
    throw sdkError("ARGUMENT_INVALID", `mtu: ${MTU_MIN} to ${MTU_MAX}`);
  // What a timer cannot count it ends at once.
  if (!(timeoutMs >= 1 && timeoutMs <= TIMER_MAX_MS))
    throw sdkError("ARGUMENT_INVALID", `timeoutMs: 1 to ${TIMER_MAX_MS}`);
  return { mtu, timeoutMs };
}

/** A connection whose characteristics were found. Errors are the platform's; a call that it leaves pending when the connection goes is not waited for. */
export interface GattClient {
  /** ATT MTU, as the platform tells it; undefined where it hides it. */
  readonly mtu: number | undefined;
  /** A write without response waits here until there is room for it: it is never dropped. */
  readonly holdsBack?: boolean;
  /** Writes to RX. */
  write(chunk: Uint8Array<ArrayBuffer>, response: boolean): Promise<unknown>;
  /** Has TX notify; what comes is `hear`'s to keep. Resolves, once set at the card or on its way there before any later write, to how to stop. */
  subscribe(hear: (chunk: Uint8Array) => void): Promise<() => void>;
}

/** How a platform comes to a card, and leaves it. */
export interface GattDial {
  readonly id: string;
  readonly gatt: GattService;
  /** Connects. The platform's own word that the connection went goes to `lost`, until `forget`. */
  connect(lost: () => void): Promise<unknown>;
  /** Finds the characteristics: anew for each connection, as those of the last are dead. */
  find(): Promise<GattClient>;
  /** Ends the connection, or the attempt. */
  hangUp(): Promise<unknown>;
  /** The platform's events are of no more use. */
  forget(): void;
  /** What an error of the platform's says, where it says it. */
  codeOf?(error: unknown): SdkErrorCode | undefined;
}

/**
 * Connects, and gives the link. Where that fails, or is given up, the platform is told to hang up, also where it comes through later.
 *
 * @throws {CardError} `CARD_NOT_FOUND`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`, and what `codeOf` says
 */
export async function dialGatt(
  dial: GattDial,
  { mtu, timeoutMs }: Required<GattOptions>,
  signal: AbortSignal | undefined,
): Promise<CardLink> {
  throwIfAborted(signal);
  const end = new LinkEnd();
  end.listen(() => dial.forget());
  const hangUp = () => within(dial.hangUp(), timeoutMs).catch(() => undefined);
  const step = <T>(call: () => Promise<T>) => within(Promise.race([called(call), end.lost]), timeoutMs, signal);
  let isConnected = false;
  let isGone = false;
  try {
    await step(async () => {
      await dial.connect(() => {
        isGone = true;
        end.end(sdkError(isConnected ? "LINK_LOST" : "CARD_NOT_FOUND")); // some tell the end of what never began
      });
      isConnected = true;
      if (end.reason !== undefined) void hangUp(); // too late for whoever wanted it
    });
    const client = await step(() => dial.find());
    return gattLink(dial, client, { mtu, timeoutMs, end, hangUp });
  } catch (error) {
    const reason = coded(dial, error, isConnected ? "LINK_LOST" : "CARD_NOT_FOUND");
    end.end(reason);
    if (!isGone) await hangUp();
    throw reason;
  }
}

/** Writes without response in a row to a platform that drops what it has no room for: the next one asks for a response. Meant to be below what phones queue; measured on none. */
const WINDOW = 8;

interface Parts extends Required<GattOptions> {
  readonly end: LinkEnd;
  readonly hangUp: () => Promise<unknown>;
}

function gattLink(dial: GattDial, client: GattClient, { mtu, timeoutMs, end, hangUp }: Parts): CardLink {
  const longest = Math.min(mtu, LE_MTU_MAX);
  // Some platforms tell the server's MTU, not the smaller of both; some none, or one that cannot be.
  const told = Number.isInteger(client.mtu) ? client.mtu! : MTU_MIN;
  let agreed = Math.max(MTU_MIN, Math.min(told, longest));
  let unanswered = 0;
  let tail: Promise<unknown> = Promise.resolve();

  /** One operation at a time: most platforms refuse a second one, and none keeps the order of both kinds of writes. */
  function inTurn<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = tail.then(async () => {
      throwIfAborted(signal);
      if (end.reason !== undefined) throw end.reason;
      try {
        return await within(Promise.race([called(operation), end.lost]), timeoutMs);
      } catch (error) {
        // Nobody knows what the card has of it, nor whether the platform is done with it: nothing may follow.
        const reason = coded(dial, error, "LINK_LOST");
        end.end(reason);
        void hangUp();
        throw reason;
      }
    });
    tail = turn.catch(() => undefined);
    return turn;
  }

  /** A notification shows an MTU that the platform hides: it has at most MTU - 3 octets (Core 6.0, Vol 3 Part F 3.4.7.1). */
  const learn = (octets: number) => {
    if (client.mtu === undefined) agreed = Math.max(agreed, Math.min(octets + ATT_HEADER, longest));
  };

  return {
    id: dial.id,
    holdsBack: client.holdsBack ?? false,
    get maxWrite() {
      return agreed - ATT_HEADER;
    },
    async write(chunk, { response, signal }) {
      throwIfAborted(signal);
      if (end.reason !== undefined) throw end.reason;
      // A longer one goes out as it is, or as prepared writes: the card takes neither.
      if (chunk.length > agreed - ATT_HEADER)
        throw sdkError("ARGUMENT_INVALID", `a chunk has at most ${agreed - ATT_HEADER} octets here`);
      const own = Uint8Array.from(chunk); // its turn may come later
      await inTurn(() => {
        const asks = response || (unanswered >= WINDOW && !client.holdsBack && dial.gatt !== SMP_GATT);
        unanswered = asks ? 0 : unanswered + 1;
        return client.write(own, asks);
      }, signal);
    },
    subscribe: (listener) =>
      inTurn(() =>
        client.subscribe((chunk) => {
          if (end.reason !== undefined) return;
          learn(chunk.length);
          listener(chunk);
        }),
      ),
    onDisconnect: (listener) => end.listen(listener),
    async close() {
      const wasUp = end.reason === undefined;
      end.end(sdkError("LINK_CLOSED"));
      if (wasUp) await hangUp();
    },
  };
}

/** A platform that throws at once has failed as one that rejects. */
async function called<T>(call: () => Promise<T>): Promise<T> {
  return call();
}

/** An error of the platform's, with a code. */
export function coded({ codeOf }: Pick<GattDial, "codeOf">, error: unknown, otherwise: SdkErrorCode): CardError {
  if (error instanceof CardError) return error;
  return sdkError(codeOf?.(error) ?? otherwise, undefined, { cause: error });
}

/** Manufacturer specific data as it is advertised: company identifier, then 16 octets (Supplement to the Core Specification, Part A 1.4). */
export function identifierIn(data: Uint8Array | undefined): Uint8Array | undefined {
  if (data?.length !== 2 + IDENTIFIER_SIZE || (data[0]! | (data[1]! << 8)) !== COMPANY_ID) return undefined;
  return Uint8Array.from(data.subarray(2));
}

/** Octets of a view, its own. */
export function octetsOf(view: DataView): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}
