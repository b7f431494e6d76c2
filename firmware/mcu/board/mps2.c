// The boards mps2-an386 (Cortex-M4) and mps2-an505 (Cortex-M33) as QEMU has them: CMSDK timers and UARTs. Numbers: mps2.h of each.
#include <string.h>

#include "board.h"
#include "machine.h"
#include "mps2.h"
#include "ports/coil.h"

#define REG(address) (*(volatile uint32_t*)(address))

// CMSDK APB timer: CTRL, VALUE, RELOAD, INTSTATUS. It counts down; a write to RELOAD starts the count anew, so VALUE comes last.
enum { CTRL = 0, VALUE = 4, RELOAD = 8, INTCLEAR = 12 };
enum { TIMER_ON = 1, TIMER_INTERRUPT = 8 };
// CMSDK APB UART: DATA, STATE, CTRL, INTSTATUS, BAUDDIV.
enum { DATA = 0, STATE = 4, UART_CTRL = 8, UART_INTCLEAR = 12, BAUDDIV = 16 };
enum { TX_FULL = 1, RX_FULL = 2, TX_ON = 1, RX_ON = 2, TX_INTERRUPT = 4, RX_INTERRUPT = 8, TX_CLEAR = 1, RX_CLEAR = 2 };

const uint32_t board_ticks_per_us = TICKS_PER_US;
const uint8_t* const board_flash = (const uint8_t*)FLASH_REGION;
const uint32_t board_flash_size = FLASH_REGION_SIZE;

/** Octets between a line and who asks for them, or sends them. One is never used: full is not empty. */
struct ring {
  uint8_t* octets;
  uint32_t size;
  volatile uint32_t head, tail;
};

/** The loader tells clients how much may be under way (wire/smp-numbers.ts): two packets, 2,816 octets of lines, wait here while it writes flash. */
#ifdef LOADER
static uint8_t from_line[4096];
#else
static uint8_t from_line[1024];
#endif
static uint8_t from_radio[512];
static uint8_t to_radio[512];
#ifndef PRODUCTION
static uint8_t from_bench[1024] __attribute__((section(".bench")));
#endif
static struct ring received[UARTS] = {
  [UART_LINE] = { .octets = from_line, .size = sizeof from_line },
  [UART_RADIO] = { .octets = from_radio, .size = sizeof from_radio },
#ifndef PRODUCTION
  [UART_BENCH] = { .octets = from_bench, .size = sizeof from_bench },
#endif
};
static struct ring sending = { .octets = to_radio, .size = sizeof to_radio };

static bool is_empty(const struct ring* ring) { return ring->head == ring->tail; }

static uint32_t room(const struct ring* ring) { return (ring->tail - ring->head - 1) % ring->size; }

static void push(struct ring* ring, uint8_t octet) {
  ring->octets[ring->head] = octet;
  ring->head = (ring->head + 1) % ring->size;
}

static uint8_t pull(struct ring* ring) {
  const uint8_t octet = ring->octets[ring->tail];
  ring->tail = (ring->tail + 1) % ring->size;
  return octet;
}

static const uint32_t BASES[UARTS] = { [UART_LINE] = UART0, [UART_RADIO] = UART1, [UART_BENCH] = UART2 };
static const uint32_t LISTENING[UARTS] = {
  [UART_LINE] = TX_ON | RX_ON | RX_INTERRUPT,
  [UART_RADIO] = TX_ON | RX_ON | TX_INTERRUPT | RX_INTERRUPT,
  [UART_BENCH] = TX_ON | RX_ON | RX_INTERRUPT,
};

/** Of a second: what serial ports are opened with, what controllers speak HCI with, and the bench's. QEMU's lines have no speed. */
static const uint32_t BAUDS[UARTS] = { [UART_LINE] = 115200, [UART_RADIO] = 1000000, [UART_BENCH] = 1000000 };
/** A UART divides the clock that timers count. */
enum { CLOCK_HZ = TICKS_PER_US * 1000000 };

static void listen(enum uart uart) {
  REG(BASES[uart] + BAUDDIV) = (CLOCK_HZ + BAUDS[uart] / 2) / BAUDS[uart];
  REG(BASES[uart] + UART_CTRL) = LISTENING[uart];
}

static volatile uint32_t wraps;

/** Armv7-M B3.4. The coil's edges wait for nobody; what else interrupts can wait for them. */
enum { IRQ_ENABLE = 0xE000E100, IRQ_PRIORITY = 0xE000E400, AT_ONCE = 0, LATER = 0x80 };

// BASEPRI, B1.4.3.
void board_hold_lines(void) { __asm__ volatile("msr basepri, %0" ::"r"(LATER) : "memory"); }
void board_free_lines(void) { __asm__ volatile("msr basepri, %0" ::"r"(0) : "memory"); }

static void enable(uint32_t irq, uint8_t priority) {
  *(volatile uint8_t*)(IRQ_PRIORITY + irq) = priority;
  REG(IRQ_ENABLE + 4 * (irq / 32)) = 1u << irq % 32;
}

void board_init(void) {
  listen(UART_LINE);
#ifndef PRODUCTION
  listen(UART_BENCH);
#endif
  REG(TIMER1 + RELOAD) = UINT32_MAX;
  REG(TIMER1 + VALUE) = UINT32_MAX;
  REG(TIMER1 + CTRL) = TIMER_ON | TIMER_INTERRUPT;
  enable(TIMER0_IRQ, AT_ONCE);
  enable(TIMER1_IRQ, LATER);
  enable(UART0_RX_IRQ, LATER);
  enable(UART1_RX_IRQ, LATER);
  enable(UART1_TX_IRQ, LATER);
  enable(UART2_RX_IRQ, LATER);
}

uint32_t board_ticks(void) { return ~REG(TIMER1 + VALUE); }

static uint64_t board_ticks64(void) {
  uint32_t before, low;
  do {
    before = wraps;
    low = board_ticks();
  } while (before != wraps);
  return (uint64_t)before << 32 | low;
}

uint64_t board_us(void) { return board_ticks64() / TICKS_PER_US; }

void timer1_interrupt(void) {
  REG(TIMER1 + INTCLEAR) = 1;
  wraps++;
}

static void count_down(uint32_t ticks) {
  REG(TIMER0 + RELOAD) = UINT32_MAX;
  REG(TIMER0 + VALUE) = ticks;
  REG(TIMER0 + CTRL) = TIMER_ON | TIMER_INTERRUPT;
}

/** Written where the timer is armed and disarmed; who waits for its end reads it with `is_playing`. */
static bool playing;
static bool is_playing(void) { return *(volatile bool*)&playing; }

/** A deadline that has passed is due at once. */
static inline uint32_t ticks_until(uint32_t at) {
  const int32_t left = (int32_t)(at - ~REG(TIMER1 + VALUE));
  return left > 0 ? (uint32_t)left : 1;
}

void board_coil_arm(uint32_t at) {
  playing = true;
  count_down(ticks_until(at));
}

void board_coil_next(uint32_t at) { REG(TIMER0 + VALUE) = ticks_until(at); }

void board_coil_disarm(void) {
  playing = false;
  REG(TIMER0 + CTRL) = 0;
}

void timer0_interrupt(void) {
  REG(TIMER0 + INTCLEAR) = 1;
  if (playing) coil_tick(board_ticks());
  else REG(TIMER0 + CTRL) = 0;
}

void board_coil_drive(int level) { REG(COIL_PINS) = (uint32_t)level; }

static void receive(enum uart uart) {
  struct ring* ring = &received[uart];
  REG(BASES[uart] + UART_INTCLEAR) = RX_CLEAR;
  while (REG(BASES[uart] + STATE) & RX_FULL) {
    if (room(ring) == 0) {
      // What comes waits in the UART, and the sender with it, until somebody asks.
      REG(BASES[uart] + UART_CTRL) = LISTENING[uart] & ~RX_INTERRUPT;
      return;
    }
    push(ring, (uint8_t)REG(BASES[uart] + DATA));
  }
}

static void transmit(void) {
  while (!is_empty(&sending) && !(REG(UART1 + STATE) & TX_FULL)) REG(UART1 + DATA) = pull(&sending);
}

void uart0_receives(void) { receive(UART_LINE); }
void uart1_receives(void) { receive(UART_RADIO); }
void uart2_receives(void) { receive(UART_BENCH); }

void uart1_has_sent(void) {
  REG(UART1 + UART_INTCLEAR) = TX_CLEAR;
  transmit();
  if (is_empty(&sending)) machine_post(EVENT_RADIO_SENT);
}

int board_uart_get(enum uart uart) {
  struct ring* ring = &received[uart];
  if (is_empty(ring)) return -1;
  const uint8_t octet = pull(ring);
  if (!(REG(BASES[uart] + UART_CTRL) & RX_INTERRUPT)) {
    board_hold_lines();
    REG(BASES[uart] + UART_CTRL) = LISTENING[uart];
    receive(uart);
    board_free_lines();
  }
  return octet;
}

void board_uart_put(enum uart uart, uint8_t octet) {
  while (REG(BASES[uart] + STATE) & TX_FULL) {}
  REG(BASES[uart] + DATA) = octet;
}

void board_uart_drain(enum uart uart) {
  while (REG(BASES[uart] + STATE) & TX_FULL) {}
  // The last octet has left its place for the wire: a start bit, eight, a stop bit.
  const uint32_t from = board_ticks();
  while (board_ticks() - from < 10 * REG(BASES[uart] + BAUDDIV)) {}
}

bool board_radio_send(const uint8_t* octets, uint32_t length) {
  if (length > room(&sending)) return false;
  board_hold_lines();
  for (uint32_t i = 0; i < length; i++) push(&sending, octets[i]);
  transmit();
  board_free_lines();
  return true;
}

/** QEMU's controllers have no pins. */
bool board_radio_reset(void) { return false; }

/** Rounds without a look at a device, which take the simulator long: some tens of microseconds. */
enum { SPIN = 10000 };

static uint64_t asleep;

uint64_t board_awake(void) { return board_ticks64() - asleep; }

static bool has_received(void) {
  for (int uart = UART_LINE; uart < UARTS; uart++)
    if (!is_empty(&received[uart])) return true;
  return false;
}

static void sleep_until(uint64_t until) {
  // QEMU's counted time goes on in a sleep as the host's clock does, and wakes late: edges would be the host's.
  while (is_playing()) {
    for (uint32_t round = 0; is_playing() && round < SPIN; round++)
      if (machine_is_posted() || has_received()) return;
    if (board_us() >= until) return;
  }
  // Interrupts stay off between the last look and the sleep: what comes there wakes it.
  __asm__ volatile("cpsid i" ::: "memory");
  const bool quiet = !machine_is_posted() && !has_received();
  const uint64_t now = board_us();
  if (quiet && until > now) {
    // Between passes the coil's timer wakes for alarms.
    if (until != UINT64_MAX) {
      const uint64_t ticks = (until - now) * TICKS_PER_US;
      count_down(ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX);
    }
    __asm__ volatile("wfi");
  }
  __asm__ volatile("cpsie i" ::: "memory");
}

void board_sleep(uint64_t until) {
  const uint64_t from = board_ticks64();
  sleep_until(until);
  asleep += board_ticks64() - from;
}

void board_flash_program(uint32_t at, const uint8_t* data, uint32_t length) {
  volatile uint8_t* flash = (volatile uint8_t*)FLASH_REGION;
  for (uint32_t i = 0; i < length; i++) flash[at + i] &= data[i];
}

void board_flash_erase(uint32_t at) { memset((void*)(FLASH_REGION + at), 0xff, FLASH_SECTOR); }

#include <sodium.h>

/** 32 octets that nobody can know, and programs started since power-on, less one: no start has the octets of another. */
struct entropy {
  uint8_t octets[32];
  uint32_t starts;
};

static struct switches {
  /** The bench's, so that runs can be repeated. */
  struct entropy seed;
  uint32_t button;
  /** Ticks that the loader took before the program. */
  uint32_t boot;
  /** 1: a Bluetooth controller is wired to its line. */
  uint32_t radio;
}* const switches = (struct switches*)(FLASH_REGION + BENCH_SWITCHES_AT);

#ifdef PRODUCTION
// QEMU's boards have no source of entropy: this stands in for a chip's own generator, and is drawn by whoever starts the simulator. The bench's seed is
// not looked at. Whoever brings up a board that has a generator reads that here.
static struct entropy* entropy(void) {
  struct entropy* stand_in = (struct entropy*)(FLASH_REGION + QEMU_STAND_IN_AT);
  uint8_t all = 0xff, any = 0;
  for (unsigned i = 0; i < sizeof stand_in->octets; i++) all &= stand_in->octets[i], any |= stand_in->octets[i];
  if (all == 0xff || any == 0) board_panic("this board has no entropy");
  return stand_in;
}
#define STARTS ((struct entropy*)(FLASH_REGION + QEMU_STAND_IN_AT))->starts
// Functions of their own, so that a debugger can stand in for the pins: QEMU's boards have neither button nor switch to turn.
__attribute__((noinline)) bool board_button(void) { return (REG(BUTTONS) & 1) != 0; }
__attribute__((noinline)) static bool board_is_wired(void) { return (REG(USER_SWITCHES) & 1) != 0; }
static bool is_button_held(void) { return board_button(); }
#else
static bool board_is_wired(void) { return switches->radio == 1; }
static struct entropy* entropy(void) { return &switches->seed; }
#define STARTS switches->seed.starts
static bool is_button_held(void) {
  const bool held = switches->button == 1;
  switches->button = 0;
  return held;
}
#endif

bool board_radio_open(void) {
  if (!board_is_wired()) return false;
  listen(UART_RADIO);
  return true;
}

void board_random(uint8_t* out, uint32_t length) {
  uint8_t key[32];
  static uint32_t calls;
  uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES] = { 0 };
  const struct entropy* from = entropy();
  memcpy(key, from->octets, sizeof key);
  memcpy(nonce + 4, &from->starts, sizeof from->starts);
  memcpy(nonce + 8, &calls, sizeof calls);
  calls++;
  crypto_stream_chacha20_ietf(out, length, nonce, key);
}

// Of a reset, what the next start is to know: in RAM that nobody clears. Armv7-M B3.2: AIRCR, VTOR; B3.4: the interrupt controller.
static uint32_t handoff[2] __attribute__((section(".handoff"), used));
enum { HANDOFF = 0x53540000, REASON = 0x57485900, AIRCR = 0xE000ED0C, VTOR = 0xE000ED08, RESET_REQUEST = 0x05fa0004 };
enum { IRQ_DISABLE = 0xE000E180, IRQ_CLEAR = 0xE000E280, IRQ_WORDS = 4 };

_Noreturn void board_reset(enum loader_start how) {
  handoff[0] = HANDOFF | board_start_reason() << 8 | how;
  handoff[1] = ~handoff[0];
  __asm__ volatile("dsb" ::: "memory");
  REG(AIRCR) = RESET_REQUEST;
  for (;;) {}
}

uint32_t board_start(void) {
  const uint32_t said = handoff[0] ^ HANDOFF;
  const bool whole = handoff[0] == ~handoff[1] && said <= UINT16_MAX && (said & UINT8_MAX) <= START_PANICKED;
  handoff[0] = handoff[1] = 0;
  const bool held = is_button_held();
  if (whole && (said & UINT8_MAX) != START_USUAL) return said;
  return held ? START_HELD : START_USUAL;
}

uint32_t board_start_reason(void) {
  const uint32_t said = handoff[0] ^ REASON;
  return said < 256 ? said : 0;
}

bool board_image_is_there(void) { return REG(FLASH_REGION + SLOT0_AT) == 0x96f3b83du; }

_Noreturn void board_boot(uint32_t vectors, uint32_t reason) {
  __asm__ volatile("cpsid i");
  STARTS++;
  switches->boot = board_ticks();
  for (int uart = UART_LINE; uart < UARTS; uart++) REG(BASES[uart] + UART_CTRL) = 0;
  REG(TIMER0 + CTRL) = REG(TIMER1 + CTRL) = 0;
  REG(TIMER0 + INTCLEAR) = REG(TIMER1 + INTCLEAR) = 1;
  for (int i = 0; i < IRQ_WORDS; i++) {
    REG(IRQ_DISABLE + 4 * i) = UINT32_MAX;
    REG(IRQ_CLEAR + 4 * i) = UINT32_MAX;
  }
  handoff[0] = REASON ^ reason;
  board_unguard_stack();
  REG(VTOR) = vectors;
  const uint32_t stack = REG(vectors), begin = REG(vectors + 4);
  __asm__ volatile("dsb\n isb\n msr msp, %0\n cpsie i\n bx %1" ::"r"(stack), "r"(begin) : "memory");
  __builtin_unreachable();
}
