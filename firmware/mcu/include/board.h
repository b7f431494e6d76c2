// What a board gives the machine: one timer that never stops, one that plays the coil, two serial lines, flash, and what a bench simulates.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Ticks a microsecond of the board's timers. */
extern const uint32_t board_ticks_per_us;

void board_init(void);
/** Ticks since the start, counted up; wraps at 32 bits. */
uint32_t board_ticks(void);
/** Microseconds since the start. */
uint64_t board_us(void);
/** Sleeps until an interrupt, at most until `board_us` has reached `until`. */
void board_sleep(uint64_t until);
/** Ticks spent awake since the start. */
uint64_t board_awake(void);
/** Octets of the stack that were used since the start, at most, and octets that it has. */
uint32_t board_stack_used(void);
uint32_t board_stack_size(void);
/** Nothing faults below the stack any more: before another program has its own. */
void board_unguard_stack(void);
/** Lines' interrupts wait, and the coil's do not, until they are freed. */
void board_hold_lines(void);
void board_free_lines(void);
/** Calls `coil_tick` at the absolute tick `at`. Lines are held: what came between the look at the clock and the timer's start would be late by that. */
void board_coil_arm(uint32_t at);
/** The same from `coil_tick` itself, for the edge that follows. */
void board_coil_next(uint32_t at);
void board_coil_disarm(void);
/** What drives the coil, from -COIL_FULL to COIL_FULL: its direction, and the share of time that the bridge is on. */
void board_coil_drive(int level);

/** Serial lines: the card's, the one to the Bluetooth controller, and a development board's bench. */
enum uart { UART_LINE = 0, UART_RADIO = 1, UART_BENCH = 2, UARTS = 3 };
/** One octet that was received, or -1. */
int board_uart_get(enum uart uart);
void board_uart_put(enum uart uart, uint8_t octet);
/** Returns when what was put has left. */
void board_uart_drain(enum uart uart);

/** Is the user's button down, as its pin says at this moment? Of a card that is sold: where there is a bench, it presses. */
bool board_button(void);

/** Opens the line to the controller; false on a board that has none. Once, before the next two. */
bool board_radio_open(void);
/** Octets to the controller, sent as it takes them; false where not all have room, and none is sent. `EVENT_RADIO_SENT` says that all have left. */
bool board_radio_send(const uint8_t* octets, uint32_t length);
/**
 * Pulls the controller's reset line for as long as its chip wants, and forgets what was on its way to it; false on a board that has no such line. The chip may hear
 * nothing for up to two seconds after that.
 */
bool board_radio_reset(void);

/** The flash region, read as memory. A program only clears bits; an erase sets a sector's. */
#define FLASH_SECTOR 4096u
extern const uint8_t* const board_flash;
extern const uint32_t board_flash_size;
void board_flash_program(uint32_t at, const uint8_t* data, uint32_t length);
void board_flash_erase(uint32_t at);

/** How a start comes about: wire/loader.ts, `LoaderStart`. */
enum loader_start { START_USUAL = 0, START_LISTEN = 1, START_PANICKED = 2, START_HELD = 3 };
/** Starts again from the loader. */
_Noreturn void board_reset(enum loader_start how);
/** How this start came about: what the reset said, or that the button is held; and in the second octet why the program that reset had been started. Asked once a start. */
uint32_t board_start(void);
/** Slot 0 begins with an image: whether it may run, the loader says. */
bool board_image_is_there(void);
/** Leaves the loader for the program whose vector table lies at `vectors`, which is told why: interrupts and devices as after a reset. */
_Noreturn void board_boot(uint32_t vectors, uint32_t reason);
/** Why the loader has started this program: wire/loader.ts, `StartReason`. */
uint32_t board_start_reason(void);

/** True random octets; a board without entropy does not start. */
void board_random(uint8_t* out, uint32_t length);
/** Says a line to whoever debugs, then halts. */
_Noreturn void board_panic(const char* why);
