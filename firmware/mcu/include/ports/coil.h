// Port coil (firmware/ports/coil.ts): wallet only.
#pragma once
#include "module.h"

/** Drives it with all there is; and how long each step takes by which the current goes back after the last edge: 5 ms in all, a slope that no head takes for a reversal. */
enum { COIL_FULL = 20, RAMP_STEP_US = 250 };

/** @return STATUS_BUSY, STATUS_BAD_ARGUMENT. The intervals are the machine's until `EVENT_COIL_DONE`. */
uint32_t Z_coilZ_play(struct module*, uint32_t intervals, uint32_t count);
void Z_coilZ_stop(struct module*);

/** The machine's: ends a pass, the current in steps; no event follows. */
void coil_stop(void);
/** The next edge is due, or the next step: called by the board's interrupt, at the tick `now`. */
void coil_tick(uint32_t now);
/** Hands the pass that was played to whoever watches. */
void coil_report(void);

#ifndef PRODUCTION
/** How the current went back: ticks from the last edge, and the level. */
struct ramp_step {
  uint32_t ticks;
  int32_t level;
};
const struct ramp_step* coil_ramp(uint32_t* steps);
#endif
