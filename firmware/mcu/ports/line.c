// Port line: chunks over a serial line. Frames both ways: length u16 LE, kind, octets. Contract: firmware/ports/line.ts.
#include <string.h>

#include "board.h"
#include "log.h"
#include "machine.h"
#include "ports/line.h"
#include "status.h"

enum { CHUNK_MAX = 514, WINDOW = 4 };
enum kind {
  /** Of either side: one chunk. The other side says when it has taken it. */
  KIND_CHUNK = 0,
  KIND_TAKEN = 1,
  /** Of the phone's side: it is there, with its longest chunk u16 LE. Of either side: it is gone. */
  KIND_UP = 2,
  KIND_DOWN = 3,
  /** Of the card: what it advertises. */
  KIND_ADVERTISED = 4,
  /** Of whoever flashes: start the loader, which listens to this line. The card is as after a power cut. */
  KIND_LOADER = 5,
  /** Of whoever wants the log; of the card: its records, the oldest first. */
  KIND_LOG = 6,
};

static uint8_t frame[3 + CHUNK_MAX];
static uint32_t have;
static uint32_t longest;
static uint32_t under_way;
static bool was_busy;
static bool hanging_up;

static void send(enum kind kind, const uint8_t* octets, uint32_t length) {
  board_uart_put(UART_LINE, (uint8_t)length);
  board_uart_put(UART_LINE, (uint8_t)(length >> 8));
  board_uart_put(UART_LINE, kind);
  for (uint32_t i = 0; i < length; i++) board_uart_put(UART_LINE, octets[i]);
}

uint32_t line_longest(void) { return longest; }

uint32_t Z_lineZ_maxWrite(struct module* module) {
  (void)module;
  return longest;
}

uint32_t Z_lineZ_write(struct module* module, uint32_t data, uint32_t length) {
  if (longest == 0 || hanging_up) return STATUS_ABSENT;
  const uint8_t* octets = module_at(module, data, length);
  if (octets == 0 || length == 0 || length > longest) return STATUS_BAD_ARGUMENT;
  if (under_way == WINDOW) {
    was_busy = true;
    return STATUS_BUSY;
  }
  under_way++;
  send(KIND_CHUNK, octets, length);
  return STATUS_OK;
}

void Z_lineZ_hangUp(struct module* module) {
  (void)module;
  if (longest > 0) hanging_up = true;
}

void Z_lineZ_advertise(struct module* module, uint32_t data, uint32_t length) {
  enum { IDENTIFIER = 16 };
  if (length == IDENTIFIER) send(KIND_ADVERTISED, module_demand(module, data, length), length);
  else send(KIND_ADVERTISED, 0, 0);
}

static void send_log(void) {
  const struct log_record* record;
  uint32_t count = 0;
  while (log_at(count) != 0) count++;
  const uint32_t length = count * sizeof *record;
  board_uart_put(UART_LINE, (uint8_t)length);
  board_uart_put(UART_LINE, (uint8_t)(length >> 8));
  board_uart_put(UART_LINE, KIND_LOG);
  for (uint32_t i = 0; (record = log_at(i)) != 0; i++)
    for (uint32_t at = 0; at < sizeof *record; at++) board_uart_put(UART_LINE, ((const uint8_t*)record)[at]);
}

static void reset(void) {
  longest = under_way = 0;
  was_busy = hanging_up = false;
}

static bool dropped;

void line_drop(void) {
  if (longest == 0) return;
  send(KIND_DOWN, 0, 0);
  reset();
  dropped = true;
}

static enum line_event received(enum kind kind, uint32_t length, struct chunk* chunk) {
  const uint8_t* octets = frame + 3;
  switch (kind) {
    case KIND_UP:
      if (longest > 0 || length != 2) return LINE_QUIET;
      longest = octets[0] | (uint32_t)octets[1] << 8;
      if (longest > CHUNK_MAX) longest = CHUNK_MAX;
      return longest > 0 ? LINE_CAME_UP : LINE_QUIET;
    case KIND_DOWN:
      if (longest == 0) return LINE_QUIET;
      reset();
      return LINE_WENT_DOWN;
    case KIND_CHUNK:
      if (length == 0 || length > longest) return LINE_QUIET;
      send(KIND_TAKEN, 0, 0);
      *chunk = (struct chunk){ length, octets };
      return LINE_CHUNK;
    case KIND_TAKEN:
      if (under_way > 0) under_way--;
      if (!was_busy || longest == 0) return LINE_QUIET;
      was_busy = false;
      return LINE_READY;
    case KIND_LOG:
      if (length == 0) send_log();
      return LINE_QUIET;
    case KIND_LOADER:
      if (length == 0) machine_leave();
      return LINE_QUIET;
    default: return LINE_QUIET;
  }
}

enum line_event line_poll(struct chunk* chunk) {
  if (hanging_up && under_way == 0) line_drop();
  if (dropped) {
    dropped = false;
    return LINE_WENT_DOWN;
  }
  for (int octet; (octet = board_uart_get(UART_LINE)) >= 0;) {
    frame[have++] = (uint8_t)octet;
    if (have < 3) continue;
    const uint32_t length = frame[0] | (uint32_t)frame[1] << 8;
    if (length > CHUNK_MAX) {
      // Not this protocol: what comes next is looked at anew.
      have = 0;
      continue;
    }
    if (have < 3 + length) continue;
    have = 0;
    const enum line_event event = received((enum kind)frame[2], length, chunk);
    if (event != LINE_QUIET) return event;
  }
  return LINE_QUIET;
}
