// Port button (firmware/ports/button.ts): authenticator only.
#pragma once
#include <stdbool.h>

#include "module.h"

uint32_t Z_buttonZ_pressed(struct module*);

/** The machine's; true where that was a change. */
bool button_set(bool pressed);
