// Ports vault and flash: one append log in two halves, as the emulator's store writes it. A record is whole or absent after a power cut.
// Half = magic "ECS1", generation u32, crc32; record = length u16, sequence u32, region u8, id u8, data, crc32. Little-endian; length 0 removes.
#include <string.h>

#include "board.h"
#include "module.h"
#include "status.h"
#include "store.h"

enum { HEADER = 12, HEAD = 8, TAIL = 4, ITEMS = 24 };
#define MAGIC 0x31534345u

struct item {
  uint8_t region, id;
  uint16_t length;
  /** Of its data, in the flash region. */
  uint32_t at;
};

static struct item items[ITEMS];
static uint32_t count;
static uint32_t base, end, generation, sequence;
static bool dirty;

static uint32_t half(void) { return board_flash_size / 2; }

/** What four bits do to a CRC-32 (ISO 3309, reflected). */
static const uint32_t NIBBLES[16] = {
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
  0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t crc32(uint32_t crc, const uint8_t* data, uint32_t length) {
  crc = ~crc;
  for (uint32_t i = 0; i < length; i++) {
    crc ^= data[i];
    crc = crc >> 4 ^ NIBBLES[crc & 15];
    crc = crc >> 4 ^ NIBBLES[crc & 15];
  }
  return ~crc;
}

static uint32_t u32_at(const uint8_t* octets) {
  return octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 | (uint32_t)octets[3] << 24;
}

static void put_u32(uint8_t* octets, uint32_t value) {
  for (int i = 0; i < 4; i++) octets[i] = (uint8_t)(value >> 8 * i);
}

static struct item* find(uint8_t region, uint8_t id) {
  for (uint32_t i = 0; i < count; i++)
    if (items[i].region == region && items[i].id == id) return &items[i];
  return 0;
}

static void remember(uint8_t region, uint8_t id, uint32_t at, uint16_t length) {
  struct item* item = find(region, id);
  if (length == 0) {
    if (item != 0) *item = items[--count];
    return;
  }
  if (item == 0) {
    if (count == ITEMS) board_panic("more items than the store has room for");
    item = &items[count++];
  }
  *item = (struct item){ region, id, length, at };
}

static bool is_whole(uint32_t from) {
  const uint8_t* header = board_flash + from;
  return u32_at(header) == MAGIC && u32_at(header + 8) == crc32(0, header, 8);
}

static void replay(void) {
  count = 0;
  uint32_t at = HEADER;
  while (at + HEAD + TAIL <= half()) {
    const uint8_t* record = board_flash + base + at;
    const uint32_t length = record[0] | (uint32_t)record[1] << 8;
    if (length > STORE_RECORD_MAX || at + HEAD + length + TAIL > half()) break;
    if (u32_at(record + HEAD + length) != crc32(0, record, HEAD + length)) break;
    sequence = u32_at(record + 2);
    remember(record[6], record[7], base + at + HEAD, (uint16_t)length);
    at += HEAD + length + TAIL;
  }
  end = at;
  dirty = false;
  for (uint32_t i = at; i < half() && !dirty; i++) dirty = board_flash[base + i] != 0xff;
}

bool store_open(void) {
  const bool first = is_whole(0);
  const bool second = is_whole(half());
  if (!first && !second) return false;
  const uint32_t generations[2] = { first ? u32_at(board_flash + 4) : 0, second ? u32_at(board_flash + half() + 4) : 0 };
  base = generations[1] > generations[0] ? half() : 0;
  generation = generations[base > 0];
  replay();
  return true;
}

const uint8_t* store_read(uint8_t region, uint8_t id, uint32_t* length) {
  const struct item* item = find(region, id);
  if (item == 0) return 0;
  *length = item->length;
  return board_flash + item->at;
}

/** One record at `at` of the flash region. It counts where its checksum is right, whichever of its octets came last. */
static void put(uint32_t at, uint32_t number, uint8_t region, uint8_t id, const uint8_t* data, uint32_t length) {
  uint8_t head[HEAD] = { (uint8_t)length, (uint8_t)(length >> 8) };
  put_u32(head + 2, number);
  head[6] = region;
  head[7] = id;
  uint8_t tail[TAIL];
  put_u32(tail, crc32(crc32(0, head, HEAD), data, length));
  board_flash_program(at, head, HEAD);
  board_flash_program(at + HEAD, data, length);
  board_flash_program(at + HEAD + length, tail, TAIL);
}

static bool compact(uint8_t region, uint8_t id, const uint8_t* data, uint32_t length) {
  uint32_t size = HEADER;
  for (uint32_t i = 0; i < count; i++)
    if (items[i].region != region || items[i].id != id) size += HEAD + items[i].length + TAIL;
  if (length > 0) size += HEAD + length + TAIL;
  if (size > half()) return false;
  const uint32_t other = half() - base;
  for (uint32_t at = other; at < other + half(); at += FLASH_SECTOR) board_flash_erase(at);
  uint32_t at = other + HEADER;
  for (uint32_t i = 0; i < count; i++) {
    const struct item item = items[i];
    if (item.region == region && item.id == id) continue;
    put(at, ++sequence, item.region, item.id, board_flash + item.at, item.length);
    at += HEAD + item.length + TAIL;
  }
  if (length > 0) put(at, ++sequence, region, id, data, length);
  // The header counts: it comes last.
  uint8_t header[HEADER];
  put_u32(header, MAGIC);
  put_u32(header + 4, ++generation);
  put_u32(header + 8, crc32(0, header, 8));
  board_flash_program(other, header, HEADER);
  base = other;
  replay();
  return true;
}

bool store_write(uint8_t region, uint8_t id, const uint8_t* data, uint32_t length) {
  if (length > STORE_RECORD_MAX) return false;
  if (dirty || end + HEAD + length + TAIL > half()) return compact(region, id, data, length);
  put(base + end, ++sequence, region, id, data, length);
  remember(region, id, base + end + HEAD, (uint16_t)length);
  end += HEAD + length + TAIL;
  return true;
}
