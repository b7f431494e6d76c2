// Updates over the air. SMP that link brings is answered by the loader's own server, in the loader's flash, while link and its radio go on: nothing of
// it is in this image. Its variables lie where the wallet's memory does, so that wallet and authenticator stop before, wiped, until the next start.
// Twin: emulator/src/loader/air-update.ts. Who is let in: docs/protocol.md, "Updates over the air".
#include "update.h"

#include <string.h>

#include "board.h"
#include "loader.h"
#include "log.h"
#include "machine.h"
#include "ports/mailbox.h"

/** wire/machine.ts: `Mail`, its flags, `Indicator`. */
enum { MAIL_PIECE = 1, MAIL_LINE_UP = 2, MAIL_LINE_DOWN = 3, MAIL_INDICATE = 4, MAIL_HANGUP = 6, MAIL_SMP = 7 };
enum { PIECE_FIRST = 1, PIECE_LAST = 2, INDICATOR_PAIRING = 1 };
/** wire/loader.ts: `StartReason` of an image that nobody has confirmed. */
enum { REASON_TRIAL = 2, REASON_STILL_TRIAL = 7, REASON_RESUMED = 64 };
/** wire/smp-numbers.ts. */
enum { SMP_HEADER = 8, SMP_ANSWER = 1, SMP_DENIED = 11 };
/** wire/limits.ts: a silence, and an update, at most; what was said has so long to leave before a reset. */
#define SILENCE_US 60000000ull
#define UPDATE_US 600000000ull
#define LEAVE_US 2000000ull

static bool is_pairing, is_on, is_leaving;
/** An image on trial lets whoever confirms it in until then. */
static uint64_t trial_until;
static uint64_t silence_ends = NEVER, update_ends_at;
/** Octets still to come of a packet that was refused. */
static uint32_t to_skip;

void update_start(void) {
  const uint32_t reason = board_start_reason() & ~(uint32_t)REASON_RESUMED;
  trial_until = reason == REASON_TRIAL || reason == REASON_STILL_TRIAL ? board_us() + SILENCE_US : 0;
}

bool update_is_on(void) { return is_on; }

uint64_t update_ends(void) { return silence_ends < update_ends_at ? silence_ends : update_ends_at; }

void update_watch(const struct mail* mail) {
  if (mail->from == MODULE_WALLET && mail->length == 2 && mail->octets[0] == MAIL_INDICATE) is_pairing = mail->octets[1] == INDICATOR_PAIRING;
}

/** One answer to whoever link speaks with, in pieces. What has no room is lost: it is asked for again. */
static void answer(enum module_id from, const uint8_t* octets, uint32_t length) {
  for (uint32_t at = 0; at < length;) {
    const uint32_t head = at == 0 ? 4 : 2;
    const uint32_t part = length - at < MAIL_SIZE - head ? length - at : MAIL_SIZE - head;
    uint8_t* piece = mailbox_post(from, MODULE_LINK, head + part);
    if (piece == 0) return;
    piece[0] = MAIL_PIECE;
    piece[1] = (at == 0 ? PIECE_FIRST : 0) | (at + part == length ? PIECE_LAST : 0);
    if (at == 0) {
      piece[2] = (uint8_t)length;
      piece[3] = (uint8_t)(length >> 8);
    }
    memcpy(piece + head, octets + at, part);
    at += part;
  }
}

static void say(const uint8_t* octets, uint32_t length) { answer(MODULE_LOADER, octets, length); }

/** No, with the header of what was asked. */
static void refuse(const uint8_t* octets, uint32_t length) {
  if (to_skip > 0) {
    to_skip -= length < to_skip ? length : to_skip;
    return;
  }
  if (length < SMP_HEADER) return;
  const uint32_t whole = SMP_HEADER + ((uint32_t)octets[2] << 8 | octets[3]);
  to_skip = whole > length ? whole - length : 0;
  if (octets[0] & SMP_ANSWER) return;
  const uint8_t no[] = { (octets[0] & 2) | SMP_ANSWER, 0, 0, 5, octets[4], octets[5], octets[6], octets[7], 0xa1, 0x62, 'r', 'c', SMP_DENIED };
  answer(MODULE_MACHINE, no, sizeof no);
}

/** The loader's variables must lie where nothing is that goes on. */
static bool can_begin(void) {
  const struct module* wallet = &modules[MODULE_WALLET];
  return loader_service.magic == LOADER_SERVICE_MAGIC && loader_service.version == LOADER_SERVICE_VERSION && loader_service.ram >= wallet->memory &&
         loader_service.ram_end <= wallet->memory + wallet->size;
}

static void begin(void) {
  is_on = true;
  machine_stop_modules();
  log_event(LOG_UPDATING, 0);
  update_ends_at = board_us() + UPDATE_US;
  loader_service.begin(say);
}

void update_take(const struct mail* mail) {
  const uint8_t* octets = mail->octets + 1;
  const uint32_t length = mail->length - 1;
  if (mail->octets[0] == MAIL_LINE_UP || mail->octets[0] == MAIL_LINE_DOWN) {
    to_skip = 0;
    if (is_on) loader_service.hear(octets, 0);
    if (is_leaving) silence_ends = 0;
    return;
  }
  if (mail->octets[0] != MAIL_SMP || length == 0 || is_leaving) return;
  if (!is_on) {
    if ((!is_pairing && board_us() >= trial_until) || to_skip > 0 || !can_begin()) {
      refuse(octets, length);
      return;
    }
    begin();
  }
  silence_ends = board_us() + SILENCE_US;
  if (loader_service.hear(octets, length) != VERDICT_RESET) return;
  is_leaving = true;
  silence_ends = board_us() + LEAVE_US;
  uint8_t* hang_up = mailbox_post(MODULE_LOADER, MODULE_LINK, 1);
  if (hang_up != 0) *hang_up = MAIL_HANGUP;
}
