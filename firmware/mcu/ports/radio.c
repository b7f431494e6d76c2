// Port radio: H4 to and from a controller on its own serial line (Core 6.0, Vol 4 Part A 2). Contract: firmware/ports/radio.ts.
#include "ports/radio.h"

#include "board.h"
#include "status.h"

/** wire/bluetooth.ts, RADIO_PACKET_MAX. */
enum { PACKET_MAX = 258 };
enum type { COMMAND = 1, ACL_DATA = 2, EVENT = 4 };

static bool there;
static bool was_busy;
static uint8_t packet[PACKET_MAX];
static uint32_t have;
/** Octets until more is known of it: of its type, its header, the whole. */
static uint32_t wanted;
/** Octets still to come of a packet that is too long. */
static uint32_t to_skip;
/** When all that had come was looked at. A packet does not pause for so long amid its octets, whatever the processor does meanwhile. */
static uint64_t drained_us;
enum { PAUSE_US = 1000000 };

/** Nothing has come since the last Reset of HCI; and that one was helped by the controller's reset line. */
static bool is_silent, was_pulled;

bool radio_open(void) { return there = board_radio_open(); }

bool radio_is_there(void) { return there; }

/** Octets of a packet's header, its type among them (Vol 4 Part E 5.4); 0 for no type of H4. */
static uint32_t header_of(uint8_t type) {
  switch (type) {
    case COMMAND: return 4;
    case ACL_DATA: return 5;
    case EVENT: return 3;
    default: return 0;
  }
}

/** Octets behind the header. */
static uint32_t body_of(const uint8_t* octets) {
  switch (octets[0]) {
    case COMMAND: return octets[3];
    case ACL_DATA: return octets[3] | (uint32_t)octets[4] << 8;
    default: return octets[2];
  }
}

/** Reset (Vol 4 Part E 7.3.2). */
static bool is_reset(const uint8_t* octets) { return octets[0] == COMMAND && octets[1] == 0x03 && octets[2] == 0x0c; }

static void pull(void) {
  was_pulled = board_radio_reset();
  if (was_pulled) have = to_skip = 0;
}

/**
 * A Reset does not reach a controller that hangs: where the last one was not answered, or nothing is taken any more, its line is pulled before. Not for two in a
 * row, as a controller that starts hears nothing either: link says it again, two seconds later.
 */
static bool give(const uint8_t* octets, uint32_t length) {
  if (!is_reset(octets)) return board_radio_send(octets, length);
  if (is_silent && !was_pulled) pull();
  else was_pulled = false;
  is_silent = true;
  if (board_radio_send(octets, length)) return true;
  if (!was_pulled) pull();
  return was_pulled && board_radio_send(octets, length);
}

uint32_t Z_radioZ_send(struct module* module, uint32_t at, uint32_t length) {
  if (!there) return STATUS_ABSENT;
  const uint8_t* octets = module_at(module, at, length);
  if (octets == 0 || length == 0 || (octets[0] != COMMAND && octets[0] != ACL_DATA)) return STATUS_BAD_ARGUMENT;
  const uint32_t header = header_of(octets[0]);
  if (length > PACKET_MAX || length < header || length != header + body_of(octets)) return STATUS_BAD_ARGUMENT;
  if (!give(octets, length)) {
    was_busy = true;
    return STATUS_BUSY;
  }
  return STATUS_OK;
}

bool radio_has_room(void) {
  const bool waited = was_busy;
  was_busy = false;
  return waited;
}

/** The packet that `octet` ends, if it does. An octet that begins none is passed over: a line that has lost its place finds it again. */
static bool take(uint8_t octet) {
  if (to_skip > 0) {
    to_skip--;
    return false;
  }
  packet[have++] = octet;
  if (have == 1) {
    wanted = octet == COMMAND ? 0 : header_of(octet);
    if (wanted == 0) have = 0;
  }
  if (have == 0 || have < wanted) return false;
  wanted = header_of(packet[0]) + body_of(packet);
  if (wanted > PACKET_MAX) {
    to_skip = wanted - have;
    have = 0;
  }
  return have == wanted;
}

bool radio_poll(struct chunk* chunk) {
  if (!there) return false;
  int octet = board_uart_get(UART_RADIO);
  if (octet < 0) return false;
  if (have + to_skip > 0 && board_us() - drained_us > PAUSE_US) have = to_skip = 0;
  for (; octet >= 0; octet = board_uart_get(UART_RADIO)) {
    if (!take((uint8_t)octet)) continue;
    *chunk = (struct chunk){ have, packet };
    have = 0;
    is_silent = false;
    return true;
  }
  drained_us = board_us();
  return false;
}
