// The card's log: the last records, in RAM.
#include "log.h"

#include "board.h"

static struct log_record records[LOG_RECORDS];
static uint32_t made;

void log_event(enum log_event event, uint32_t detail) {
  records[made++ % LOG_RECORDS] =
    (struct log_record){ (uint32_t)(board_us() / 1000), made, (uint8_t)event, 0, (uint16_t)detail };
}

const struct log_record* log_at(uint32_t i) {
  const uint32_t kept = made < LOG_RECORDS ? made : LOG_RECORDS;
  return i < kept ? &records[(made - kept + i) % LOG_RECORDS] : 0;
}
