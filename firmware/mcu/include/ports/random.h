// Port random (firmware/ports/random.ts).
#pragma once
#include "module.h"

void Z_randomZ_fill(struct module*, uint32_t out, uint32_t length);
