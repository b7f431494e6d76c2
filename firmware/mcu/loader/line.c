// Port line, of the loader: octets of the console, which is the card's serial line; or of whoever called it. Contract: firmware/ports/line.ts, `write` alone.
#include "board.h"
#include "loader.h"
#include "module.h"
#include "ports/line.h"

static void (*say)(const uint8_t* octets, uint32_t length);

void line_to(void (*caller)(const uint8_t* octets, uint32_t length)) { say = caller; }

uint32_t Z_lineZ_write(struct module* module, uint32_t data, uint32_t length) {
  const uint8_t* octets = module_demand(module, data, length);
  if (say != 0) say(octets, length);
  else
    for (uint32_t i = 0; i < length; i++) board_uart_put(UART_LINE, octets[i]);
  return 0;
}
