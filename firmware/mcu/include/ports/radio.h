// Port radio (firmware/ports/radio.ts): link only.
#pragma once
#include "module.h"

/** @return STATUS_ABSENT: no board here has a controller yet. */
uint32_t Z_radioZ_send(struct module*, uint32_t packet, uint32_t length);
