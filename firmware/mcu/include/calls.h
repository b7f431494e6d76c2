// The calls into modules, for `module_enter`.
#pragma once
#include "module.h"

/** wire/machine.ts: octets of a slot, and slots that a receiver has waiting. */
enum { MAIL_SIZE = 256, MAIL_DEPTH = 8 };

struct mail {
  enum module_id from, to;
  uint32_t length;
  uint8_t octets[MAIL_SIZE];
};

struct chunk {
  uint32_t length;
  const uint8_t* octets;
};

void call_start(struct module*, void*);
/** @param argument - A `struct mail`, whose octets lie in the module's slot. */
void call_mail(struct module*, void* argument);
void call_alarm(struct module*, void*);
void call_coil_done(struct module*, void*);
void call_head_contact(struct module*, void*);
void call_button(struct module*, void*);
void call_line_up(struct module*, void*);
void call_line_down(struct module*, void*);
void call_line_ready(struct module*, void*);
/** @param argument - A `struct chunk`. */
void call_chunk(struct module*, void* argument);
/** @param argument - A `struct chunk`, a packet of the controller. */
void call_packet(struct module*, void* argument);
void call_radio_ready(struct module*, void*);
