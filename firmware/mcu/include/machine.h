// What ports and machine tell each other; what each port does is in ports/. One thread: interrupts only set what `machine_run` looks at.
#pragma once
#include "calls.h"
#include "module.h"

/** What happened outside, in bits. */
enum event {
  EVENT_COIL_DONE = 1u << 0,
  EVENT_HEAD_CONTACT = 1u << 1,
  EVENT_BUTTON = 1u << 2,
  EVENT_RADIO_SENT = 1u << 3,
};

/** From an interrupt, or from a port. */
void machine_post(enum event event);
/** What was posted, and nobody has looked at, has not happened. */
void machine_withdraw(enum event event);
/** Something was posted that nobody has looked at. */
bool machine_is_posted(void);
_Noreturn void machine_run(void);
/** Ends wallet and authenticator until the next start: what they held is gone. */
void machine_stop_modules(void);
/** Ends everything for the loader: what modules held is gone before the reset. */
_Noreturn void machine_leave(void);

#ifdef PRODUCTION
// A card that is sold has no bench: what comes on its second line is not even listened to.
static inline void bench_ready(void) {}
static inline bool bench_poll(void) { return false; }
static inline void bench_indicator(uint32_t pattern) { (void)pattern; }
static inline void bench_trap(const struct module* module) { (void)module; }
static inline void bench_pass(const uint32_t* ticks, uint32_t edges) { (void)ticks, (void)edges; }
static inline void bench_pass_begins(void) {}
#else
/** For the bench: has a module reach outside of its memory. */
void machine_trap(enum module_id id);
/** The bench: what stands in for sensors, and watches. Nothing on a card that is sold. */
void bench_ready(void);
/** One order of the bench; false where none has come. */
bool bench_poll(void);
void bench_indicator(uint32_t pattern);
void bench_trap(const struct module* module);
void bench_pass(const uint32_t* ticks, uint32_t edges);
/** A pass begins. */
void bench_pass_begins(void);
#endif
