// Port mailbox: letters between modules, copied. Contract: firmware/ports/mailbox.ts. Wallet and authenticator reach link alone; what is for the loader, the machine takes.
#include <string.h>

#include "machine.h"
#include "ports/mailbox.h"
#include "status.h"

enum { SLOTS = 3 * MAIL_DEPTH };

static struct mail letters[SLOTS];
/** Numbers of the letters in the order in which they were sent. */
static uint8_t order[SLOTS];
static uint32_t waiting;

static bool is_routed(enum module_id from, uint32_t to) {
  if (from == MODULE_LINK) return to == MODULE_WALLET || to == MODULE_AUTHENTICATOR || to == MODULE_LOADER;
  return to == MODULE_LINK && (from == MODULE_WALLET || from == MODULE_AUTHENTICATOR);
}

uint32_t Z_mailboxZ_send(struct module* module, uint32_t to, uint32_t data, uint32_t length) {
  if (length == 0 || length > MAIL_SIZE || !is_routed(module->id, to)) return STATUS_BAD_ARGUMENT;
  const uint8_t* octets = module_at(module, data, length);
  if (octets == 0) return STATUS_BAD_ARGUMENT;
  uint8_t* letter = mailbox_post(module->id, (enum module_id)to, length);
  if (letter == 0) return STATUS_FULL;
  memcpy(letter, octets, length);
  return STATUS_OK;
}

uint8_t* mailbox_post(enum module_id from, enum module_id to, uint32_t length) {
  uint32_t theirs = 0;
  uint32_t used = 0;
  for (uint32_t i = 0; i < waiting; i++) {
    theirs += letters[order[i]].to == to;
    used |= 1u << order[i];
  }
  if (theirs == MAIL_DEPTH || waiting == SLOTS) return 0;
  uint32_t slot = 0;
  while (used >> slot & 1) slot++;
  struct mail* mail = &letters[slot];
  mail->from = from;
  mail->to = to;
  mail->length = length;
  order[waiting++] = (uint8_t)slot;
  return mail->octets;
}

static void remove(uint32_t at) {
  memset(letters[order[at]].octets, 0, letters[order[at]].length);
  memmove(order + at, order + at + 1, --waiting - at);
}

bool mailbox_take(struct mail* mail) {
  if (waiting == 0) return false;
  *mail = letters[order[0]];
  remove(0);
  return true;
}

void mailbox_forget(enum module_id to) {
  for (uint32_t i = waiting; i-- > 0;)
    if (letters[order[i]].to == to) remove(i);
}
