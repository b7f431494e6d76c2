// Port radio: none. No board here has an HCI controller yet, and `Absent` says so to link, which then speaks by its line alone. A board with one
// gives its packets here, over a second serial line. Contract: firmware/ports/radio.ts.
#include "ports/radio.h"
#include "status.h"

uint32_t Z_radioZ_send(struct module* module, uint32_t packet, uint32_t length) {
  (void)module, (void)packet, (void)length;
  return STATUS_ABSENT;
}
