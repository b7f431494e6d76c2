// A black-and-white PNG (ISO/IEC 15948) of a matrix of modules: for QR codes, which the qr package draws in other formats alone.

import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** `true` is black; each module becomes `scale` x `scale` pixels. */
export function encodePng(modules: readonly (readonly boolean[])[], scale: number): Buffer {
  const width = (modules[0]?.length ?? 0) * scale;
  const height = modules.length * scale;
  const rowBytes = Math.ceil(width / 8);
  const rows = Buffer.alloc(height * (1 + rowBytes)); // filter type 0 before each row
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const white = modules[Math.floor(y / scale)]![Math.floor(x / scale)] ? 0 : 1;
      rows[y * (1 + rowBytes) + 1 + (x >> 3)]! |= white << (7 - (x & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1; // bit depth; greyscale, deflate, no interlace are zeros
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body) >>> 0);
  return Buffer.concat([length, body, sum]);
}
