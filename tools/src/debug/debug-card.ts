// The microcontroller's image, halted until a debugger lets it run; its line on a port, for a phone.

import { createServer } from "node:net";
import { relative } from "node:path";
import { MemoryBlock, type QemuBoard, QemuCard } from "@enabling-card/emulator";
import { sampleKeys } from "@enabling-card/issuer";
import { toBase32, toHex } from "@enabling-card/wire";
import { serveLine } from "../emulate/line-server.js";
import { builtImage } from "../mcu-image.js";
import { developmentLog, makeCard } from "../stage.js";

export interface DebugCardOptions {
  readonly board: QemuBoard;
  /** The debugger's TCP port on 127.0.0.1. */
  readonly gdbPort: number;
  /** The phone's; any free one without. */
  readonly port?: number;
  readonly autoPress: boolean;
  /** Tells the pairing code too: it is a secret. */
  readonly showCode: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onWaiting: (facts: DebugFacts) => void;
  /** The image has come up. */
  readonly onStarted: () => void;
}

export interface DebugFacts {
  readonly event: "waiting";
  /** What starts the debugger. */
  readonly gdb: string;
  readonly host: string;
  readonly port: number;
  readonly cardId: string;
  /** Hexadecimal. */
  readonly makerRoot: string;
  readonly pairingCode?: string;
}

/** QEMU tells of a port that somebody has when the card is said to wait already. @throws Node's `EADDRINUSE` */
async function isFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

/**
 * A new card of the test class, with sample keys. Resolves when `signal` has fired.
 *
 * @throws {CommandError} `IMAGE_MISSING`; {EmulatorError} `QEMU_FAILED`; Node's `EADDRINUSE`
 */
export async function debugCard(options: DebugCardOptions): Promise<void> {
  const { board, gdbPort, port, autoPress, showCode, signal, onWaiting, onStarted } = options;
  const built = builtImage(board);
  await isFree(gdbPort);
  const keys = sampleKeys();
  const block = new MemoryBlock();
  const made = await makeCard(block, { keys, log: developmentLog(keys), now: Math.floor(Date.now() / 1000) });
  const card = await QemuCard.start({ ...built, flash: block.snapshot(), autoPress, gdbPort });
  try {
    const server = await serveLine(card, { ...(port !== undefined && { port }) });
    try {
      onWaiting({
        event: "waiting",
        gdb: `gdb-multiarch ${relative(process.cwd(), built.elf)} -ex "target remote 127.0.0.1:${gdbPort}"`,
        host: server.host,
        port: server.port,
        cardId: toBase32(made.cardId),
        makerRoot: toHex(keys.makerRoot.publicKey),
        ...(showCode && { pairingCode: made.pairingCode }),
      });
      const ended = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([card.started().then(onStarted), ended]);
      await Promise.race([card.lost(), ended]);
    } finally {
      await server.close();
    }
  } finally {
    await card.stop();
  }
}
