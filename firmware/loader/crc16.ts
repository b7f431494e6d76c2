// CRC-16/XMODEM: against torn records and lines with noise, not against people. Twin: wire/smp-console.ts.
import { CRC16_POLYNOMIAL } from "../../wire/smp-numbers";

export function crc16(data: usize, length: i32): u32 {
  let crc: u32 = 0;
  for (let i = 0; i < length; i++) {
    crc ^= <u32>load<u8>(data + i) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ CRC16_POLYNOMIAL) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
