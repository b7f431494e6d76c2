// What ports answer with: wire/status.ts.
#pragma once

enum status {
  STATUS_OK = 0,
  STATUS_BUSY = 1,
  STATUS_BAD_ARGUMENT = 2,
  STATUS_FULL = 3,
  STATUS_ABSENT = 4,
  STATUS_FLASH_FAILED = 110,
  STATUS_VAULT_FAILED = 111,
  STATUS_CRYPTO_FAILED = 112,
};

/** What a read answers where there is nothing, and where it may not or can not. */
enum { READ_ABSENT = -1, READ_REFUSED = -2 };
