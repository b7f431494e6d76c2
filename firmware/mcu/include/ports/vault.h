// Port vault (firmware/ports/vault.ts): wallet and authenticator, each its own items and those that it may read.
#pragma once
#include "module.h"

/** @return octets read; READ_ABSENT, READ_REFUSED. */
uint32_t Z_vaultZ_read(struct module*, uint32_t item, uint32_t out, uint32_t max);
uint32_t Z_vaultZ_write(struct module*, uint32_t item, uint32_t data, uint32_t length);
