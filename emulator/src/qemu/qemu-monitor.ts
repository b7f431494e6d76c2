// QEMU's monitor: QMP, a line of JSON each way (QEMU's docs/interop/qmp-spec). Answers come in the order of the questions, events in between.

import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { EmulatorError } from "../errors.js";

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: EmulatorError) => void;
}

export class QemuMonitor {
  readonly #socket: Socket;
  readonly #waiting: Waiter[] = [];

  /** @param socket - Connected, and nothing read from it yet. */
  constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#heard(line));
    socket.once("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new EmulatorError("QEMU_FAILED", "QEMU has ended"));
    });
    this.ask("qmp_capabilities").catch(() => undefined);
  }

  /** @throws {EmulatorError} `QEMU_FAILED` where it refuses, or ends. */
  ask(execute: string, arguments_: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new EmulatorError("QEMU_FAILED", "QEMU has ended"));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute, arguments: arguments_ })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #heard(line: string): void {
    const said = JSON.parse(line) as { readonly return?: unknown; readonly error?: { readonly desc: string } };
    if ("return" in said) this.#waiting.shift()?.resolve(said.return);
    else if (said.error) this.#waiting.shift()?.reject(new EmulatorError("QEMU_FAILED", `QEMU: ${said.error.desc}`));
  }
}
