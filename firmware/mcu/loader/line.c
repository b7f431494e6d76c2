// Port line, of the loader: octets of the console, which is the card's serial line. Contract: firmware/ports/line.ts, `write` alone.
#include "board.h"
#include "module.h"
#include "ports/line.h"


uint32_t Z_lineZ_write(struct module* module, uint32_t data, uint32_t length) {
  const uint8_t* octets = module_demand(module, data, length);
  for (uint32_t i = 0; i < length; i++) board_uart_put(UART_LINE, octets[i]);
  return 0;
}
