// Pairings in IndexedDB. A key that WebCrypto holds is kept as its handle; where the browser has no X25519, as its octets.

import {
  newWebCryptoKey,
  type Pairing,
  type PairingStore,
  type SoftwareKey,
  type StaticKey,
  softwareKey,
  type WebCryptoKey,
  webCryptoKey,
} from "@enabling-card/sdk";
import { toHex } from "@enabling-card/wire";
import { type Database, keeping } from "./database.js";
import type { StoredPairing } from "./records.js";

export function pairingStore(database: Database): PairingStore {
  return {
    async newKey() {
      try {
        return await newWebCryptoKey();
      } catch {
        return softwareKey(); // a browser without X25519
      }
    },
    async list(cardId) {
      const all = await database.getAll("pairings");
      const wanted = cardId && toHex(cardId);
      return all
        .filter(({ card }) => wanted === undefined || card === wanted)
        .sort((a, b) => b.savedMs - a.savedMs)
        .map(fromStored);
    },
    async save(pairing) {
      const card = toHex(pairing.cardId);
      const stored = { ...pairing, card, phoneKey: keptKey(pairing.phoneKey), savedMs: Date.now() };
      await keeping(async () => {
        const change = database.transaction("pairings", "readwrite", { durability: "strict" });
        if (pairing.confirmed) await change.store.delete([card, 0]);
        await change.store.put({ ...stored, confirmedAs: Number(pairing.confirmed) });
        await change.done;
      });
    },
    async forget(cardId) {
      const card = toHex(cardId);
      const change = database.transaction("pairings", "readwrite", { durability: "strict" });
      await Promise.all([change.store.delete([card, 0]), change.store.delete([card, 1])]);
      await change.done;
    },
    async forgetUnconfirmed(cardId) {
      await database.delete("pairings", [toHex(cardId), 0]);
    },
  };
}

function keptKey(key: StaticKey | SoftwareKey | WebCryptoKey): StoredPairing["phoneKey"] {
  if ("handle" in key) return key.handle;
  if ("secret" in key) return { secret: key.secret };
  throw new TypeError("a key that is neither WebCrypto's nor this store's");
}

function fromStored({ phoneKey, card: _, confirmedAs: __, savedMs: ___, ...pairing }: StoredPairing): Pairing {
  return { ...pairing, phoneKey: "secret" in phoneKey ? softwareKey(phoneKey.secret) : webCryptoKey(phoneKey) };
}
