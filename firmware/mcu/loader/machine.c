// The machine under the loader's module: tells it the settings, hands it what the line brings, and does what it says: boot, listen, start again.
#include <string.h>

#include "board.h"
#include "loader.h"
#include "loader-module.h"
#include "loader-root.h"
#include "machine.h"
#include "module.h"
#include "mps2.h"

enum { CHUNK_MAX = 64 };
/** Silence after which a card with an image goes back to it, microseconds: its cell is small. */
#define PATIENCE_US 60000000ull

uint8_t loader_octets[LOADER_MEMORY] __attribute__((aligned(8)));
static struct module module = { .id = MODULE_MACHINE, .name = "loader", .memory = loader_octets, .size = sizeof loader_octets };
static Z_loader_instance_t loader;

void module_memory_for(struct module*);

struct call {
  const uint8_t* octets;
  uint32_t argument;
  enum loader_verdict verdict;
};

static void begin(struct module* self, void* argument) {
  struct call* call = argument;
  const struct loader_settings settings = {
    .board = BOARD_NAME,
    .load_address = FLASH_REGION + SLOT0_AT + IMAGE_HEADER_SIZE,
    .sectors = SLOT_SIZE / FLASH_SECTOR,
  };
  uint8_t* slot = module_demand(self, Z_loaderZ_settingsSlot(&loader), sizeof settings);
  memcpy(slot, &settings, sizeof settings);
  memcpy(slot, LOADER_ROOT, sizeof settings.root);
  call->verdict = (enum loader_verdict)Z_loaderZ_start(&loader, call->argument);
  call->argument = Z_loaderZ_startReason(&loader);
}

/** What waits on the line; -1 in `verdict` where nothing does. */
static void hear(struct module* self, void* argument) {
  struct call* call = argument;
  uint8_t* slot = module_demand(self, Z_loaderZ_chunkSlot(&loader), CHUNK_MAX);
  uint32_t length = 0;
  for (int octet; length < CHUNK_MAX && (octet = board_uart_get(UART_LINE)) >= 0;) slot[length++] = (uint8_t)octet;
  call->argument = length;
  if (length > 0) call->verdict = (enum loader_verdict)Z_loaderZ_onChunk(&loader, length);
}

/** A loader that traps has met a fault of its own: it starts again, and listens. */
static enum loader_verdict enter(void (*call)(struct module*, void*), struct call* made) {
  if (!module_enter(&module, call, made)) board_reset(START_LISTEN);
  return made->verdict;
}

// What a program that runs has of the loader.
extern uint32_t loader_ram, loader_ram_end, data_source, data_start, data_end, bss_start, bss_end;

static void hear_piece(struct module* self, void* argument) {
  struct call* call = argument;
  memcpy(module_demand(self, Z_loaderZ_chunkSlot(&loader), CHUNK_MAX), call->octets, call->argument);
  call->verdict = (enum loader_verdict)Z_loaderZ_onPiece(&loader, call->argument);
}

static void instantiate(void) {
  module_memory_for(&module);
  Z_loader_init_module();
  Z_loader_instantiate(&loader, (struct Z_crypto_instance_t*)&module, (struct Z_line_instance_t*)&module,
                       (struct Z_slots_instance_t*)&module);
}

/** As a reset's beginning, without the board: that is the program's. */
static void service_begin(void (*say)(const uint8_t*, uint32_t)) {
  memcpy(&data_start, &data_source, (size_t)((uint8_t*)&data_end - (uint8_t*)&data_start));
  memset(&bss_start, 0, (size_t)((uint8_t*)&bss_end - (uint8_t*)&bss_start));
  line_to(say);
  instantiate();
  struct call call = { .argument = board_start_reason() << 8 | START_LISTEN };
  enter(begin, &call);
}

static enum loader_verdict service_hear(const uint8_t* octets, uint32_t length) {
  struct call call = { .verdict = VERDICT_SERVE };
  do {
    call.octets = octets;
    call.argument = length < CHUNK_MAX ? length : CHUNK_MAX;
    if (enter(hear_piece, &call) == VERDICT_RESET) break;
    octets += call.argument;
    length -= call.argument;
  } while (length > 0);
  return call.verdict;
}

__attribute__((section(".service"), used)) static const struct loader_service service = {
  .magic = LOADER_SERVICE_MAGIC,
  .version = LOADER_SERVICE_VERSION,
  .ram = (uint8_t*)&loader_ram,
  .ram_end = (uint8_t*)&loader_ram_end,
  .begin = service_begin,
  .hear = service_hear,
};

static void listen(void) {
  const bool boots = board_image_is_there();
  uint64_t until = board_us() + PATIENCE_US;
  for (;;) {
    struct call call = { .verdict = VERDICT_SERVE };
    if (enter(hear, &call) == VERDICT_RESET) {
      board_uart_drain(UART_LINE);
      board_reset(START_USUAL);
    }
    if (call.argument > 0) until = board_us() + PATIENCE_US;
    else if (boots && board_us() >= until) board_reset(START_USUAL);
    else board_sleep(boots ? until : UINT64_MAX);
  }
}

// What a board asks of the machine of a card: the loader has no coil, and no events.
void coil_tick(uint32_t now) { (void)now; }
void machine_post(enum event event) { (void)event; }
bool machine_is_posted(void) { return false; }

_Noreturn void machine_run(void) {
  instantiate();
  struct call call = { .argument = board_start() };
  if (enter(begin, &call) == VERDICT_BOOT) board_boot(FLASH_REGION + SLOT0_AT + IMAGE_HEADER_SIZE, call.argument);
  listen();
  board_reset(START_USUAL);
}
