// The microcontroller's store on this machine, with its power cut at each octet that flash is told to write, and in each erase.
//
// In: u16 writes, the flash region, then each write: region u8, id u8, length u16, data. Out, for each cut, until the writes are done without
// one: writes that were begun u16, 8000 added where the last of them was refused, the flash region as it was left, then of ids 1 to 8 of the flash region after a restart: length u16, FFFF
// where there is none, and data; then whether one more write is kept, u8. Little-endian.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "store.h"

enum { SIZE = 2 * FLASH_SECTOR, WRITES = 64, IDS = 8, PROBE = 9, REFUSED = 0x8000 };

static uint8_t flash[SIZE], first[SIZE];
const uint8_t* const board_flash = flash;
const uint32_t board_flash_size = SIZE;
static jmp_buf dead;
/** Octets and erases still to come; none where power holds. */
static long left = -1;

static void spend(void) {
  if (left == 0) longjmp(dead, 1);
  if (left > 0) left--;
}

void board_flash_program(uint32_t at, const uint8_t* data, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    spend();
    flash[at + i] &= data[i];
  }
}

void board_flash_erase(uint32_t at) {
  spend();
  memset(flash + at, 0xff, FLASH_SECTOR / 2);
  spend();
  memset(flash + at, 0xff, FLASH_SECTOR);
}

void board_panic(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static struct {
  uint8_t region, id;
  uint16_t length;
  /** One octet more than there may be, to be refused. */
  uint8_t data[STORE_RECORD_MAX + 1];
} writes[WRITES];

static uint16_t take_u16(void) {
  uint8_t octets[2];
  if (fread(octets, 1, 2, stdin) != 2) exit(2);
  return (uint16_t)(octets[0] | octets[1] << 8);
}

static void give_u16(uint32_t value) {
  putchar((int)(value & 0xff));
  putchar((int)(value >> 8 & 0xff));
}

/** Ids as they are after a restart, and whether the store still takes a write. */
static void tell(void) {
  if (!store_open()) board_panic("the store does not open");
  for (uint8_t id = 1; id <= IDS; id++) {
    uint32_t length = 0;
    const uint8_t* data = store_read(REGION_FLASH, id, &length);
    give_u16(data == 0 ? 0xffff : length);
    if (data != 0) fwrite(data, 1, length, stdout);
  }
  static const uint8_t probe[] = "still writes";
  uint32_t length = 0;
  const bool kept = store_write(REGION_FLASH, PROBE, probe, sizeof probe) && store_open();
  const uint8_t* data = store_read(REGION_FLASH, PROBE, &length);
  putchar(kept && data != 0 && length == sizeof probe && memcmp(data, probe, length) == 0);
}

int main(void) {
  const uint32_t count = take_u16();
  if (count > WRITES || fread(first, 1, SIZE, stdin) != SIZE) return 2;
  for (uint32_t i = 0; i < count; i++) {
    writes[i].region = (uint8_t)getchar();
    writes[i].id = (uint8_t)getchar();
    writes[i].length = take_u16();
    if (writes[i].length > sizeof writes[i].data) return 2;
    if (fread(writes[i].data, 1, writes[i].length, stdin) != writes[i].length) return 2;
  }
  for (long cut = 0;; cut++) {
    static volatile uint32_t begun;
    memcpy(flash, first, SIZE);
    begun = 0;
    left = cut;
    const bool died = setjmp(dead) != 0;
    if (!died) {
      if (!store_open()) board_panic("the store does not open at first");
      for (uint32_t i = 0; i < count; i++) {
        begun = i + 1;
        if (store_write(writes[i].region, writes[i].id, writes[i].data, writes[i].length)) continue;
        begun |= REFUSED;
        break;
      }
    }
    left = -1;
    give_u16(begun);
    fwrite(flash, 1, SIZE, stdout);
    tell();
    if (!died) return 0;
  }
}
