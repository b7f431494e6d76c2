// Reset, and what each interrupt does.
#include <stdint.h>

#include "board.h"
#include "machine.h"
#include "mps2.h"

extern uint32_t stack_top, data_source, data_start, data_end, bss_start, bss_end;

void timer0_interrupt(void);
void timer1_interrupt(void);
void uart0_interrupt(void);
void uart1_interrupt(void);

void reset(void) {
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
