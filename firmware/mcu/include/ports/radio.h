// Port radio (firmware/ports/radio.ts): link only.
#pragma once
#include <stdbool.h>

#include "calls.h"

/** @return STATUS_BUSY, STATUS_ABSENT, STATUS_BAD_ARGUMENT. */
uint32_t Z_radioZ_send(struct module*, uint32_t packet, uint32_t length);

/** The machine's: finds out whether the board has a controller. Once, before link starts. */
bool radio_open(void);
bool radio_is_there(void);
/** The next packet of the controller, whole until the next call; false where none is whole. */
bool radio_poll(struct chunk* packet);
/** All has been sent: somebody was told to come again. */
bool radio_has_room(void);
