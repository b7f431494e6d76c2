// Registrations of payment means in IndexedDB.

import type { RegistrationStore } from "@enabling-card/sdk";
import { toHex } from "@enabling-card/wire";
import { type Database, keeping } from "./database.js";

export function registrationStore(database: Database): RegistrationStore {
  return {
    async find(cardId, tokenRef) {
      return database.get("registrations", [toHex(cardId), toHex(tokenRef)]);
    },
    async save(registration) {
      const [card, token] = [toHex(registration.cardId), toHex(registration.tokenRef)];
      await keeping(() => database.put("registrations", { ...registration, card, token }));
    },
    async forget(cardId) {
      const card = toHex(cardId);
      await database.delete("registrations", IDBKeyRange.bound([card], [card, []]));
    },
  };
}
