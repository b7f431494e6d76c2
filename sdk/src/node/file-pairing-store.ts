// Pairings in a JSON file, for Node.

import { CARD_ID_SIZE, equalBytes, fromHex, KEY_SIZE, toHex } from "@enabling-card/wire";
import { sdkError } from "../errors.js";
import { type SoftwareKey, type StaticKey, softwareKey } from "../noise/static-key.js";
import { type Pairing, type PairingStore, withPairing } from "../pairing/pairing-store.js";
import { readOwners, writeOwners } from "./owners-file.js";

type Stored = {
  readonly [K in keyof Omit<Pairing, "phoneKey">]: Pairing[K] extends Uint8Array ? string : Pairing[K];
} & { readonly phoneSecret: string };

export class FilePairingStore implements PairingStore {
  readonly #path: string;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async list(cardId?: Uint8Array): Promise<readonly Pairing[]> {
    const pairings = await this.#read();
    return pairings.filter((pairing) => cardId === undefined || equalBytes(pairing.cardId, cardId));
  }

  save(pairing: Pairing): Promise<void> {
    return this.#change((pairings) => withPairing(pairings, pairing));
  }

  forget(cardId: Uint8Array): Promise<void> {
    return this.#change((pairings) => pairings.filter((one) => !equalBytes(one.cardId, cardId)));
  }

  forgetUnconfirmed(cardId: Uint8Array): Promise<void> {
    return this.#change((pairings) => pairings.filter((one) => one.confirmed || !equalBytes(one.cardId, cardId)));
  }

  #change(change: (pairings: readonly Pairing[]) => readonly Pairing[]): Promise<void> {
    const turn = this.#tail.then(async () => this.#write(change(await this.#read())));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** @throws {CardError} `PAIRING_STORE_FAILED` where the file is there but is not ours. */
  async #read(): Promise<Pairing[]> {
    const text = await readOwners(this.#path).catch((cause) => {
      throw sdkError("PAIRING_STORE_FAILED", undefined, { cause });
    });
    if (text === undefined) return [];
    try {
      return (JSON.parse(text) as { pairings: Stored[] }).pairings.map(fromStored);
    } catch {
      throw sdkError("PAIRING_STORE_FAILED", "the file of pairings cannot be read"); // no cause: it might quote the file
    }
  }

  async #write(pairings: readonly Pairing[]): Promise<void> {
    const text = `${JSON.stringify({ version: 1, pairings: pairings.map(toStored) }, null, 2)}\n`;
    await writeOwners(this.#path, text).catch((cause) => {
      throw sdkError("PAIRING_STORE_FAILED", undefined, { cause });
    });
  }
}

function toStored(pairing: Pairing): Stored {
  const { cardId, phoneKey, cardKey, certificate, identifierKey, phoneName, confirmed } = pairing;
  return {
    cardId: toHex(cardId),
    phoneSecret: toHex(secretOf(phoneKey)),
    cardKey: toHex(cardKey),
    certificate: toHex(certificate),
    identifierKey: toHex(identifierKey),
    phoneName,
    confirmed,
  };
}

/** @throws whatever it meets, where it is not as it was written. */
function fromStored(stored: Stored): Pairing {
  return {
    cardId: octets(stored.cardId, CARD_ID_SIZE),
    phoneKey: softwareKey(octets(stored.phoneSecret, KEY_SIZE)),
    cardKey: octets(stored.cardKey, KEY_SIZE),
    certificate: fromHex(stored.certificate),
    identifierKey: octets(stored.identifierKey, KEY_SIZE),
    phoneName: String(stored.phoneName),
    confirmed: stored.confirmed === true,
  };
}

/** A file holds what can be written down. */
function secretOf(key: StaticKey): Uint8Array {
  if ("secret" in key) return (key as SoftwareKey).secret;
  throw sdkError("PAIRING_STORE_FAILED", "a key that another store keeps");
}

function octets(hex: string, size: number): Uint8Array {
  const read = fromHex(hex);
  if (read.length !== size) throw new RangeError(`${size} octets`);
  return read;
}
