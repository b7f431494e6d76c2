// Port coil: plays intervals against absolute deadlines, so that nothing drifts. Contract: firmware/ports/coil.ts.
#include "board.h"
#include "machine.h"
#include "status.h"

/** Longest pass: tracks 1 and 2 with their zeros have some 1,600 reversals. */
enum { RECORDED = 2048 };

#ifndef PRODUCTION
/** The bench's, outside of the card's own memory. */
static uint32_t recorded[RECORDED] __attribute__((section(".bench")));
#endif

static volatile struct {
  const uint16_t* intervals;
  uint32_t left, deadline;
  int32_t direction;
  uint32_t edges;
  /** Of the first edge. */
  uint32_t begun;
} coil;

static inline void reverse(uint32_t at) {
  const int32_t direction = -coil.direction;
  coil.direction = direction;
  board_coil_drive(direction);
#ifdef PRODUCTION
  (void)at;
#else
  const uint32_t edge = coil.edges;
  if (edge == RECORDED) return;
  recorded[edge] = at;
  coil.edges = edge + 1;
#endif
}

uint32_t Z_coilZ_play(struct module* module, uint32_t pointer, uint32_t count) {
  if (coil.left > 0) return STATUS_BUSY;
  if (count == 0 || count > module->size / 2 || pointer & 1) return STATUS_BAD_ARGUMENT;
  const uint8_t* octets = module_at(module, pointer, count * 2);
  if (octets == 0) return STATUS_BAD_ARGUMENT;
  coil.intervals = (const uint16_t*)octets;
  coil.edges = 0;
  coil.direction = -1;
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
  if (left == 0) return;
  reverse(board_ticks());
  coil.left = left - 1;
  if (left == 1) {
    board_coil_disarm();
    board_coil_drive(0);
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
  board_coil_disarm();
  coil.left = 0;
  board_coil_drive(0);
}

void Z_coilZ_stop(struct module* module) {
  (void)module;
  coil_stop();
}

void coil_report(void) {
  battery_emitted((coil.deadline - coil.begun) / board_ticks_per_us);
#ifndef PRODUCTION
  bench_pass(recorded, coil.edges);
#endif
}
