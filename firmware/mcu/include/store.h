// The card's one non-volatile store, of which vault and flash are regions.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum region { REGION_CARD = 0, REGION_VAULT = 1, REGION_FLASH = 2 };
/** Longest record, octets. */
enum { STORE_RECORD_MAX = 2048 };

/** Opens what the flash region holds; false where it holds no card. */
bool store_open(void);
/** A record's octets; null where there is none. */
const uint8_t* store_read(uint8_t region, uint8_t id, uint32_t* length);
/** Replaces a record whole; a length of 0 removes it. False where it does not fit. */
bool store_write(uint8_t region, uint8_t id, const uint8_t* data, uint32_t length);
