// The one phone that a card in QEMU is connected to: chunks both ways, as frames of its line.

import { ATT_HEADER, LineKind, MTU_MAX, MTU_MIN } from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import type { LineEnd } from "../ports/line.js";

interface Phone {
  readonly chunks: Set<(chunk: Uint8Array) => void>;
  readonly closed: Set<() => void>;
  readonly early: Uint8Array[];
  readonly taken: (() => void)[];
}

export class QemuPhone {
  readonly #send: (kind: LineKind, octets?: Uint8Array) => void;
  #phone: Phone | undefined;

  constructor(send: (kind: LineKind, octets?: Uint8Array) => void) {
    this.#send = send;
  }

  get connected(): boolean {
    return this.#phone !== undefined;
  }

  /** @throws {EmulatorError} `LINE_BUSY`, `LINE_MTU_INVALID` */
  connect(mtu: number): LineEnd {
    if (this.#phone) throw new EmulatorError("LINE_BUSY", "Another phone is connected to this card");
    if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX)
      throw new EmulatorError("LINE_MTU_INVALID", `An MTU has ${MTU_MIN} to ${MTU_MAX} octets`);
    const maxWrite = mtu - ATT_HEADER;
    const phone: Phone = { chunks: new Set(), closed: new Set(), early: [], taken: [] };
    this.#phone = phone;
    this.#send(LineKind.Up, Uint8Array.of(maxWrite & 0xff, maxWrite >> 8));
    const live = () => this.#phone === phone;
    return {
      maxWrite,
      write: (chunk) => {
        if (!live()) throw new EmulatorError("LINE_CLOSED", "The line to the card is closed: connect again");
        return new Promise((resolve) => {
          phone.taken.push(resolve);
          this.#send(LineKind.Chunk, chunk);
        });
      },
      onChunk: (listener) => {
        phone.chunks.add(listener);
        for (const chunk of phone.early.splice(0)) this.#give(phone, chunk);
        return () => phone.chunks.delete(listener);
      },
      onClose: (listener) => {
        phone.closed.add(listener);
        return () => phone.closed.delete(listener);
      },
      close: async () => {
        if (!live()) return;
        this.#send(LineKind.Down);
        this.hangUp();
      },
    };
  }

  /** The card has said a chunk. */
  heard(chunk: Uint8Array): void {
    const phone = this.#phone;
    if (phone === undefined) return;
    if (phone.chunks.size === 0) phone.early.push(chunk);
    else this.#give(phone, chunk);
  }

  /** The card has taken one of the phone's. */
  taken(): void {
    this.#phone?.taken.shift()?.();
  }

  hangUp(): void {
    const phone = this.#phone;
    this.#phone = undefined;
    for (const taken of phone?.taken.splice(0) ?? []) taken();
    for (const listener of phone?.closed ?? []) listener();
  }

  #give(phone: Phone, chunk: Uint8Array): void {
    this.#send(LineKind.Taken);
    for (const listener of phone.chunks) listener(chunk.slice());
  }
}
