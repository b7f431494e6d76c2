// What every command is given: how to print, and the signal of Ctrl-C.

import type { Command } from "commander";
import type { Keyboard } from "./emulate/hands.js";
import { Output, type Streams } from "./output.js";

export interface Context {
  readonly signal: AbortSignal;
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: AsyncIterable<Uint8Array> & Keyboard;
  /** Fires when nobody takes stdout any more. */
  readonly unheard: AbortSignal;
  /** Output by the options that every command shares, on other streams where stdout is for something else. */
  output(command: Command, streams?: Streams): Output;
}

export function createContext(
  signal: AbortSignal,
  streams: Streams = process,
  env = process.env,
  stdin: Context["stdin"] = process.stdin,
  unheard: AbortSignal = new AbortController().signal,
): Context {
  return {
    signal,
    streams,
    env,
    stdin,
    unheard,
    output: (command, where = streams) => {
      const { json, quiet, verbose } = command.optsWithGlobals<{
        json?: boolean;
        quiet?: boolean;
        verbose?: boolean;
      }>();
      return new Output({ json: json ?? false, quiet: quiet ?? false, verbose: verbose ?? false, streams: where, env });
    },
  };
}
