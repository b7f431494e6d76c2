// Port mailbox (firmware/ports/mailbox.ts).
#pragma once
#include <stdbool.h>

#include "calls.h"

/** @return STATUS_BUSY, STATUS_BAD_ARGUMENT. */
uint32_t Z_mailboxZ_send(struct module*, uint32_t to, uint32_t data, uint32_t length);

/** The machine's: sends `length` octets, which it writes to what this returns; null where there is no room. From whom, it says. */
uint8_t* mailbox_post(enum module_id from, enum module_id to, uint32_t length);
/** The machine's: a trapped module starts anew, mail that waits for it is gone. */
void mailbox_forget(enum module_id to);
/** The next letter, in the order in which they were sent; false where none waits. Its octets are the caller's to clear. */
bool mailbox_take(struct mail* mail);
