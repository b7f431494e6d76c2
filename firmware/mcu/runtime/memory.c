// memset two words at a time, in place of the C library's small one: secrets are wiped often.
#include <stdint.h>
#include <string.h>

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void* memset(void* to, int value, size_t length) {
  uint8_t* at = to;
  const uint32_t octet = (uint8_t)value;
  for (; length > 0 && ((uintptr_t)at & 7) != 0; length--) *at++ = (uint8_t)octet;
  const uint64_t word = octet * 0x0101010101010101u;
  uint64_t* words = (uint64_t*)at;
  for (; length >= 64; length -= 64, words += 8) {
    words[0] = words[1] = words[2] = words[3] = word;
    words[4] = words[5] = words[6] = words[7] = word;
  }
  for (; length >= 8; length -= 8) *words++ = word;
  at = (uint8_t*)words;
  while (length-- > 0) *at++ = (uint8_t)octet;
  return to;
}
