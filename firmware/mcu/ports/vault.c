// Ports vault and flash: who may read and write which record. Contracts: firmware/ports/vault.ts, flash.ts; the table is the emulator's.
#include <string.h>

#include "module.h"
#include "ports/flash.h"
#include "ports/vault.h"
#include "status.h"
#include "store.h"

enum access { NONE, READ, WRITE };

/** By wire/machine.ts, VaultItem. What was written at personalisation has no `WRITE`: it is locked. */
static const struct { uint8_t wallet, authenticator; } VAULT[] = {
  [1] = { READ, READ },   // CardId
  [2] = { READ, NONE },   // PairingSecret
  [3] = { READ, NONE },   // SessionKey
  [4] = { READ, NONE },   // GrantKey
  [5] = { NONE, READ },   // PinKey
  [6] = { READ, NONE },   // Certificate
  [7] = { READ, READ },   // PairKey
  [8] = { WRITE, READ },  // WalletStart
  [9] = { READ, WRITE },  // AuthenticatorStart
  [10] = { READ, NONE },  // Roots
  [11] = { READ, NONE },  // Ledger
  [12] = { READ, NONE },  // Iins
  [13] = { WRITE, NONE }, // Owner
  [14] = { NONE, WRITE }, // Pin
  [15] = { READ, NONE },  // Checkpoint
};

static enum access vault_access(const struct module* module, uint32_t item) {
  if (item >= sizeof VAULT / sizeof *VAULT) return NONE;
  if (module->id == MODULE_WALLET) return VAULT[item].wallet;
  return module->id == MODULE_AUTHENTICATOR ? VAULT[item].authenticator : NONE;
}

/** Wire/machine.ts, FlashRecord: the wallet's, the authenticator's. */
static bool owns(const struct module* module, uint32_t record) {
  return (record == 1 && module->id == MODULE_WALLET) || (record == 2 && module->id == MODULE_AUTHENTICATOR);
}

static uint32_t read(struct module* module, enum region region, uint32_t id, uint32_t out, uint32_t max) {
  uint8_t* octets = module_at(module, out, max);
  if (octets == 0) return (uint32_t)READ_REFUSED;
  uint32_t length = 0;
  const uint8_t* value = store_read(region, (uint8_t)id, &length);
  if (value == 0) return (uint32_t)READ_ABSENT;
  if (length > max) return (uint32_t)READ_REFUSED;
  memcpy(octets, value, length);
  return length;
}

uint32_t Z_vaultZ_read(struct module* module, uint32_t item, uint32_t out, uint32_t max) {
  return vault_access(module, item) == NONE ? (uint32_t)READ_REFUSED : read(module, REGION_VAULT, item, out, max);
}

uint32_t Z_vaultZ_write(struct module* module, uint32_t item, uint32_t data, uint32_t length) {
  if (vault_access(module, item) != WRITE) return STATUS_VAULT_FAILED;
  const uint8_t* octets = module_at(module, data, length);
  if (octets == 0) return STATUS_BAD_ARGUMENT;
  return store_write(REGION_VAULT, (uint8_t)item, octets, length) ? STATUS_OK : STATUS_VAULT_FAILED;
}

uint32_t Z_flashZ_read(struct module* module, uint32_t record, uint32_t out, uint32_t max) {
  return owns(module, record) ? read(module, REGION_FLASH, record, out, max) : (uint32_t)READ_REFUSED;
}

uint32_t Z_flashZ_write(struct module* module, uint32_t record, uint32_t data, uint32_t length) {
  if (!owns(module, record)) return STATUS_FLASH_FAILED;
  const uint8_t* octets = module_at(module, data, length);
  if (octets == 0) return STATUS_BAD_ARGUMENT;
  return store_write(REGION_FLASH, (uint8_t)record, octets, length) ? STATUS_OK : STATUS_FLASH_FAILED;
}
