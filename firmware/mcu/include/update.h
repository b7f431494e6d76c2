// Updates over the air: the loader's own server of SMP, called by the running image (runtime/update.c).
#pragma once
#include "calls.h"

/** Once, at the start: an image on trial may be confirmed over the air for a minute. */
void update_start(void);
/** What passes from the wallet to link: whether the card lets somebody in. */
void update_watch(const struct mail* mail);
/** What link says to the loader. */
void update_take(const struct mail* mail);
/** Wallet and authenticator have stopped, for good: only a reset brings them back. */
bool update_is_on(void);
/** When the card is to start again, microseconds; `NEVER`. */
uint64_t update_ends(void);
