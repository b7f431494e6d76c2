// Port line (firmware/ports/line.ts): link only, and the loader.
#pragma once
#include "calls.h"

/** Octets of the longest chunk that the other side takes; 0 while the line is down. */
uint32_t Z_lineZ_maxWrite(struct module*);
/** @return STATUS_BUSY, STATUS_ABSENT, STATUS_BAD_ARGUMENT. */
uint32_t Z_lineZ_write(struct module*, uint32_t data, uint32_t length);
void Z_lineZ_hangUp(struct module*);
void Z_lineZ_advertise(struct module*, uint32_t data, uint32_t length);

enum line_event { LINE_QUIET, LINE_CAME_UP, LINE_WENT_DOWN, LINE_READY, LINE_CHUNK };

/** The machine's: what came, one thing at a time, for the caller to tell the link. `chunk` is whole until the next call. */
enum line_event line_poll(struct chunk* chunk);
/** Octets of the phone's longest chunk; 0 without a phone. */
uint32_t line_longest(void);
/** Ends the line; `LINE_WENT_DOWN` follows. */
void line_drop(void);
