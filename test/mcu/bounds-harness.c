// A module as wasm2c made it, compiled for this machine: its own loads, stores, fills and copies, at each edge of its memory. What they trap is
// held against sums that cannot wrap. Out: how many were tried; where one differs, which, and an end.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include MODULE_C

u8 MODULE_OCTETS[MODULE_MEMORY];
static wasm_rt_memory_t memory = { .data = MODULE_OCTETS, .size = MODULE_MEMORY, .pages = 1, .max_pages = 1 };
static jmp_buf trapped;

void wasm_rt_trap(wasm_rt_trap_t code) { longjmp(trapped, 1 + (int)code); }

static unsigned long tried;

/** @param outside - Is it to trap? */
#define TRY(what, at, length, outside, call)                                                               \
  do {                                                                                                     \
    const int code = setjmp(trapped);                                                                      \
    if (code == 0) {                                                                                       \
      call;                                                                                                \
    }                                                                                                      \
    tried++;                                                                                               \
    if (code != ((outside) ? 1 + (int)WASM_RT_TRAP_OOB : 0)) {                                             \
      fprintf(stderr, "%s at %llu of %llu octets: %s\n", what, (unsigned long long)(at), (unsigned long long)(length), \
              code == 0 ? "not refused" : "refused");                                                      \
      exit(1);                                                                                             \
    }                                                                                                      \
  } while (0)

static int is_outside(u64 at, u64 length) { return at + length > MODULE_MEMORY; }

/** One octet, or several, by address: the sum of a pointer and a constant, each of 32 bits. */
static void reach(u64 at) {
  TRY("i32.load8_u", at, 1, is_outside(at, 1), i32_load8_u(&memory, at));
  TRY("i32.load16_u", at, 2, is_outside(at, 2), i32_load16_u(&memory, at));
  TRY("i32.load", at, 4, is_outside(at, 4), i32_load(&memory, at));
  TRY("i64.load", at, 8, is_outside(at, 8), i64_load(&memory, at));
  TRY("i32.store8", at, 1, is_outside(at, 1), i32_store8(&memory, at, 1));
  TRY("i32.store16", at, 2, is_outside(at, 2), i32_store16(&memory, at, 1));
  TRY("i32.store", at, 4, is_outside(at, 4), i32_store(&memory, at, 1));
  TRY("i64.store", at, 8, is_outside(at, 8), i64_store(&memory, at, 1));
}

static void span(u32 at, u32 length) {
  TRY("memory.fill", at, length, is_outside(at, length), memory_fill(&memory, at, 0, length));
  TRY("memory.copy to", at, length, is_outside(at, length) || length > MODULE_MEMORY, memory_copy(&memory, &memory, at, 0, length));
  TRY("memory.copy from", at, length, is_outside(at, length) || length > MODULE_MEMORY, memory_copy(&memory, &memory, 0, at, length));
  static const u8 segment[MODULE_MEMORY];
  TRY("memory.init", at, length, is_outside(at, length), memory_init(&memory, segment, sizeof segment, at, 0, length));
}

int main(void) {
  static const u64 NEAR[] = { 0, MODULE_MEMORY / 2, MODULE_MEMORY, 40000, 65536, 1ull << 31, 1ull << 32, (1ull << 32) + MODULE_MEMORY, 1ull << 33 };
  enum { AROUND = 9, PLACES = sizeof NEAR / sizeof *NEAR };
  for (int i = 0; i < PLACES; i++)
    for (int by = -AROUND; by <= AROUND; by++) {
      const u64 at = NEAR[i] + (u64)by;
      if (at <= 2ull * UINT32_MAX) reach(at);
      for (int j = 0; j < PLACES && at <= UINT32_MAX; j++)
        for (int more = -AROUND; more <= AROUND; more++) {
          const u64 length = NEAR[j] + (u64)more;
          if (length > UINT32_MAX) continue;
          span((u32)at, (u32)length);
          // Both ends at an edge: what is behind `at` up to the memory's end, and around it.
          span((u32)at, (u32)(MODULE_MEMORY - at + (u64)more));
        }
    }
  printf("%lu\n", tried);
  return 0;
}
