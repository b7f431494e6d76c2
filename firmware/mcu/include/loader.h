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

/**
 * What the loader gives the program that runs: its server of SMP, which runs in the loader's flash, called by the program. It lies behind the loader's
 * vector table, where image.ld's `loader_service` says.
 */
struct loader_service {
  uint32_t magic, version;
  /** RAM that it takes, and the first octet behind it: what the program had there is gone with `begin`. */
  uint8_t *ram, *ram_end;
  /** Once, before `hear`. Answers go to `say`, which keeps none of the octets. */
  void (*begin)(void (*say)(const uint8_t* octets, uint32_t length));
  /** Octets of SMP, packets one behind the other without a console's framing; a length of 0 where what was half way has no end. A fault of its own is a reset. */
  enum loader_verdict (*hear)(const uint8_t* octets, uint32_t length);
};
enum { LOADER_SERVICE_MAGIC = 0x4c505345, LOADER_SERVICE_VERSION = 1 };
extern const struct loader_service loader_service;

/** What its module says goes there, and not to the serial line. */
void line_to(void (*caller)(const uint8_t* octets, uint32_t length));
