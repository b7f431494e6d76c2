// Port crypto: libsodium's primitives on the module's own memory. Contract: firmware/ports/crypto.ts.
#include <sodium.h>
#include <string.h>

#include "board.h"
#include "module.h"
#include "ports/crypto.h"
#include "status.h"

/** Called where libsodium is used against its contract. */
void sodium_misuse(void) { board_panic("libsodium misused"); }

/** In place of the base point's multiplication, which this port does not have (tools/sodium.mjs). */
void sodium_base_point_absent(void) { sodium_misuse(); }

enum { KEY = 32, NONCE = 12, TAG = 16, SIGNATURE = 64, DIGEST = 32 };

void Z_cryptoZ_sha256(struct module* module, uint32_t data, uint32_t length, uint32_t out) {
  uint8_t digest[DIGEST];
  const uint8_t* octets = module_demand(module, data, length);
  uint8_t* target = module_demand(module, out, DIGEST);
  crypto_hash_sha256(digest, octets, length);
  memcpy(target, digest, DIGEST);
  sodium_memzero(digest, sizeof digest);
}

uint32_t Z_cryptoZ_x25519(struct module* module, uint32_t secret, uint32_t point, uint32_t out) {
  uint8_t shared[KEY];
  uint8_t* target = module_demand(module, out, KEY);
  const uint8_t* own = module_demand(module, secret, KEY);
  const uint8_t* other = module_demand(module, point, KEY);
  const int failed = crypto_scalarmult_curve25519(shared, own, other);
  if (failed) memset(target, 0, KEY);
  else memcpy(target, shared, KEY);
  sodium_memzero(shared, sizeof shared);
  return failed ? STATUS_CRYPTO_FAILED : STATUS_OK;
}

void Z_cryptoZ_seal(struct module* module, uint32_t key, uint32_t nonce, uint32_t aad, uint32_t aad_length, uint32_t data,
                    uint32_t length) {
  const uint8_t* key_octets = module_demand(module, key, KEY);
  const uint8_t* nonce_octets = module_demand(module, nonce, NONCE);
  const uint8_t* aad_octets = module_demand(module, aad, aad_length);
  uint8_t* octets = module_demand(module, data, length);
  module_demand(module, data + length, TAG);
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(octets, octets + length, 0, octets, length, aad_octets, aad_length, 0,
                                                     nonce_octets, key_octets);
}

uint32_t Z_cryptoZ_open(struct module* module, uint32_t key, uint32_t nonce, uint32_t aad, uint32_t aad_length, uint32_t data,
                        uint32_t length) {
  if ((int32_t)length < TAG) return STATUS_CRYPTO_FAILED;
  const uint8_t* key_octets = module_demand(module, key, KEY);
  const uint8_t* nonce_octets = module_demand(module, nonce, NONCE);
  const uint8_t* aad_octets = module_demand(module, aad, aad_length);
  uint8_t* octets = module_demand(module, data, length);
  const uint32_t plain = length - TAG;
  // Without a place for the plaintext it only checks the tag: not an octet changes where it does not hold.
  for (int round = 0; round < 2; round++) {
    uint8_t* out = round == 0 ? 0 : octets;
    if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(out, 0, octets, plain, octets + plain, aad_octets, aad_length,
                                                           nonce_octets, key_octets))
      return STATUS_CRYPTO_FAILED;
  }
  return STATUS_OK;
}

uint32_t Z_cryptoZ_verify(struct module* module, uint32_t public_key, uint32_t data, uint32_t length, uint32_t signature) {
  const uint8_t* signature_octets = module_demand(module, signature, SIGNATURE);
  const uint8_t* octets = module_demand(module, data, length);
  const uint8_t* key = module_demand(module, public_key, KEY);
  return crypto_sign_ed25519_verify_detached(signature_octets, octets, length, key) ? STATUS_CRYPTO_FAILED : STATUS_OK;
}
