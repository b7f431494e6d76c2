// Port clock. Contract: firmware/ports/clock.ts.
#include "board.h"
#include "module.h"
#include "ports/clock.h"

uint64_t Z_clockZ_now(struct module* module) {
  (void)module;
  return board_us() / 1000;
}

/** Compared without a division: the machine looks at alarms each time that it wakes. */
void Z_clockZ_wakeAt(struct module* module, uint64_t ms) {
  module->alarm_us = ms == 0 || ms >= NEVER / 1000 ? NEVER : ms * 1000;
}
