// Port vault: keys and what was fixed at personalisation, behind one access table. Contract: firmware/ports/vault.ts.

import { Status, VaultItem } from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import type { ModuleMemory } from "../memory.js";
import type { ModuleName } from "../modules.js";
import { Region, type Store } from "../store/store.js";

type Access = "r" | "rw";

interface Row {
  readonly name: string;
  /** Written at personalisation and never after it. */
  readonly locked: boolean;
  readonly wallet?: Access;
  readonly authenticator?: Access;
}

/** Who may read and write which item. Link has no column: it does not import the vault. */
export const VAULT_ACCESS: Readonly<Record<VaultItem, Row>> = {
  [VaultItem.CardId]: { name: "CardId", locked: true, wallet: "r", authenticator: "r" },
  [VaultItem.PairingSecret]: { name: "PairingSecret", locked: true, wallet: "r" },
  [VaultItem.SessionKey]: { name: "SessionKey", locked: true, wallet: "r" },
  [VaultItem.GrantKey]: { name: "GrantKey", locked: true, wallet: "r" },
  [VaultItem.PinKey]: { name: "PinKey", locked: true, authenticator: "r" },
  [VaultItem.Certificate]: { name: "Certificate", locked: true, wallet: "r" },
  [VaultItem.PairKey]: { name: "PairKey", locked: true, wallet: "r", authenticator: "r" },
  [VaultItem.WalletStart]: { name: "WalletStart", locked: false, wallet: "rw", authenticator: "r" },
  [VaultItem.AuthenticatorStart]: { name: "AuthenticatorStart", locked: false, authenticator: "rw", wallet: "r" },
  [VaultItem.Roots]: { name: "Roots", locked: true, wallet: "r" },
  [VaultItem.Ledger]: { name: "Ledger", locked: true, wallet: "r" },
  [VaultItem.Iins]: { name: "Iins", locked: true, wallet: "r" },
  [VaultItem.Owner]: { name: "Owner", locked: false, wallet: "rw" },
  [VaultItem.Pin]: { name: "Pin", locked: false, authenticator: "rw" },
  [VaultItem.Checkpoint]: { name: "Checkpoint", locked: true, wallet: "r" },
};

const ABSENT = -1;
const REFUSED = -2;

export function vaultPort(memory: ModuleMemory, module: ModuleName, store: Store) {
  const access = (item: number): Access | undefined =>
    module === "link" ? undefined : VAULT_ACCESS[item as VaultItem]?.[module];
  return {
    read(item: number, out: number, max: number): number {
      if (access(item) === undefined) return REFUSED;
      const octets = memory.at(out, max);
      if (octets === undefined) return REFUSED;
      const value = store.read(Region.Vault, item);
      if (value === undefined) return ABSENT;
      if (value.length > max) return REFUSED;
      octets.set(value);
      return value.length;
    },

    write(item: number, data: number, length: number): number {
      if (access(item) !== "rw" || VAULT_ACCESS[item as VaultItem].locked) return Status.VaultFailed;
      const octets = memory.at(data, length);
      if (octets === undefined) return Status.BadArgument;
      return tryWrite(() => store.write(Region.Vault, item, octets.slice()), Status.VaultFailed);
    },
  };
}

/** Runs a store write; a full store is the port's failure status, a power cut ends everything. */
export function tryWrite(write: () => void, failure: Status): Status {
  try {
    write();
    return Status.Ok;
  } catch (error) {
    if (error instanceof EmulatorError && error.code === "STORE_FULL") return failure;
    throw error;
  }
}
