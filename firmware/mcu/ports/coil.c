// Port coil: plays intervals against absolute deadlines, so that nothing drifts; at the end the current goes back in small steps, as a head would
// take a step to nothing for one more reversal. Contract: firmware/ports/coil.ts.
#include "board.h"
#include "machine.h"
#include "ports/battery.h"
#include "ports/coil.h"
#include "status.h"

/** Longest pass: tracks 1 and 2 with their zeros have some 1,600 reversals. */
enum { RECORDED = 2048 };

#ifndef PRODUCTION
/** The bench's, outside of the card's own memory. */
static uint32_t recorded[RECORDED] __attribute__((section(".bench")));
static struct ramp_step ramp[COIL_FULL] __attribute__((section(".bench")));
static uint32_t ramp_steps __attribute__((section(".bench")));
#endif

/** While the timer is armed it is the interrupt's alone: who else writes here has disarmed it. */
static struct {
  const uint16_t* intervals;
  uint32_t left, deadline;
  /** What drives it, from -COIL_FULL to COIL_FULL. */
  int32_t level;
  uint32_t edges;
  /** Of the first edge, and of the last one. */
  uint32_t begun, ended;
  /** The board's, where the interrupt reads no flash for them. */
  uint32_t ticks_per_us, ramp_ticks;
} coil;

__attribute__((always_inline)) static inline void reverse(uint32_t at) {
  const int32_t level = -coil.level;
  coil.level = level;
  board_coil_drive(level);
#ifdef PRODUCTION
  (void)at;
#else
  const uint32_t edge = coil.edges;
  if (edge == RECORDED) return;
  recorded[edge] = at;
  coil.edges = edge + 1;
#endif
}

/** The first step of the way back to nothing is due at `coil.deadline`. */
static inline void ramp_begin(void) {
  const uint32_t ended = coil.deadline;
  coil.ended = ended;
  coil.deadline = ended + coil.ramp_ticks;
}

static inline void ramp_tick(uint32_t now) {
  const int32_t before = coil.level;
  if (before == 0) return;
  const int32_t level = before > 0 ? before - 1 : before + 1;
  coil.level = level;
  board_coil_drive(level);
#ifndef PRODUCTION
  ramp[ramp_steps++] = (struct ramp_step){ now - coil.ended, level };
#else
  (void)now;
#endif
  if (level == 0) {
    board_coil_disarm();
    return;
  }
  const uint32_t deadline = coil.deadline + coil.ramp_ticks;
  coil.deadline = deadline;
  board_coil_next(deadline);
}

uint32_t Z_coilZ_play(struct module* module, uint32_t pointer, uint32_t count) {
  if (coil.left > 0) return STATUS_BUSY;
  if (count == 0 || count > module->size / 2 || pointer & 1) return STATUS_BAD_ARGUMENT;
  const uint8_t* octets = module_at(module, pointer, count * 2);
  if (octets == 0) return STATUS_BAD_ARGUMENT;
  // A pass may begin while the last one's current goes back.
  board_coil_disarm();
  coil.intervals = (const uint16_t*)octets;
  coil.edges = 0;
#ifndef PRODUCTION
  ramp_steps = 0;
#endif
  coil.ticks_per_us = board_ticks_per_us;
  coil.ramp_ticks = RAMP_STEP_US * board_ticks_per_us;
  coil.level = -COIL_FULL;
  coil.left = count;
  board_hold_lines();
  const uint32_t now = board_ticks();
  coil.begun = now;
  reverse(now);
  coil.deadline = now + *coil.intervals * coil.ticks_per_us;
  board_coil_arm(coil.deadline);
  board_free_lines();
  bench_pass_begins();
  return STATUS_OK;
}

/** At most 60 instructions an edge and a step (bench mcu counts them): no division, no call into a module, no flash but the code's. */
void coil_tick(uint32_t now) {
  const uint32_t left = coil.left;
  if (left == 0) {
    ramp_tick(now);
    return;
  }
  reverse(now);
  coil.left = left - 1;
  if (left == 1) {
    ramp_begin();
    board_coil_next(coil.deadline);
    machine_post(EVENT_COIL_DONE);
    return;
  }
  const uint16_t* next = coil.intervals + 1;
  coil.intervals = next;
  const uint32_t deadline = coil.deadline + *next * coil.ticks_per_us;
  coil.deadline = deadline;
  board_coil_next(deadline);
}

void coil_stop(void) {
  machine_withdraw(EVENT_COIL_DONE);
  if (coil.left == 0) return;
  board_coil_disarm();
  coil.left = 0;
  board_hold_lines();
  coil.deadline = board_ticks();
  ramp_begin();
  board_coil_arm(coil.deadline);
  board_free_lines();
}

void Z_coilZ_stop(struct module* module) {
  (void)module;
  coil_stop();
}

void coil_report(void) {
  battery_emitted((coil.ended - coil.begun) / board_ticks_per_us);
#ifndef PRODUCTION
  bench_pass(recorded, coil.edges);
#endif
}

#ifndef PRODUCTION
const struct ramp_step* coil_ramp(uint32_t* steps) {
  *steps = ramp_steps;
  return ramp;
}
#endif
