// Port battery: what idling and the coil have taken from a thin lithium pouch. Contract: firmware/ports/battery.ts. Figures: the emulator's; a
// board with a gauge asks that.
#include "board.h"
#include "machine.h"
#include "ports/battery.h"

/** Nanojoules: a full cell, the share that no emission may touch, idling for a microsecond, and the coil for one. */
#define CAPACITY 162000000000ull
#define RESERVE (CAPACITY / 50)
#define IDLE_PER_MS 60ull
#define COIL_PER_US 450ull

static uint64_t drained;
static uint64_t settled_us;

static uint64_t charge(void) {
  const uint64_t now = board_us();
  drained += (now - settled_us) * IDLE_PER_MS / 1000;
  settled_us = now;
  return drained < CAPACITY ? CAPACITY - drained : 0;
}

void battery_emitted(uint64_t us) { drained += us * COIL_PER_US; }

uint32_t battery_left(void) { return (uint32_t)(charge() * 100 / CAPACITY); }

uint32_t Z_batteryZ_percent(struct module* module) {
  (void)module;
  return battery_left();
}

uint32_t Z_batteryZ_sustains(struct module* module, uint32_t ms) {
  (void)module;
  const uint64_t left = charge();
  return (int32_t)ms >= 0 && left >= RESERVE && left - RESERVE >= (uint64_t)ms * 1000 * COIL_PER_US;
}
