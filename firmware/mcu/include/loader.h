// What the loader's machine and its module agree on: wire/loader.ts, in C.
#pragma once
#include <stdint.h>

enum flash_area { AREA_SLOT0 = 0, AREA_SLOT1 = 1, AREA_SCRATCH = 2, AREA_STATE = 3, AREAS = 4 };

/** wire/image-numbers.ts: octets of an image's header, behind which its body begins. */
enum { IMAGE_HEADER_SIZE = 1024 };

struct loader_settings {
  uint8_t root[32];
  char board[16];
  uint32_t load_address;
  uint32_t sectors;
};
_Static_assert(sizeof(struct loader_settings) == 56, "wire/loader.ts, LOADER_SETTINGS_SIZE");

enum loader_verdict { VERDICT_BOOT = 0, VERDICT_SERVE = 1, VERDICT_RESET = 2 };
