// Where a coil's tape goes: standard output, a file, or a named pipe that somebody reads. As 32-bit floats, little-endian.

import { closeSync, constants, createWriteStream, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Sink } from "../output.js";

export interface TapeSink {
  /** Resolves when the octets are on their way: whoever waits holds no more than a piece. Rejects with the system's error. */
  write(samples: Float32Array): Promise<void>;
  close(): void;
}

/** @param stdout - What `-` stands for. @throws {CommandError} `COIL_UNHEARD` for a named pipe without a reader; what the system says. */
export function openTape(path: string, stdout: Sink): TapeSink {
  if (path === "-") return { write: (samples) => written(stdout, samples), close: () => undefined };
  const file = openForWriting(path);
  return { write: (samples) => written(file, samples), close: () => void file.destroy() };
}

/** A pipe is opened and written without blocking a thread: one that nobody reads can be left. */
function openForWriting(path: string): Writable {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENXIO") throw cause;
    const sentence = `Nobody reads the pipe ${path}: start ecard pos listen ${path} --format f32le first`;
    throw new CommandError("COIL_UNHEARD", sentence, EXIT.unavailable, { cause });
  }
  const status = fstatSync(fd);
  if (status.isFIFO()) {
    const pipe = new Socket({ fd, readable: false, writable: true });
    return pipe.on("error", () => undefined); // the write that failed says it
  }
  if (status.isFile() || status.isCharacterDevice()) {
    return createWriteStream(path, { fd }).on("error", () => undefined);
  }
  closeSync(fd);
  throw new CommandError("BAD_ARGUMENT", `${path} is neither a file nor a pipe`, EXIT.usage);
}

function written(sink: Pick<Sink, "write">, samples: Float32Array): Promise<void> {
  const octets = Buffer.alloc(samples.length * 4);
  for (let i = 0; i < samples.length; i++) octets.writeFloatLE(samples[i]!, 4 * i);
  return new Promise((resolve, reject) => {
    sink.write(octets, (error) => (error ? reject(error) : resolve()));
  });
}
