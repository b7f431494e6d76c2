// The machine under the modules: one scheduler, run to completion, one call at a time. Mail first, then what comes from outside, then what
// is due: as the emulator's.
#include "machine.h"

#include <string.h>

#include "board.h"
#include "log.h"
#include "ports/battery.h"
#include "ports/button.h"
#include "ports/coil.h"
#include "ports/head.h"
#include "ports/line.h"
#include "ports/mailbox.h"
#include "ports/radio.h"
#include "store.h"
#include "update.h"

static volatile uint32_t events;

void machine_post(enum event event) { __atomic_fetch_or(&events, event, __ATOMIC_RELAXED); }

bool machine_is_posted(void) { return events != 0; }

void machine_withdraw(enum event event) { __atomic_fetch_and(&events, ~(uint32_t)event, __ATOMIC_RELAXED); }

static bool take(enum event event) {
  return (__atomic_fetch_and(&events, ~(uint32_t)event, __ATOMIC_RELAXED) & event) != 0;
}

static void boot(struct module* module) {
  module_instantiate(module);
  if (!module_enter(module, call_start, 0)) board_panic("a module stops while it starts");
}

/** The one way into a module after its start. A trap ends the module, and starts it anew. */
static void enter(enum module_id id, void (*call)(struct module*, void*), void* argument) {
  struct module* module = &modules[id];
  if (update_is_on() && id != MODULE_LINK) return;
  const uint32_t traps = module->traps;
  module_enter(module, call, argument);
  if (module->traps == traps) return;
  bench_trap(module);
  log_event(LOG_TRAPPED, id);
  mailbox_forget(id);
  if (id == MODULE_WALLET) {
    coil_stop();
    head_sleep();
  }
  boot(module);
  if (id != MODULE_AUTHENTICATOR) line_drop();
  // A session that the wallet lost must not go on: link, started anew, resets the controller and with it every connection.
  if (id == MODULE_WALLET && radio_is_there()) boot(&modules[MODULE_LINK]);
}

#ifndef PRODUCTION
static void reach_outside(struct module* module, void* unused) {
  (void)unused;
  module_demand(module, module->size, 1);
}

void machine_trap(enum module_id id) { enter(id, reach_outside, 0); }
#endif

void machine_stop_modules(void) {
  coil_stop();
  head_sleep();
  for (int id = MODULE_WALLET; id < MODULES; id++) {
    mailbox_forget((enum module_id)id);
    memset(modules[id].memory, 0, modules[id].size);
    modules[id].alarm_us = NEVER;
  }
}

_Noreturn void machine_leave(void) {
  for (int id = MODULE_LINK; id < MODULES; id++) {
    mailbox_forget((enum module_id)id);
    memset(modules[id].memory, 0, modules[id].size);
  }
  board_reset(START_LISTEN);
}

static bool deliver(void) {
  struct mail mail;
  if (!mailbox_take(&mail)) return false;
  if (mail.to == MODULE_LOADER) {
    update_take(&mail);
    return true;
  }
  update_watch(&mail);
  if (update_is_on() && mail.to != MODULE_LINK) return true;
  struct module* module = &modules[mail.to];
  uint8_t* slot = module_at(module, module->mail_slot, MAIL_SIZE);
  if (slot == 0) board_panic("a mail slot outside of its module");
  memcpy(slot, mail.octets, mail.length);
  memset(slot + mail.length, 0, MAIL_SIZE - mail.length);
  memset(mail.octets, 0, mail.length);
  enter(mail.to, call_mail, &mail);
  return true;
}

/** When the next alarm is due, microseconds. */
static uint64_t next_alarm(void) {
  uint64_t next = update_is_on() ? update_ends() : NEVER;
  for (int id = MODULE_LINK; id < MODULES; id++)
    if (modules[id].alarm_us < next) next = modules[id].alarm_us;
  return next;
}

static bool ring(void) {
  const uint64_t now = board_us();
  if (update_is_on() && now >= update_ends()) board_reset(START_USUAL);
  for (int id = MODULE_LINK; id < MODULES; id++) {
    if (modules[id].alarm_us > now) continue;
    modules[id].alarm_us = NEVER;
    enter((enum module_id)id, call_alarm, 0);
    return true;
  }
  return false;
}

static bool step(void) {
  if (deliver()) return true;
  if (take(EVENT_COIL_DONE)) {
    coil_report();
    log_event(LOG_PLAYED, battery_left());
    enter(MODULE_WALLET, call_coil_done, 0);
    return true;
  }
  if (take(EVENT_HEAD_CONTACT)) {
    if (head_is_awake()) enter(MODULE_WALLET, call_head_contact, 0);
    return true;
  }
  if (take(EVENT_BUTTON)) {
    enter(MODULE_AUTHENTICATOR, call_button, 0);
    return true;
  }
  struct chunk chunk;
  switch (line_poll(&chunk)) {
    case LINE_CAME_UP:
      log_event(LOG_LINE_UP, line_longest());
      if (update_is_on()) line_drop();
      enter(MODULE_LINK, call_line_up, 0);
      return true;
    case LINE_WENT_DOWN:
      log_event(LOG_LINE_DOWN, 0);
      enter(MODULE_LINK, call_line_down, 0);
      return true;
    case LINE_READY: enter(MODULE_LINK, call_line_ready, 0); return true;
    case LINE_CHUNK: enter(MODULE_LINK, call_chunk, &chunk); return true;
    case LINE_QUIET: break;
  }
  if (radio_poll(&chunk)) {
    enter(MODULE_LINK, call_packet, &chunk);
    return true;
  }
  if (take(EVENT_RADIO_SENT) && radio_has_room()) {
    enter(MODULE_LINK, call_radio_ready, 0);
    return true;
  }
  return bench_poll() || ring();
}

void machine_run(void) {
  if (!store_open()) board_panic("this card has no keys: personalise it");
  log_event(LOG_STARTED, board_start_reason());
  bench_ready();
  update_start();
  radio_open();
  for (int id = MODULE_WALLET; id < MODULES; id++) boot(&modules[id]);
  boot(&modules[MODULE_LINK]);
  for (;;) {
    const uint64_t look = button_look();
    if (step()) continue;
    const uint64_t alarm = next_alarm();
    board_sleep(alarm < look ? alarm : look);
  }
}
