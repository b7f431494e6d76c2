// The bench on a serial line of its own: presses the button, touches the head, and is told what the card shows and plays. Development images only.
// Frames both ways: length u16 LE, kind, octets.
#include "board.h"
#include "machine.h"
#include "ports/button.h"
#include "ports/coil.h"
#include "ports/crypto.h"

enum order { ORDER_BUTTON = 1, ORDER_HEAD = 2, ORDER_CRYPTO = 3, ORDER_COUNTS = 4, ORDER_TRAP = 5, ORDER_RAMP = 6, ORDER_DEEP = 7 };
enum report {
  REPORT_READY = 1,
  REPORT_INDICATOR = 2,
  REPORT_TRAP = 3,
  REPORT_PASS = 4,
  REPORT_CRYPTO = 5,
  REPORT_COUNTS = 6,
  REPORT_RAMP = 7,
};
enum { HEAD = 3, ORDER_MAX = 64, TRIAL_MAX = 8192 };

static uint8_t frame[HEAD + ORDER_MAX] __attribute__((section(".bench")));
/** What the crypto port is tried on. Its place is known to the host, which writes and reads it there (emulator/src/qemu/qemu-memory.ts). */
static uint8_t trial_memory[TRIAL_MAX] __attribute__((section(".bench.trial"), aligned(8)));

static void report(enum report kind, uint32_t length) {
  board_uart_put(UART_BENCH, (uint8_t)length);
  board_uart_put(UART_BENCH, (uint8_t)(length >> 8));
  board_uart_put(UART_BENCH, kind);
}

static void put_u32(uint32_t value) {
  for (int i = 0; i < 4; i++) board_uart_put(UART_BENCH, (uint8_t)(value >> 8 * i));
}

void bench_indicator(uint32_t pattern) {
  report(REPORT_INDICATOR, 1);
  board_uart_put(UART_BENCH, (uint8_t)pattern);
}

void bench_trap(const struct module* module) {
  report(REPORT_TRAP, 1);
  board_uart_put(UART_BENCH, (uint8_t)module->id);
}

/** Ticks that the bench has taken to tell of passes, which is as long as its reader takes: nobody's cost. */
static uint64_t telling __attribute__((section(".bench")));

void bench_ready(void) {
  telling = 0;
  report(REPORT_READY, 4);
  put_u32(board_ticks_per_us);
}

void bench_pass(const uint32_t* ticks, uint32_t edges) {
  telling -= board_awake();
  report(REPORT_PASS, 4 * edges);
  for (uint32_t i = 0; i < edges; i++) put_u32(ticks[i]);
  telling += board_awake();
}

/** Awake when a pass began, the first one since the counts were asked for. */
static uint64_t first_edge __attribute__((section(".bench")));

void bench_pass_begins(void) {
  if (first_edge == 0) first_edge = board_awake() - telling;
}

/** Ticks awake until now, and until a pass began, 0 where none did; octets of stack that were used, and that there are. */
static void report_counts(void) {
  const uint64_t now = board_awake() - telling;
  report(REPORT_COUNTS, 24);
  put_u32((uint32_t)now);
  put_u32((uint32_t)(now >> 32));
  put_u32((uint32_t)first_edge);
  put_u32((uint32_t)(first_edge >> 32));
  first_edge = 0;
  put_u32(board_stack_used());
  put_u32(board_stack_size());
}

/** How the current went back after the last pass: of each step its ticks from the last edge, and the level, i32. */
static void report_ramp(void) {
  uint32_t steps;
  const struct ramp_step* ramp = coil_ramp(&steps);
  report(REPORT_RAMP, 8 * steps);
  for (uint32_t i = 0; i < steps; i++) {
    put_u32(ramp[i].ticks);
    put_u32((uint32_t)ramp[i].level);
  }
}

static volatile uint32_t bottom __attribute__((section(".bench")));

/** Goes deeper than the stack is. */
static uint32_t deep(uint32_t levels) {
  volatile uint32_t here[16] = { levels };
  return levels == 0 ? 0 : deep(levels - 1) + here[0];
}

static uint32_t u32_at(const uint8_t* octets) {
  return octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 | (uint32_t)octets[3] << 24;
}

enum { ARGUMENTS = 6 };
struct trial {
  uint8_t operation;
  uint32_t arguments[ARGUMENTS];
  uint32_t status;
};

static void call_crypto(struct module* module, void* argument) {
  struct trial* trial = argument;
  const uint32_t* a = trial->arguments;
  switch (trial->operation) {
    case 0: Z_cryptoZ_sha256(module, a[0], a[1], a[2]); break;
    case 1: trial->status = Z_cryptoZ_x25519(module, a[0], a[1], a[2]); break;
    case 2: Z_cryptoZ_seal(module, a[0], a[1], a[2], a[3], a[4], a[5]); break;
    case 3: trial->status = Z_cryptoZ_open(module, a[0], a[1], a[2], a[3], a[4], a[5]); break;
    case 4: trial->status = Z_cryptoZ_verify(module, a[0], a[1], a[2], a[3]); break;
    default: break;
  }
}

/** The crypto port on the trial's memory: operation u8, six arguments u32, octets of memory u32. Back: trapped or not, status, ticks. */
static void try_crypto(const uint8_t* order, uint32_t length) {
  enum { FIXED = 1 + 4 * ARGUMENTS + 4 };
  const uint32_t size = u32_at(order + 1 + 4 * ARGUMENTS);
  if (length != FIXED || size > TRIAL_MAX) return;
  struct trial trial = { .operation = order[0] };
  for (int i = 0; i < ARGUMENTS; i++) trial.arguments[i] = u32_at(order + 1 + 4 * i);
  struct module* module = &modules[MODULE_MACHINE];
  module->memory = trial_memory;
  module->size = size;
  const uint32_t from = board_ticks();
  const bool whole = module_enter(module, call_crypto, &trial);
  const uint32_t ticks = board_ticks() - from;
  report(REPORT_CRYPTO, 9);
  board_uart_put(UART_BENCH, whole ? 0 : 1);
  put_u32(trial.status);
  put_u32(ticks);
}

bool bench_poll(void) {
  static uint32_t have;
  for (int octet; (octet = board_uart_get(UART_BENCH)) >= 0;) {
    frame[have++] = (uint8_t)octet;
    if (have < HEAD) continue;
    const uint32_t length = frame[0] | (uint32_t)frame[1] << 8;
    if (length > ORDER_MAX) {
      have = 0;
      continue;
    }
    if (have < HEAD + length) continue;
    have = 0;
    const uint8_t* octets = frame + HEAD;
    if (frame[2] == ORDER_BUTTON && length == 1 && button_set(octets[0] != 0)) machine_post(EVENT_BUTTON);
    if (frame[2] == ORDER_HEAD) machine_post(EVENT_HEAD_CONTACT);
    if (frame[2] == ORDER_CRYPTO) try_crypto(octets, length);
    if (frame[2] == ORDER_COUNTS) report_counts();
    if (frame[2] == ORDER_RAMP) report_ramp();
    if (frame[2] == ORDER_DEEP) bottom = deep(TRIAL_MAX);
    if (frame[2] == ORDER_TRAP && length == 1 && octets[0] >= MODULE_LINK && octets[0] < MODULES)
      machine_trap((enum module_id)octets[0]);
    return true;
  }
  return false;
}
