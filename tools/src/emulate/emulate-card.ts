// A card that stays: its line on a port, its clock the wall's, until it is told to end.

import { Air, Controller, type EmulatedCard, PHONE_ADDRESS, snoop, type TraceEvent } from "@enabling-card/emulator";
import { toBase32, toHex } from "@enabling-card/wire";
import { type HciServer, serveController, servePty } from "./hci-server.js";
import { serveLine } from "./line-server.js";
import { openCard } from "./open-card.js";

export interface EmulateCardOptions {
  /** A folder of `ecard personalise`; a new card in memory without. */
  readonly folder?: string;
  /** 0 (default) takes any free port. */
  readonly port?: number;
  readonly mtu?: number;
  /** Somebody presses the button twice whenever the lights ask. */
  readonly autoPress?: boolean;
  /** Tells the pairing code too: it is a secret. */
  readonly showCode?: boolean;
  /** The card has Bluetooth, and a phone's stack the controller at the other end of its air: on this Unix socket, or on a pseudo-terminal. */
  readonly hci?: { readonly path: string } | "pty";
  /** Takes what goes over the card's own controller, as a btsnoop file, piece by piece. */
  readonly onSnoop?: (octets: Uint8Array) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called once phones can come; the card is for whoever presses its button. */
  readonly onListening?: (facts: ListeningFacts, card: EmulatedCard) => void;
  readonly onTrace?: (event: TraceEvent) => void;
}

export interface ListeningFacts {
  readonly event: "listening";
  readonly host: string;
  readonly port: number;
  readonly cardId: string;
  /** Hexadecimal; none where a folder does not say it. */
  readonly makerRoot?: string;
  readonly pairingCode?: string;
  /** Where a phone's stack finds its controller. */
  readonly hci?: string;
}

/** Resolves when `signal` has fired and the card is put away, its flash file whole. @throws as `openCard` and `serveLine`. */
export async function emulateCard(options: EmulateCardOptions): Promise<void> {
  const { folder, port, mtu, autoPress, showCode = false, signal, onListening, onTrace } = options;
  const air = options.hci && (await openAir(options));
  const open = await openCard({
    ...(folder !== undefined && { folder }),
    ...(autoPress && { autoPress }),
    ...(air && { radio: air.radio }),
  }).catch(async (error) => {
    await air?.close();
    throw error;
  });
  const { card, cardId, pairingCode, makerRoot } = open;
  try {
    const server = await serveLine(card, { ...(port !== undefined && { port }), ...(mtu !== undefined && { mtu }) });
    const stopTrace = onTrace && card.trace.subscribe(onTrace);
    try {
      const facts: ListeningFacts = {
        event: "listening",
        host: server.host,
        port: server.port,
        cardId: toBase32(cardId),
        ...(makerRoot && { makerRoot: toHex(makerRoot) }),
        ...(showCode && { pairingCode }),
        ...(air && { hci: air.path }),
      };
      onListening?.(facts, card);
      if (!signal.aborted) {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      }
    } finally {
      stopTrace?.();
      await server.close();
    }
  } finally {
    open.close();
    await air?.close();
  }
}

/** An air with the card's controller in it, and the phone's for whoever opens it. */
async function openAir({ hci, onSnoop }: EmulateCardOptions) {
  const air = new Air({ time: "real" });
  const radio = new Controller(air);
  const stopSnoop = onSnoop && snoop(radio, onSnoop, BigInt(Date.now()) * 1000n);
  const phone = new Controller(air, { address: PHONE_ADDRESS });
  let server: HciServer;
  try {
    server = hci === "pty" ? await servePty(phone) : await serveController(phone, hci!.path);
  } catch (error) {
    air.close();
    throw error;
  }
  return {
    radio,
    path: server.path,
    close: async () => {
      await server.close();
      stopSnoop?.();
      air.close();
    },
  };
}
