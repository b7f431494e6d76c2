// What ports and machine tell each other. One thread: interrupts only set what `machine_run` looks at.
#pragma once
#include "calls.h"
#include "module.h"

/** What happened outside, in bits. */
enum event {
  EVENT_COIL_DONE = 1u << 0,
  EVENT_HEAD_CONTACT = 1u << 1,
  EVENT_BUTTON = 1u << 2,
};

/** From an interrupt, or from a port. */
void machine_post(enum event event);
/** Something was posted that nobody has looked at. */
bool machine_is_posted(void);
_Noreturn void machine_run(void);
/** Ends everything for the loader: what modules held is gone before the reset. */
_Noreturn void machine_leave(void);

/** A trapped module starts anew: mail that waits for it is gone. */
void mailbox_forget(enum module_id to);
/** The next letter, in the order in which they were sent; false where none waits. Its octets are the caller's to clear. */
bool mailbox_take(struct mail* mail);

void coil_stop(void);
/** The coil's next edge is due: called by the board's interrupt. */
void coil_tick(void);

/** The coil has drawn from the cell for so long. */
void battery_emitted(uint64_t us);
/** Per cent of a full cell. */
uint32_t battery_left(void);

void head_sleep(void);
/** True where the wallet wants to know. */
bool head_is_awake(void);
/** True where that was a change. */
bool button_set(bool pressed);

enum line_event { LINE_QUIET, LINE_CAME_UP, LINE_WENT_DOWN, LINE_READY, LINE_CHUNK };

/** What came over the line: one thing at a time, for the caller to tell the link. `chunk` is whole until the next call. */
enum line_event line_poll(struct chunk* chunk);
/** Octets of the phone's longest chunk; 0 without a phone. */
uint32_t line_longest(void);
/** Ends the line; `LINE_WENT_DOWN` follows. */
void line_drop(void);
/** Hands the pass that was played to whoever watches. */
void coil_report(void);

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
