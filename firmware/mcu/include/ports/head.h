// Port head (firmware/ports/head.ts): wallet only.
#pragma once
#include <stdbool.h>

#include "module.h"

void Z_headZ_listen(struct module*, uint32_t on);

/** The machine's: nobody wants to know any more; and does the wallet? */
void head_sleep(void);
bool head_is_awake(void);
