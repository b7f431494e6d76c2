// The card's log: wire/card-log.ts. What happened to the machine, never what a module holds.
#pragma once
#include <stdint.h>

enum log_event { LOG_STARTED = 1, LOG_TRAPPED = 2, LOG_LINE_UP = 3, LOG_LINE_DOWN = 4, LOG_PLAYED = 5, LOG_UPDATING = 6 };
enum { LOG_RECORDS = 16 };

struct log_record {
  uint32_t ms;
  /** Since the start, from 1 on. */
  uint32_t number;
  uint8_t event, zero;
  uint16_t detail;
};
_Static_assert(sizeof(struct log_record) == 12, "wire/card-log.ts, LOG_RECORD_SIZE");

void log_event(enum log_event event, uint32_t detail);
/** The `i`th record that is kept, the oldest first; null beyond the last. */
const struct log_record* log_at(uint32_t i);
