// The microcontroller's ports on this machine, called as modules call them. In: a line an order, its words numbers (decimal) but for octets
// (hexadecimal). Out: a line for each, as `main` says.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "loader.h"
#include "log.h"
#include "machine.h"
#include "ports/button.h"
#include "ports/clock.h"
#include "ports/coil.h"
#include "ports/flash.h"
#include "ports/head.h"
#include "ports/line.h"
#include "ports/mailbox.h"
#include "ports/radio.h"
#include "ports/vault.h"
#include "store.h"
#include "update.h"

enum { SIZE = 2 * FLASH_SECTOR, MEMORY = 4096, QUEUE = 4096 };

static uint8_t flash[SIZE], memory[MODULES][MEMORY];
const uint8_t* const board_flash = flash;
const uint32_t board_flash_size = SIZE;
const uint32_t board_ticks_per_us = 25;

struct module modules[MODULES] = {
  { .id = MODULE_MACHINE, .memory = memory[0], .size = MEMORY },
  { .id = MODULE_LINK, .memory = memory[1], .size = MEMORY },
  { .id = MODULE_WALLET, .memory = memory[2], .size = MEMORY },
  { .id = MODULE_AUTHENTICATOR, .memory = memory[3], .size = MEMORY },
};

static jmp_buf trapped;
uint8_t* module_demand(const struct module* module, uint32_t at, uint32_t length) {
  uint8_t* octets = module_at(module, at, length);
  if (octets == 0) longjmp(trapped, 1);
  return octets;
}

void board_flash_program(uint32_t at, const uint8_t* data, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) flash[at + i] &= data[i];
}
void board_flash_erase(uint32_t at) { memset(flash + at, 0xff, FLASH_SECTOR); }
void board_panic(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static uint32_t armed;
static int level;
void board_reset(enum loader_start how) { longjmp(trapped, 2 + (int)how); }
/** The machine runs until it would sleep. */
enum { SLEPT = 64 };
void board_sleep(uint64_t until) {
  (void)until;
  longjmp(trapped, SLEPT);
}
void board_random(uint8_t* out, uint32_t length) { memset(out, 4, length); }

// The modules themselves are not here: nobody calls them. One may trap, in its first call that is no start: an alarm.
static struct module* traps;
void module_instantiate(struct module* module) { module->alarm_us = module == traps ? 0 : NEVER; }
bool module_enter(struct module* module, void (*call)(struct module*, void*), void* argument) {
  (void)argument;
  if (module != traps || call == call_start) return true;
  traps = 0;
  module->traps++;
  return false;
}
#define CALL(name) void name(struct module* module, void* argument) { (void)module, (void)argument; }
CALL(call_start) CALL(call_mail) CALL(call_alarm) CALL(call_coil_done) CALL(call_head_contact) CALL(call_button) CALL(call_line_up)
CALL(call_line_down) CALL(call_line_ready) CALL(call_chunk) CALL(call_packet) CALL(call_radio_ready)
uint32_t board_ticks(void) { return 1000; }
static uint64_t now_us = 123456789;
uint64_t board_us(void) { return now_us; }
static bool trial;
uint32_t board_start_reason(void) { return trial ? 2 + 64 : 1; } // a trial, after a swap that was cut
static bool held;
void board_hold_lines(void) { held = true; }
void board_free_lines(void) { held = false; }
void board_coil_arm(uint32_t at) {
  if (!held) board_panic("a line's interrupt may hold up the coil's first edge");
  armed = at;
}
void board_coil_next(uint32_t at) { armed = at; }
void board_coil_disarm(void) { armed = 0; }
void board_coil_drive(int to) { level = to; }
void log_event(enum log_event event, uint32_t detail) { (void)event, (void)detail; }
const struct log_record* log_at(uint32_t i) { (void)i; return 0; }

/** What came on each line and nobody has read; what was sent. */
static uint8_t came[UARTS][QUEUE], sent[QUEUE];
static uint32_t have[UARTS], read_to[UARTS], sent_length;
int board_uart_get(enum uart uart) { return read_to[uart] < have[uart] ? came[uart][read_to[uart]++] : -1; }
void board_uart_put(enum uart uart, uint8_t octet) {
  (void)uart;
  sent[sent_length++] = octet;
}
static bool down;
bool board_button(void) { return down; }
static bool wired = true;
bool board_radio_open(void) { return wired; }
bool board_radio_send(const uint8_t* octets, uint32_t length) {
  if (sent_length + length > 300) return false;
  memcpy(sent + sent_length, octets, length);
  sent_length += length;
  return true;
}

static bool has_reset_line;
static uint32_t pulls;
bool board_radio_reset(void) {
  if (!has_reset_line) return false;
  pulls++;
  sent_length = 0;
  return true;
}

/** A loader that answers with what it heard, starts again where that begins with ee, and tells of a link's end by an answer of no octets. */
static void (*say)(const uint8_t* octets, uint32_t length);
static void service_begin(void (*caller)(const uint8_t* octets, uint32_t length)) { say = caller; }
static enum loader_verdict service_hear(const uint8_t* octets, uint32_t length) {
  if (length == 0) return VERDICT_SERVE;
  say(octets, length);
  return octets[0] == 0xee ? VERDICT_RESET : VERDICT_SERVE;
}
struct loader_service table = {
  LOADER_SERVICE_MAGIC, LOADER_SERVICE_VERSION, memory[MODULE_WALLET], memory[MODULE_WALLET] + MEMORY, service_begin, service_hear,
};
extern const struct loader_service loader_service __attribute__((alias("table")));

static uint32_t octets_of(const char* hex, uint8_t* out) {
  uint32_t length = 0;
  for (unsigned octet; sscanf(hex, "%2x", &octet) == 1; hex += 2) out[length++] = (uint8_t)octet;
  return length;
}

static void tell(const uint8_t* octets, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) printf("%02x", octets[i]);
  printf("\n");
}

/** An answer is a number, or octets: of `sent`, what has left since it was asked for; of `radio.poll`, the packet, or none; of `mail.take`, from, to and the letter. */
static void obey(char* line) {
  char name[24], hex[2 * QUEUE + 1];
  long long a[4] = { 0 };
  if (sscanf(line, "%23s %lld %lld %lld %lld", name, &a[0], &a[1], &a[2], &a[3]) < 1) return;
  struct module* module = &modules[a[0] & 3];
  const uint32_t b = (uint32_t)a[1], c = (uint32_t)a[2], d = (uint32_t)a[3];
  long long answer = 0;
  struct mail mail;
  struct chunk chunk;
#define IS(word) (strcmp(name, word) == 0)
  if (IS("vault.read")) answer = (int32_t)Z_vaultZ_read(module, b, c, d);
  else if (IS("vault.write")) answer = Z_vaultZ_write(module, b, c, d);
  else if (IS("flash.read")) answer = (int32_t)Z_flashZ_read(module, b, c, d);
  else if (IS("flash.write")) answer = Z_flashZ_write(module, b, c, d);
  else if (IS("mail.send")) answer = Z_mailboxZ_send(module, b, c, d);
  else if (IS("mail.forget")) mailbox_forget(module->id);
  else if (IS("coil.play")) answer = Z_coilZ_play(module, b, c);
  else if (IS("coil.stop")) Z_coilZ_stop(module);
  else if (IS("coil.armed")) answer = armed;
  else if (IS("coil.tick")) coil_tick(armed);
  else if (IS("coil.level")) answer = level;
  else if (IS("head.listen")) Z_headZ_listen(module, b);
  else if (IS("head.awake")) answer = head_is_awake();
  else if (IS("run")) machine_run();
  else if (IS("trap")) traps = module;
  else if (IS("traps")) answer = module->traps;
  else if (IS("posted")) answer = machine_is_posted();
  else if (IS("leave")) machine_leave();
  else if (IS("clock.now")) answer = (long long)Z_clockZ_now(module);
  else if (IS("clock.wakeAt")) Z_clockZ_wakeAt(module, (uint64_t)a[1]), answer = (long long)module->alarm_us;
  else if (IS("line.write")) answer = Z_lineZ_write(module, b, c);
  else if (IS("line.hangUp")) Z_lineZ_hangUp(module);
  else if (IS("line.advertise")) Z_lineZ_advertise(module, b, c);
  else if (IS("line.maxWrite")) answer = Z_lineZ_maxWrite(module);
  else if (IS("line.poll")) answer = line_poll(&chunk);
  else if (IS("radio.open")) wired = a[0] != 0, answer = radio_open();
  else if (IS("radio.send")) answer = Z_radioZ_send(module, b, c);
  else if (IS("radio.resetLine")) has_reset_line = a[0] != 0;
  else if (IS("radio.pulls")) answer = pulls;
  else if (IS("radio.room")) answer = radio_has_room();
  else if (IS("pin")) down = a[0] != 0;
  else if (IS("button.look")) answer = (long long)(button_look() / 1000);
  else if (IS("button.pressed")) answer = Z_buttonZ_pressed(module);
  else if (IS("time")) now_us = (uint64_t)a[0] * 1000;
  else if (IS("table")) table.magic ^= (uint32_t)a[0], table.version += b, table.ram += (int32_t)c, table.ram_end += (int32_t)d;
  else if (IS("update.start")) trial = a[0] != 0, update_start();
  else if (IS("update.on")) answer = update_is_on();
  else if (IS("update.ends")) answer = update_ends() == NEVER ? -1 : (long long)(update_ends() / 1000);
  else if (IS("update.mail")) {
    sscanf(line, "%*s %*d %*d %8192s", hex);
    mail = (struct mail){ .from = (enum module_id)a[0], .to = (enum module_id)a[1] };
    mail.length = octets_of(hex, mail.octets);
    if (mail.to == MODULE_LOADER) update_take(&mail);
    else update_watch(&mail);
  } else if (IS("store")) {
    uint32_t length = 0;
    const uint8_t* octets = store_read((uint8_t)a[0], (uint8_t)a[1], &length);
    tell(octets, octets == 0 ? 0 : length);
    return;
  } else if (IS("poke")) {
    sscanf(line, "%*s %*d %*d %8192s", hex);
    answer = octets_of(hex, module->memory + b);
  } else if (IS("peek")) {
    tell(module->memory + b, c);
    return;
  } else if (IS("came")) {
    sscanf(line, "%*s %*d %8192s", hex);
    answer = octets_of(hex, came[a[0]] + have[a[0]]);
    have[a[0]] += (uint32_t)answer;
  } else if (IS("radio.poll")) {
    chunk.length = 0;
    tell(chunk.octets, radio_poll(&chunk) ? chunk.length : 0);
    return;
  } else if (IS("sent")) {
    tell(sent, sent_length);
    sent_length = 0;
    return;
  } else if (IS("mail.take")) {
    if (!mailbox_take(&mail)) printf("none\n");
    else printf("%d %d ", mail.from, mail.to), tell(mail.octets, mail.length);
    return;
  } else board_panic(name);
  printf("%lld\n", answer);
}

int main(void) {
  static char line[2 * QUEUE + 64];
  // An empty store: a header of generation 1, as the emulator's.
  if (fread(flash, 1, SIZE, stdin) != SIZE || !store_open()) return 2;
  while (fgets(line, sizeof line, stdin) != 0) {
    const int how = setjmp(trapped);
    if (how == 0) obey(line);
    else printf(how == 1 ? "trapped\n" : how == SLEPT ? "slept\n" : "reset %d\n", how - 2);
    if (held) board_panic("lines are held for good");
  }
  return 0;
}
