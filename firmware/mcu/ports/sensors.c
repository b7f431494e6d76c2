// Ports head, button, indicators, random: what a card has around its modules. Contracts: firmware/ports.
#include "board.h"
#include "machine.h"
#include "ports/button.h"
#include "ports/head.h"
#include "ports/indicators.h"
#include "ports/random.h"

static bool awake;
static bool pressed;
void Z_headZ_listen(struct module* module, uint32_t on) {
  (void)module;
  awake = on != 0;
}

bool head_is_awake(void) { return awake; }
void head_sleep(void) { awake = false; }

uint32_t Z_buttonZ_pressed(struct module* module) {
  (void)module;
  return pressed;
}

bool button_set(bool now) {
  const bool changed = now != pressed;
  pressed = now;
  return changed;
}

#ifdef PRODUCTION
/** A button bounces for some 5 ms: what is looked at no more often changes once. A board whose button interrupts would look then, and sleep longer. */
enum { LOOK_US = 20000 };

uint64_t button_look(void) {
  static uint64_t due;
  const uint64_t now = board_us();
  if (now >= due) {
    due = now + LOOK_US;
    if (button_set(board_button())) machine_post(EVENT_BUTTON);
  }
  return due;
}
#endif

void Z_indicatorsZ_show(struct module* module, uint32_t pattern) {
  (void)module;
  bench_indicator(pattern);
}

void Z_randomZ_fill(struct module* module, uint32_t out, uint32_t length) {
  board_random(module_demand(module, out, length), length);
}
