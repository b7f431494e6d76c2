// mps2-an505: Cortex-M33, all of it in the secure world. Addresses and interrupts: Arm, Application Note AN505.
#pragma once
#define TICKS_PER_US 20u
#define UART0 0x50200000u
#define UART1 0x50201000u
#define TIMER0 0x50000000u
#define TIMER1 0x50001000u
#define UART0_RX_IRQ 32
#define UART1_RX_IRQ 34
#define TIMER0_IRQ 3
#define TIMER1_IRQ 4
/** GPIO 0, DATAOUT. */
#define COIL_PINS 0x50110004u
/** In SSRAM 3, which QEMU can load and save. */
#define FLASH_REGION 0x38200000u
#define FLASH_REGION_SIZE 0x8000u
