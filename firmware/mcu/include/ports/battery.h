// Port battery (firmware/ports/battery.ts): wallet only.
#pragma once
#include "module.h"

uint32_t Z_batteryZ_percent(struct module*);
uint32_t Z_batteryZ_sustains(struct module*, uint32_t ms);

/** The machine's: the coil has drawn from the cell for so long. */
void battery_emitted(uint64_t us);
/** Per cent of a full cell. */
uint32_t battery_left(void);
