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

static volatile struct {
  const uint16_t* intervals;
  uint32_t left, deadline;
  /** What drives it, from -COIL_FULL to COIL_FULL. */
  int32_t level;
  uint32_t edges;
  /** Of the first edge, and of the last one. */
  uint32_t begun, ended;
} coil;

static inline void reverse(uint32_t at) {
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
__attribute__((noinline)) static void ramp_begin(void) {
  coil.ended = coil.deadline;
  coil.deadline += RAMP_STEP_US * board_ticks_per_us;
#ifndef PRODUCTION
  ramp_steps = 0;
#endif
}

__attribute__((noinline)) static void ramp_tick(void) {
  if (coil.level == 0) return;
  coil.level += coil.level > 0 ? -1 : 1;
  board_coil_drive(coil.level);
#ifndef PRODUCTION
  ramp[ramp_steps++] = (struct ramp_step){ board_ticks() - coil.ended, coil.level };
#endif
  if (coil.level == 0) {
    board_coil_disarm();
    return;
  }
  coil.deadline += RAMP_STEP_US * board_ticks_per_us;
  board_coil_next(coil.deadline);
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
  coil.level = -COIL_FULL;
  coil.left = count;
  const uint32_t now = board_ticks();
  coil.begun = now;
  reverse(now);
  coil.deadline = now + *coil.intervals * board_ticks_per_us;
  board_coil_arm(coil.deadline);
  bench_pass_begins();
  return STATUS_OK;
}

/** At most 60 instructions an edge (bench mcu counts them): no division, no call into a module, no flash but the code's. */
void coil_tick(void) {
  const uint32_t left = coil.left;
  if (left == 0) {
    ramp_tick();
    return;
  }
  reverse(board_ticks());
  coil.left = left - 1;
  if (left == 1) {
    ramp_begin();
    board_coil_next(coil.deadline);
    machine_post(EVENT_COIL_DONE);
    return;
  }
  const uint16_t* next = coil.intervals + 1;
  coil.intervals = next;
  const uint32_t deadline = coil.deadline + *next * board_ticks_per_us;
  coil.deadline = deadline;
  board_coil_next(deadline);
}

void coil_stop(void) {
  if (coil.left == 0) return;
  board_coil_disarm();
  coil.left = 0;
  coil.deadline = board_ticks();
  ramp_begin();
  board_coil_arm(coil.deadline);
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
