// A module of the card on the machine: WebAssembly compiled ahead of time, with memory of its own, entered by one door.
#pragma once
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

/** wire/machine.ts, ModuleId. */
enum module_id { MODULE_MACHINE = 0, MODULE_LINK = 1, MODULE_WALLET = 2, MODULE_AUTHENTICATOR = 3, MODULES = 4, MODULE_LOADER = 4 };

#define NEVER UINT64_MAX

struct module {
  enum module_id id;
  const char* name;
  uint8_t* memory;
  uint32_t size;
  /** Address of its mail slot. */
  uint32_t mail_slot;
  /** Microseconds since the start when it wants to be woken; `NEVER` where it does not. */
  uint64_t alarm_us;
  uint32_t traps;
};

extern struct module modules[MODULES];

/** `length` octets at `at` of a module's memory; null where they are not all there. */
static inline uint8_t* module_at(const struct module* module, uint32_t at, uint32_t length) {
  if (length > module->size || at > module->size - length) return 0;
  return module->memory + at;
}

/** The same, for a call whose contract leaves no other answer: traps. */
uint8_t* module_demand(const struct module* module, uint32_t at, uint32_t length);

/** Instantiates a module anew: its memory is as it was built. */
void module_instantiate(struct module* module);

/** Runs `call` inside the module; false where it trapped. One module at a time. */
bool module_enter(struct module* module, void (*call)(struct module*, void*), void* argument);
