// mps2-an505: Cortex-M33, all of it in the secure world. Addresses and interrupts: Arm, Application Note AN505.
#pragma once
#define TICKS_PER_US 20u
#define UART0 0x50200000u
#define UART1 0x50201000u
#define UART2 0x50202000u
#define TIMER0 0x50000000u
#define TIMER1 0x50001000u
#define UART0_RX_IRQ 32
#define UART1_RX_IRQ 34
#define UART1_TX_IRQ 35
#define UART2_RX_IRQ 36
#define TIMER0_IRQ 3
#define TIMER1_IRQ 4
/** GPIO 0, DATAOUT. */
#define COIL_PINS 0x50110004u
#define BOARD_NAME "an505"
/** In PSRAM, which QEMU can keep in a file: it behaves as flash, and is its octets only. */
#define FLASH_REGION 0x80000000u
#define FLASH_REGION_SIZE 0x8000u
/** Behind the store: what stands in for a source of entropy, for a button that is held at a reset, and for a controller that is wired. */
#define BENCH_SWITCHES_AT 0x8000u
/** Where a simulator leaves what stands in for a generator of random octets, which these boards have not. */
#define QEMU_STAND_IN_AT 0x8100u
/** FPGAIO, BUTTON: the board's own push buttons, in bits. They interrupt nobody. QEMU's are never pressed. */
#define BUTTONS (0x50302000u + 8)
/** SCC, CFG_REG3: its user switches, in bits. Switch 0 is on where a Bluetooth controller is wired; QEMU's are off. */
#define USER_SWITCHES (0x50300000u + 12)
/** From the flash region on: slots, a scratch sector, two sectors of the loader's records. Slot 0 is image.ld's, with an image's header. */
#define SLOT0_AT 0x10000u
#define SLOT1_AT 0x28000u
#define SLOT_SIZE 0x18000u
#define SCRATCH_AT 0x40000u
#define STATE_AT 0x41000u
