// Port mailbox: fixed slots between modules, copied by the machine, one bounded queue a receiver. Contract: firmware/ports/mailbox.ts.
// Wallet and authenticator reach link alone: all between them goes through the courier. What is for the loader, the machine takes.

import { MAIL_DEPTH, MAIL_SIZE, Mail, ModuleId, Status } from "@enabling-card/wire";
import type { ModuleMemory } from "../memory.js";

export interface Letter {
  readonly from: ModuleId;
  readonly to: ModuleId;
  /** 1 to 256 octets; the first is the kind. */
  readonly bytes: Uint8Array;
}

/** May `from` put mail into `to`'s box? */
export function routes(from: ModuleId, to: ModuleId): boolean {
  if (from === ModuleId.Link) return to === ModuleId.Wallet || to === ModuleId.Authenticator || to === ModuleId.Loader;
  return to === ModuleId.Link && (from === ModuleId.Wallet || from === ModuleId.Authenticator);
}

/** Letters on their way, in the order they were sent. */
export class PostOffice {
  #letters: Letter[] = [];

  /** False where the receiver has `MAIL_DEPTH` slots waiting. */
  put(letter: Letter): boolean {
    if (this.waiting(letter.to) >= MAIL_DEPTH) return false;
    this.#letters.push(letter);
    return true;
  }

  take(): Letter | undefined {
    return this.#letters.shift();
  }

  waiting(to: ModuleId): number {
    return this.#letters.filter((letter) => letter.to === to).length;
  }

  /** Throws away what waits for a module: it starts anew. */
  forget(to?: ModuleId): void {
    for (const letter of this.#letters) if (to === undefined || letter.to === to) letter.bytes.fill(0);
    this.#letters = to === undefined ? [] : this.#letters.filter((letter) => letter.to !== to);
  }
}

/** @param send - Takes a letter that is well formed; answers `Full` where it cannot wait. */
export function mailboxPort(memory: ModuleMemory, from: ModuleId, send: (letter: Letter) => Status) {
  return {
    send(to: number, data: number, length: number): number {
      if (length <= 0 || length > MAIL_SIZE || !routes(from, to)) return Status.BadArgument;
      const octets = memory.at(data, length);
      return octets === undefined ? Status.BadArgument : send({ from, to, bytes: octets.slice() });
    },
  };
}

export const MAIL_NAMES: Readonly<Record<Mail, string>> = {
  [Mail.Piece]: "Piece",
  [Mail.LineUp]: "LineUp",
  [Mail.LineDown]: "LineDown",
  [Mail.Indicate]: "Indicate",
  [Mail.Identifier]: "Identifier",
  [Mail.Hangup]: "Hangup",
  [Mail.Smp]: "Smp",
  [Mail.V1]: "V1",
  [Mail.V2]: "V2",
  [Mail.P1]: "P1",
  [Mail.P2]: "P2",
  [Mail.Q1]: "Q1",
  [Mail.Q2]: "Q2",
  [Mail.Button]: "Button",
  [Mail.PinNonce]: "PinNonce",
  [Mail.Cancel]: "Cancel",
};

export function mailName(kind: number): string {
  return MAIL_NAMES[kind as Mail] ?? `kind ${kind}`;
}
