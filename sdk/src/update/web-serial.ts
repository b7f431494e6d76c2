// A serial port of the Web Serial API (wicg.github.io/serial) as a line to a card's loader. Typed by shape: a page gives what
// `navigator.serial.requestPort()` gave it.

import { sdkError } from "../errors.js";
import type { UpdateLine } from "./line.js";

export interface WebSerialPort {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { readonly baudRate: number }): Promise<void>;
  close(): Promise<void>;
}

const BAUD = 115_200;

/** Opens the port, 8N1 without flow control. @throws {CardError} `CARD_NOT_FOUND` where it cannot be opened */
export async function webSerialLine(port: WebSerialPort, baudRate = BAUD): Promise<UpdateLine> {
  await port.open({ baudRate }).catch((cause: unknown) => {
    throw sdkError("CARD_NOT_FOUND", "its port is in use, or gone", { cause });
  });
  const octetEars = new Set<(octets: Uint8Array) => void>();
  const closeEars = new Set<() => void>();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let closing = false;
  let gone = false;
  const listen = async () => {
    // A fault of the line, a parity error or a break, ends a stream, and the port has a new one; one that was pulled has none.
    while (port.readable !== null && !closing) {
      reader = port.readable.getReader();
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          for (const hear of octetEars) hear(value);
        }
        closing = true;
      } catch {
        // the next stream, where there is one
      } finally {
        reader.releaseLock();
      }
    }
    gone = true;
    for (const hear of closeEars) hear();
  };
  const listening = listen();
  return {
    async write(octets) {
      if (gone || port.writable === null) throw sdkError("LINK_LOST");
      // The lock is given back at once, so that the next chunk queues behind this one.
      const writer = port.writable.getWriter();
      const written = writer.write(octets);
      writer.releaseLock();
      await written.catch((cause: unknown) => {
        throw sdkError("LINK_LOST", undefined, { cause });
      });
    },
    onOctets: (listener) => {
      octetEars.add(listener);
      return () => octetEars.delete(listener);
    },
    onClose: (listener) => {
      if (gone) listener();
      else closeEars.add(listener);
      return () => closeEars.delete(listener);
    },
    async close() {
      closing = true;
      await reader?.cancel().catch(() => undefined);
      await listening;
      await port.close().catch(() => undefined);
    },
  };
}
