// mps2-an386: Cortex-M4. Addresses and interrupts: Arm, Application Note AN386.
#pragma once
#define TICKS_PER_US 25u
#define UART0 0x40004000u
#define UART1 0x40005000u
#define TIMER0 0x40000000u
#define TIMER1 0x40001000u
#define UART0_RX_IRQ 0
#define UART1_RX_IRQ 2
#define TIMER0_IRQ 8
#define TIMER1_IRQ 9
/** GPIO 0, DATAOUT. */
#define COIL_PINS 0x40010004u
/** In PSRAM, which QEMU can load and save. */
#define FLASH_REGION 0x21000000u
#define FLASH_REGION_SIZE 0x8000u
