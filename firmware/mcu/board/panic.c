// How a board ends that cannot go on: told to QEMU by semihosting (SYS_WRITE0, SYS_EXIT_EXTENDED); in production, to the loader.
#include <stdint.h>

#include "board.h"

#ifdef PRODUCTION
/** Nobody is told, as a breakpoint without a debugger would end in a fault: the loader listens, where an update may mend it. */
_Noreturn void board_panic(const char* why) {
  (void)why;
  board_reset(START_PANICKED);
}
#else
_Noreturn void semihosting_exit(uint32_t code) {
  const uint32_t block[2] = { 0x20026, code };
  register uint32_t r0 __asm__("r0") = 0x20;
  register const void* r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" ::"r"(r0), "r"(r1) : "memory");
  for (;;) {}
}

_Noreturn void board_panic(const char* why) {
  __asm__ volatile("cpsid i");
  static const char head[] = "panic: ";
  register uint32_t r0 __asm__("r0") = 4;
  register const void* r1 __asm__("r1") = head;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  r0 = 4;
  r1 = why;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  semihosting_exit(1);
}
#endif
