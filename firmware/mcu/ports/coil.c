// Port coil: plays intervals against absolute deadlines, so that nothing drifts. Contract: firmware/ports/coil.ts.
#include "board.h"
#include "machine.h"
#include "status.h"

/** Longest pass: tracks 1 and 2 with their zeros have some 1,600 reversals. */
enum { RECORDED = 2048 };

static const volatile uint16_t* intervals;
static volatile uint32_t left;
static uint32_t deadline;
static int direction;
/** The bench's, outside of the card's own memory. */
static uint32_t recorded[RECORDED] __attribute__((section(".bench")));
static volatile uint32_t edges;

static void reverse(uint32_t at) {
  direction = -direction;
  board_coil_drive(direction);
  if (edges < RECORDED) recorded[edges++] = at;
}

uint32_t Z_coilZ_play(struct module* module, uint32_t pointer, uint32_t count) {
  if (left > 0) return STATUS_BUSY;
  if (count == 0 || count > module->size / 2 || pointer & 1) return STATUS_BAD_ARGUMENT;
  const uint8_t* octets = module_at(module, pointer, count * 2);
  if (octets == 0) return STATUS_BAD_ARGUMENT;
  intervals = (const volatile uint16_t*)octets;
  edges = 0;
  direction = -1;
  left = count;
  deadline = board_ticks();
  reverse(deadline);
  deadline += *intervals * board_ticks_per_us;
  board_coil_arm(deadline);
  return STATUS_OK;
}

void coil_tick(void) {
  if (left == 0) return;
  reverse(board_ticks());
  intervals++;
  if (--left == 0) {
    board_coil_disarm();
    board_coil_drive(0);
    machine_post(EVENT_COIL_DONE);
    return;
  }
  deadline += *intervals * board_ticks_per_us;
  board_coil_arm(deadline);
}

void coil_stop(void) {
  board_coil_disarm();
  left = 0;
  board_coil_drive(0);
}

void Z_coilZ_stop(struct module* module) {
  (void)module;
  coil_stop();
}

void coil_report(void) {
  battery_emitted((deadline - recorded[0]) / board_ticks_per_us);
  bench_pass(recorded, edges);
}
