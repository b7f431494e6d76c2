// Port indicators (firmware/ports/indicators.ts): link only.
#pragma once
#include "module.h"

void Z_indicatorsZ_show(struct module*, uint32_t pattern);
