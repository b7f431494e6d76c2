// Port flash (firmware/ports/flash.ts): records of wallet and authenticator, each its own.
#pragma once
#include "module.h"

/** @return octets read; READ_ABSENT, READ_REFUSED. */
uint32_t Z_flashZ_read(struct module*, uint32_t record, uint32_t out, uint32_t max);
uint32_t Z_flashZ_write(struct module*, uint32_t record, uint32_t data, uint32_t length);
