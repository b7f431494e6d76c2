// The loader's port of slots (firmware/mcu/loader/slots.c) on this machine, with the board's own areas. In: a line an order: a letter (read, program,
// erase, digest), area, place, length. Out: a line for each: where in the flash region it was, and how many octets; or that it trapped.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "loader.h"
#include "mps2.h"
#include "ports/slots.h"
#include "sodium.h"
#include "wasm-rt.h"

/** Flash as long as the last area, each word of it its own place; a module of as many octets as a slot. */
enum { SIZE = STATE_AT + 2 * FLASH_SECTOR };
static uint32_t words[SIZE / 4];
const uint8_t* const board_flash = (const uint8_t*)words;
const uint32_t board_flash_size = FLASH_REGION_SIZE;
static uint8_t memory[SLOT_SIZE];
static struct module module = { .memory = memory, .size = sizeof memory };
static jmp_buf trapped;
static long from, octets;

void wasm_rt_trap(wasm_rt_trap_t code) { longjmp(trapped, 1 + (int)code); }
uint8_t* module_demand(const struct module* self, uint32_t at, uint32_t length) {
  uint8_t* found = module_at(self, at, length);
  if (found == 0) abort();
  return found;
}
void board_flash_program(uint32_t at, const uint8_t* data, uint32_t length) { (void)data, from = at, octets = length; }
void board_flash_erase(uint32_t at) { from = at, octets = FLASH_SECTOR; }
int crypto_hash_sha256(unsigned char* out, const unsigned char* in, unsigned long long length) {
  (void)out, from = in - board_flash, octets = (long)length;
  return 0;
}

int main(void) {
  for (uint32_t at = 0; at < SIZE; at += 4) words[at / 4] = at;
  char what;
  uint32_t area, at, length;
  while (scanf(" %c %u %u %u", &what, &area, &at, &length) == 4) {
    if (setjmp(trapped) != 0) {
      printf("trapped\n");
      continue;
    }
    from = octets = -1;
    if (what == 'r') {
      Z_slotsZ_read(&module, area, at, 0, length);
      memcpy(&words[0], memory, 4);
      from = words[0], octets = length;
      words[0] = 0;
    } else if (what == 'p') Z_slotsZ_program(&module, area, at, 0, length);
    else if (what == 'e') Z_slotsZ_erase(&module, area, at);
    else Z_slotsZ_digest(&module, area, length, 0);
    printf("%ld %ld\n", from, octets);
  }
  return 0;
}
