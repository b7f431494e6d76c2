// Port slots: raw flash of images, of the loader alone. Contract: firmware/ports/slots.ts. Where areas lie: the board's mps2.h.
#include <sodium.h>
#include <string.h>

#include "board.h"
#include "loader.h"
#include "module.h"
#include "mps2.h"
#include "ports/slots.h"
#include "wasm-rt.h"

enum { DIGEST = 32 };

static const struct { uint32_t at, size; } AREA[AREAS] = {
  [AREA_SLOT0] = { SLOT0_AT, SLOT_SIZE },
  [AREA_SLOT1] = { SLOT1_AT, SLOT_SIZE },
  [AREA_SCRATCH] = { SCRATCH_AT, FLASH_SECTOR },
  [AREA_STATE] = { STATE_AT, 2 * FLASH_SECTOR },
};

/** Where octets of an area lie in the flash region; traps where they are not all there. */
static uint32_t place(uint32_t area, uint32_t at, uint32_t length) {
  if (area >= AREAS || length > AREA[area].size || at > AREA[area].size - length) wasm_rt_trap(WASM_RT_TRAP_OOB);
  return AREA[area].at + at;
}

void Z_slotsZ_read(struct module* module, uint32_t area, uint32_t at, uint32_t out, uint32_t length) {
  const uint32_t from = place(area, at, length);
  memcpy(module_demand(module, out, length), board_flash + from, length);
}

void Z_slotsZ_program(struct module* module, uint32_t area, uint32_t at, uint32_t data, uint32_t length) {
  const uint32_t to = place(area, at, length);
  board_flash_program(to, module_demand(module, data, length), length);
}

void Z_slotsZ_erase(struct module* module, uint32_t area, uint32_t at) {
  (void)module;
  if (at % FLASH_SECTOR != 0) wasm_rt_trap(WASM_RT_TRAP_OOB);
  board_flash_erase(place(area, at, FLASH_SECTOR));
}

void Z_slotsZ_digest(struct module* module, uint32_t area, uint32_t length, uint32_t out) {
  uint8_t* target = module_demand(module, out, DIGEST);
  crypto_hash_sha256(target, board_flash + place(area, 0, length), length);
}
