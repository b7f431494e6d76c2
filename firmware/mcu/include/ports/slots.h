// Port slots (firmware/ports/slots.ts): the loader only.
#pragma once
#include "module.h"

void Z_slotsZ_read(struct module*, uint32_t area, uint32_t at, uint32_t out, uint32_t length);
void Z_slotsZ_program(struct module*, uint32_t area, uint32_t at, uint32_t data, uint32_t length);
void Z_slotsZ_erase(struct module*, uint32_t area, uint32_t at);
void Z_slotsZ_digest(struct module*, uint32_t area, uint32_t length, uint32_t out);
