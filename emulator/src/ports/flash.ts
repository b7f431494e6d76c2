// Port flash: one small record a number, each module its own. Contract: firmware/ports/flash.ts.

import { FlashRecord, Status } from "@enabling-card/wire";
import type { ModuleMemory } from "../memory.js";
import type { ModuleName } from "../modules.js";
import { Region, type Store } from "../store/store.js";
import { tryWrite } from "./vault.js";

/** The one module that may read and write each record. */
export const FLASH_OWNER: Readonly<Record<FlashRecord, ModuleName>> = {
  [FlashRecord.Wallet]: "wallet",
  [FlashRecord.PinLock]: "authenticator",
};

export const FLASH_NAME: Readonly<Record<FlashRecord, string>> = {
  [FlashRecord.Wallet]: "Wallet",
  [FlashRecord.PinLock]: "PinLock",
};

const ABSENT = -1;
const REFUSED = -2;

export function flashPort(memory: ModuleMemory, module: ModuleName, store: Store) {
  const owns = (record: number) => FLASH_OWNER[record as FlashRecord] === module;
  return {
    read(record: number, out: number, max: number): number {
      const octets = memory.at(out, max);
      if (!owns(record) || octets === undefined) return REFUSED;
      const value = store.read(Region.Flash, record);
      if (value === undefined) return ABSENT;
      if (value.length > max) return REFUSED;
      octets.set(value);
      return value.length;
    },

    write(record: number, data: number, length: number): number {
      if (!owns(record)) return Status.FlashFailed;
      const octets = memory.at(data, length);
      if (octets === undefined) return Status.BadArgument;
      return tryWrite(() => store.write(Region.Flash, record, octets.slice()), Status.FlashFailed);
    },
  };
}
