// The runtime that wasm2c's output calls (wabt 1.0.32, wasm-rt.h): static memories, no growth, traps that end the module and nothing else.
#include <stdarg.h>
#include <string.h>

#include "board.h"
#include "module.h"
#include "wasm-rt.h"

uint32_t wasm_rt_call_stack_depth;

/** The module that runs, and where its trap goes. */
static struct module* running;
static jmp_buf trapped;

void wasm_rt_trap(wasm_rt_trap_t code) {
  if (running == 0) board_panic("trap outside of a module");
  longjmp(trapped, (int)code);
}

bool module_enter(struct module* module, void (*call)(struct module*, void*), void* argument) {
  if (running != 0) board_panic("a module called from a module");
  running = module;
  wasm_rt_call_stack_depth = 0;
  const int code = setjmp(trapped);
  if (code == 0) call(module, argument);
  running = 0;
  if (code != 0) module->traps++;
  return code == 0;
}

uint8_t* module_demand(const struct module* module, uint32_t at, uint32_t length) {
  uint8_t* octets = module_at(module, at, length);
  if (octets == 0) wasm_rt_trap(WASM_RT_TRAP_OOB);
  return octets;
}

bool wasm_rt_is_initialized(void) { return true; }

/** Memory is the machine's, and less than wasm's page: what lies above traps. */
static struct module* instantiated;

void module_memory_for(struct module* module) { instantiated = module; }

void wasm_rt_allocate_memory(wasm_rt_memory_t* memory, uint32_t pages, uint32_t max_pages) {
  memset(instantiated->memory, 0, instantiated->size);
  memory->data = instantiated->memory;
  memory->size = instantiated->size;
  memory->pages = pages;
  memory->max_pages = max_pages;
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t* memory, uint32_t pages) { return pages == 0 ? memory->pages : UINT32_MAX; }

void wasm_rt_free_memory(wasm_rt_memory_t* memory) { (void)memory; }

/** Of each shape of function one number: modules call indirectly only what they put into their own table. */
uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...) {
  va_list types;
  va_start(types, results);
  uint32_t hash = params * 31 + results + 1;
  for (uint32_t i = 0; i < params + results; i++) hash = hash * 7 + (uint32_t)va_arg(types, int) + 1;
  va_end(types);
  return hash;
}
