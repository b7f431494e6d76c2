// Port crypto (firmware/ports/crypto.ts), by libsodium. A pointer outside of the module traps.
#pragma once
#include "module.h"

void Z_cryptoZ_sha256(struct module*, uint32_t data, uint32_t length, uint32_t out);
/** @return STATUS_CRYPTO_FAILED for a point of small order. */
uint32_t Z_cryptoZ_x25519(struct module*, uint32_t secret, uint32_t point, uint32_t out);
void Z_cryptoZ_seal(struct module*, uint32_t key, uint32_t nonce, uint32_t aad, uint32_t aad_length, uint32_t data, uint32_t length);
uint32_t Z_cryptoZ_open(struct module*, uint32_t key, uint32_t nonce, uint32_t aad, uint32_t aad_length, uint32_t data, uint32_t length);
uint32_t Z_cryptoZ_verify(struct module*, uint32_t public_key, uint32_t data, uint32_t length, uint32_t signature);
