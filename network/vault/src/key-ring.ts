// A master that is changed: the new one and, for an overlap, the one before it, each with its number. What is sealed carries the number of the key that
// sealed it, so that both are opened and nothing is lost; what the first master (number 0) sealed has none, as before there were numbers.

import { derivedKey, openText, sealText } from "./sealed.js";

/** 32 octets, their number, and those that are still taken beside them. */
export interface NumberedMaster {
  readonly number: number;
  readonly master: Uint8Array;
  readonly before?: { readonly number: number; readonly master: Uint8Array } | undefined;
}

/** A master that was never changed, or one that was. */
export type Master = Uint8Array | NumberedMaster;

export function numbered(master: Master): NumberedMaster {
  return master instanceof Uint8Array ? { number: 0, master } : master;
}

/** Why a key is not there: it was taken out, or it is to come. */
export type KeyAbsence = "retired" | "not yet";

/** The one of both that has that number, or why there is none. */
export function keyOf<Key extends { readonly number: number }>(
  keys: Key & { readonly before?: Key | undefined },
  number: number,
): Key | KeyAbsence {
  if (number === keys.number) return keys;
  if (number === keys.before?.number) return keys.before;
  return number > keys.number ? "not yet" : "retired";
}

export class UnopenedError extends Error {
  override readonly name = "UnopenedError";

  constructor(readonly why: KeyAbsence | "altered") {
    super(`A sealed value cannot be opened: ${why === "altered" ? "it was altered" : `its key is ${why}`}`);
  }
}

/** Before a number: whatever begins otherwise was sealed by the first master. */
const MARK = Uint8Array.of(0x45, 0x43, 0x4b, 0x01);
const HEAD_SIZE = MARK.length + 4;

/** Seals by the newest key, and opens by either. */
export class SealRing {
  readonly #keys: { readonly number: number; readonly key: Uint8Array; readonly before?: NumberedKey };

  /** @param info - What its keys are derived for */
  constructor(master: NumberedMaster, info: string) {
    const keyed = (of: { readonly number: number; readonly master: Uint8Array }): NumberedKey => ({
      number: of.number,
      key: derivedKey(of.master, info, 32),
    });
    this.#keys = { ...keyed(master), ...(master.before && { before: keyed(master.before) }) };
  }

  seal(text: string): Uint8Array {
    const { number, key } = this.#keys;
    const sealed = sealText(key, text);
    if (number === 0) return sealed;
    const head = Buffer.alloc(HEAD_SIZE);
    head.set(MARK);
    head.writeUInt32BE(number, MARK.length);
    return Buffer.concat([head, sealed]);
  }

  /** @throws {UnopenedError} */
  open(sealed: Uint8Array): string {
    const number = numberOf(sealed);
    const found = keyOf<NumberedKey>(this.#keys, number);
    // One in 2^32 nonces of the first master looks like a mark: it is tried as what it then is.
    const first = number === 0 ? undefined : keyOf<NumberedKey>(this.#keys, 0);
    const text =
      (typeof found === "string"
        ? undefined
        : openText(found.key, number === 0 ? sealed : sealed.subarray(HEAD_SIZE))) ??
      (first === undefined || typeof first === "string" ? undefined : openText(first.key, sealed));
    if (text === undefined) throw new UnopenedError(typeof found === "string" ? found : "altered");
    return text;
  }

  /** The same, sealed by the newest key; undefined where it is that already. @throws {UnopenedError} */
  renewed(sealed: Uint8Array): Uint8Array | undefined {
    return numberOf(sealed) === this.#keys.number ? undefined : this.seal(this.open(sealed));
  }
}

interface NumberedKey {
  readonly number: number;
  readonly key: Uint8Array;
}

function numberOf(sealed: Uint8Array): number {
  const octets = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  return MARK.every((octet, i) => octets[i] === octet) && octets.length >= HEAD_SIZE
    ? octets.readUInt32BE(MARK.length)
    : 0;
}
