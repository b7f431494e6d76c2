// Reset, and what each interrupt does.
#include <stdint.h>

#include "board.h"
#include "machine.h"
#include "mps2.h"

extern uint32_t stack_guard, stack_bottom, stack_top, data_source, data_start, data_end, bss_start, bss_end;

void timer0_interrupt(void);
void timer1_interrupt(void);
void uart0_receives(void);
void uart1_receives(void);
void uart1_has_sent(void);
void uart2_receives(void);

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

#define REG(address) (*(volatile uint32_t*)(address))
// Armv7-M B3.2, B3.5: system handlers, fault status, memory protection.
enum { SHCSR = 0xE000ED24, CFSR = 0xE000ED28, MMFAR = 0xE000ED34, MPU_CTRL = 0xE000ED94, MPU_RBAR = 0xE000ED9C, MPU_RASR = 0xE000EDA0 };
enum { MEMORY_FAULTS = 1 << 16, USAGE_FAULTS = 1 << 18, STACKING = 1 << 4, ADDRESS_KNOWN = 1 << 7, STACK_LIMIT = 1 << 20 };

/** What grows below the stack faults: by its limit where the core has one (Armv8-M), else by 32 octets that nobody may touch. */
static void guard_stack(void) {
  REG(SHCSR) |= MEMORY_FAULTS | USAGE_FAULTS;
#if __ARM_ARCH >= 8
  __asm__ volatile("msr msplim, %0" ::"r"(&stack_bottom));
#else
  enum { VALID = 1 << 4, NEVER_CODE = 1 << 28, OCTETS_32 = 4 << 1, ON = 1, DEFAULT_MAP = 1 << 2 };
  REG(MPU_RBAR) = (uint32_t)&stack_guard | VALID;
  REG(MPU_RASR) = NEVER_CODE | OCTETS_32 | ON;
  REG(MPU_CTRL) = ON | DEFAULT_MAP;
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
}

void board_unguard_stack(void) {
#if __ARM_ARCH >= 8
  __asm__ volatile("msr msplim, %0" ::"r"(0));
#else
  REG(MPU_CTRL) = 0;
#endif
}

void reset(void) {
  paint_stack();
  guard_stack();
  const uint32_t* from = &data_source;
  for (uint32_t* to = &data_start; to < &data_end;) *to++ = *from++;
  for (uint32_t* to = &bss_start; to < &bss_end;) *to++ = 0;
  board_init();
  machine_run();
}

__attribute__((used)) static void fault_said(void) {
  const uint32_t why = REG(CFSR);
  const bool guarded = (why & ADDRESS_KNOWN) != 0 && REG(MMFAR) - (uint32_t)&stack_guard < 32;
  board_panic((why & (STACKING | STACK_LIMIT)) != 0 || guarded ? "the stack is too small" : "fault");
}

/** On a stack of its own: the one that faulted may have no room. */
__attribute__((naked)) static void fault(void) { __asm__ volatile("ldr r0, =stack_top\n msr msp, r0\n b fault_said\n .ltorg"); }
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
  [16 + UART0_RX_IRQ] = uart0_receives,
  [16 + UART1_RX_IRQ] = uart1_receives,
  [16 + UART1_TX_IRQ] = uart1_has_sent,
  [16 + UART2_RX_IRQ] = uart2_receives,
  [16 + TIMER0_IRQ] = timer0_interrupt,
  [16 + TIMER1_IRQ] = timer1_interrupt,
};
