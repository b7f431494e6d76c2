// Port clock (firmware/ports/clock.ts).
#pragma once
#include "module.h"

/** Milliseconds since the start. */
uint64_t Z_clockZ_now(struct module*);
void Z_clockZ_wakeAt(struct module*, uint64_t ms);
