// Port button (firmware/ports/button.ts): authenticator only.
#pragma once
#include <stdbool.h>

#include "module.h"

uint32_t Z_buttonZ_pressed(struct module*);

/** The machine's; true where that was a change. */
bool button_set(bool pressed);

#ifdef PRODUCTION
/** Looks at the board's button where that is due, and posts what has changed. When it is due again, microseconds. */
uint64_t button_look(void);
#else
/** The bench presses. */
static inline uint64_t button_look(void) { return NEVER; }
#endif
