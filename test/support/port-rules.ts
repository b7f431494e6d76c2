// Who may do what through the ports, by hand from firmware/ports and the brief of each module: one table for the emulator's ports and for the
// microcontroller's, so that they cannot part.

import { FlashRecord, ModuleId, VaultItem } from "@enabling-card/wire";

/** Of each item what wallet and authenticator may do with it: read, write. Link has no vault. */
export const VAULT_RIGHTS: readonly (readonly [VaultItem, wallet: string, authenticator: string])[] = [
  [VaultItem.CardId, "r", "r"],
  [VaultItem.PairingSecret, "r", ""],
  [VaultItem.SessionKey, "r", ""],
  [VaultItem.GrantKey, "r", ""],
  [VaultItem.PinKey, "", "r"],
  [VaultItem.Certificate, "r", ""],
  [VaultItem.PairKey, "r", "r"],
  [VaultItem.WalletStart, "rw", "r"],
  [VaultItem.AuthenticatorStart, "r", "rw"],
  [VaultItem.Roots, "r", ""],
  [VaultItem.Ledger, "r", ""],
  [VaultItem.Iins, "r", ""],
  [VaultItem.Owner, "rw", ""],
  [VaultItem.Pin, "", "rw"],
  [VaultItem.Checkpoint, "r", ""],
];

/** The one module that has each record. */
export const FLASH_OWNERS: readonly (readonly [FlashRecord, ModuleId])[] = [
  [FlashRecord.Wallet, ModuleId.Wallet],
  [FlashRecord.PinLock, ModuleId.Authenticator],
];

/** Ways that mail takes: from, to. */
export const ROUTES: readonly (readonly [ModuleId, ModuleId])[] = [
  [ModuleId.Link, ModuleId.Wallet],
  [ModuleId.Link, ModuleId.Authenticator],
  [ModuleId.Link, ModuleId.Loader],
  [ModuleId.Wallet, ModuleId.Link],
  [ModuleId.Authenticator, ModuleId.Link],
];

/** Addresses and counts of intervals that the coil does not take, of a memory of `budget` octets. */
export const coilRefusals = (budget: number): readonly (readonly [number, number])[] => [
  [100, 0],
  [100, -1],
  [101, 2],
  [budget - 2, 2],
  [-2, 1],
];
