// Port clock. Contract: firmware/ports/clock.ts.
#include "board.h"
#include "module.h"
#include "ports/clock.h"

uint64_t Z_clockZ_now(struct module* module) {
  (void)module;
  return board_us() / 1000;
}

void Z_clockZ_wakeAt(struct module* module, uint64_t ms) { module->alarm_ms = ms; }
