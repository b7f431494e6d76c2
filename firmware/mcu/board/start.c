// Reset, and what each interrupt does.
#include <stdint.h>

#include "board.h"
#include "machine.h"
#include "mps2.h"

extern uint32_t stack_bottom, stack_top, data_source, data_start, data_end, bss_start, bss_end;

void timer0_interrupt(void);
void timer1_interrupt(void);
void uart0_interrupt(void);
void uart1_interrupt(void);

/** What nobody has written over shows how deep the stack went. */
enum { PAINT = 0x5ac35ac3 };

static void paint_stack(void) {
  uint32_t* here;
  __asm__ volatile("mov %0, sp" : "=r"(here));
  for (uint32_t* at = &stack_bottom; at < here; at++) *at = PAINT;
}

uint32_t board_stack_size(void) { return (uint32_t)(&stack_top - &stack_bottom) * sizeof(uint32_t); }

uint32_t board_stack_used(void) {
  const uint32_t* at = &stack_bottom;
  while (at < &stack_top && *at == PAINT) at++;
  return (uint32_t)(&stack_top - at) * sizeof(uint32_t);
}

void reset(void) {
  paint_stack();
  const uint32_t* from = &data_source;
  for (uint32_t* to = &data_start; to < &data_end;) *to++ = *from++;
  for (uint32_t* to = &bss_start; to < &bss_end;) *to++ = 0;
  board_init();
  machine_run();
}

static void fault(void) { board_panic("fault"); }
static void nothing(void) {}

__attribute__((section(".vectors"), used)) static const void* const vectors[16 + 48] = {
  [0] = &stack_top,
  [1] = reset,
  [2] = fault,
  [3] = fault,
  [4] = fault,
  [5] = fault,
  [6] = fault,
  [11] = nothing,
  [12] = nothing,
  [14] = nothing,
  [15] = nothing,
  [16 + UART0_RX_IRQ] = uart0_interrupt,
  [16 + UART1_RX_IRQ] = uart1_interrupt,
  [16 + TIMER0_IRQ] = timer0_interrupt,
  [16 + TIMER1_IRQ] = timer1_interrupt,
};
