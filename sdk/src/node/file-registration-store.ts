// Registrations of payment means in a JSON file, for Node.

import { CARD_ID_SIZE, equalBytes, fromHex, REGISTRATION_SIZE, TOKEN_REF_SIZE, toHex } from "@enabling-card/wire";
import { sdkError } from "../errors.js";
import { isOf, type Registration, type RegistrationStore, withRegistration } from "../means/registration-store.js";
import { readOwners, writeOwners } from "./owners-file.js";

type Stored = { readonly [K in keyof Registration]: Registration[K] extends Uint8Array ? string : Registration[K] };

export class FileRegistrationStore implements RegistrationStore {
  readonly #path: string;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async find(cardId: Uint8Array, tokenRef: Uint8Array): Promise<Registration | undefined> {
    return (await this.#read()).find((one) => isOf(one, cardId, tokenRef));
  }

  save(registration: Registration): Promise<void> {
    return this.#change((kept) => withRegistration(kept, registration));
  }

  forget(cardId: Uint8Array): Promise<void> {
    return this.#change((kept) => kept.filter((one) => !equalBytes(one.cardId, cardId)));
  }

  #change(change: (kept: readonly Registration[]) => readonly Registration[]): Promise<void> {
    const turn = this.#tail.then(async () => this.#write(change(await this.#read())));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** @throws {CardError} `REGISTRATION_STORE_FAILED`, where the file is there but is not ours, too */
  async #read(): Promise<Registration[]> {
    const text = await readOwners(this.#path).catch((cause) => {
      throw sdkError("REGISTRATION_STORE_FAILED", undefined, { cause });
    });
    if (text === undefined) return [];
    try {
      return (JSON.parse(text) as { registrations: Stored[] }).registrations.map(fromStored);
    } catch {
      throw sdkError("REGISTRATION_STORE_FAILED", "the file of registrations cannot be read"); // no cause: it might quote the file
    }
  }

  async #write(kept: readonly Registration[]): Promise<void> {
    const text = `${JSON.stringify({ version: 1, registrations: kept.map(toStored) }, null, 2)}\n`;
    await writeOwners(this.#path, text).catch((cause) => {
      throw sdkError("REGISTRATION_STORE_FAILED", undefined, { cause });
    });
  }
}

function toStored({ cardId, tokenRef, registration, key, seen, held }: Registration): Stored {
  const named = { cardId: toHex(cardId), tokenRef: toHex(tokenRef) };
  return { ...named, registration: toHex(registration), key: toHex(key), seen, held };
}

/** @throws whatever it meets, where it is not as it was written. */
function fromStored({ cardId, tokenRef, registration, key, seen, held }: Stored): Registration {
  for (const state of [seen, held]) {
    if (state !== null && !(Number.isSafeInteger(state.version) && Number.isSafeInteger(state.state)))
      throw new TypeError("A state");
  }
  if (seen !== null && !Array.isArray(seen.holds)) throw new TypeError("Who holds it");
  return {
    cardId: octets(cardId, CARD_ID_SIZE),
    tokenRef: octets(tokenRef, TOKEN_REF_SIZE),
    registration: octets(registration, REGISTRATION_SIZE),
    key: octets(key, REGISTRATION_SIZE),
    seen,
    held,
  };
}

function octets(hex: string, size: number): Uint8Array {
  const read = fromHex(hex);
  if (read.length !== size) throw new RangeError(`${size} octets`);
  return read;
}
