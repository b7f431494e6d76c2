// The bench on the second serial line: presses the button, touches the head, and is told what the card shows and plays. Development images only.
// Frames both ways: length u16 LE, kind, octets.
#include "board.h"
#include "machine.h"

enum { UART_BENCH = 1 };
enum order { ORDER_BUTTON = 1, ORDER_HEAD = 2 };
enum report { REPORT_READY = 1, REPORT_INDICATOR = 2, REPORT_TRAP = 3, REPORT_PASS = 4 };

static void report(enum report kind, uint32_t length) {
  board_uart_put(UART_BENCH, (uint8_t)length);
  board_uart_put(UART_BENCH, (uint8_t)(length >> 8));
  board_uart_put(UART_BENCH, kind);
}

static void put_u32(uint32_t value) {
  for (int i = 0; i < 4; i++) board_uart_put(UART_BENCH, (uint8_t)(value >> 8 * i));
}

void bench_ready(void) {
  report(REPORT_READY, 4);
  put_u32(board_ticks_per_us);
}

void bench_indicator(uint32_t pattern) {
  report(REPORT_INDICATOR, 1);
  board_uart_put(UART_BENCH, (uint8_t)pattern);
}

void bench_trap(const struct module* module) {
  report(REPORT_TRAP, 1);
  board_uart_put(UART_BENCH, (uint8_t)module->id);
}

void bench_pass(const uint32_t* ticks, uint32_t edges) {
  report(REPORT_PASS, 4 * edges);
  for (uint32_t i = 0; i < edges; i++) put_u32(ticks[i]);
}

bool bench_poll(void) {
  static uint8_t frame[4];
  static uint32_t have;
  for (int octet; (octet = board_uart_get(UART_BENCH)) >= 0;) {
    frame[have++] = (uint8_t)octet;
    if (have < 3) continue;
    const uint32_t length = frame[0] | (uint32_t)frame[1] << 8;
    if (length > 1) {
      have = 0;
      continue;
    }
    if (have < 3 + length) continue;
    have = 0;
    if (frame[2] == ORDER_BUTTON && length == 1 && button_set(frame[3] != 0)) machine_post(EVENT_BUTTON);
    if (frame[2] == ORDER_HEAD) machine_post(EVENT_HEAD_CONTACT);
    return true;
  }
  return false;
}
