// The command line as tests run it: inside this process, its streams caught; or as the real program.

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createContext, type ExitCode, run } from "../src/index.js";

const BIN = fileURLToPath(new URL("../bin/ecard.mjs", import.meta.url));

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON Lines. */
  facts(): Record<string, unknown>[];
}

export interface RunOptions {
  /** Say that stdout and stderr are terminals. */
  readonly tty?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: Uint8Array;
  /** Say that stdin is one, too. */
  readonly typed?: boolean;
  readonly signal?: AbortSignal;
  /** Hears stdout as it comes. */
  readonly onOut?: (text: string) => void;
}

/** `ecard ...args` in this process. */
export async function ecard(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const out = { stdout: "", stderr: "" };
  const sink = (name: "stdout" | "stderr") => ({
    isTTY: options.tty ?? false,
    write(text: string) {
      out[name] += text;
      if (name === "stdout") options.onOut?.(text);
    },
  });
  const stdin = Readable.from(options.stdin ? [Buffer.from(options.stdin)] : []);
  if (options.typed) Object.assign(stdin, { isTTY: true });
  const streams = { stdout: sink("stdout"), stderr: sink("stderr") };
  const signal = options.signal ?? new AbortController().signal;
  const code = await run(args, createContext(signal, streams, options.env ?? {}, stdin));
  return { code, ...out, facts: () => jsonLines(out.stdout) };
}

/** Every line must be JSON, and the last one must end. */
export function jsonLines(text: string): Record<string, unknown>[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error(`the last line does not end: ${text.slice(-80)}`);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The real program. */
export function spawnEcard(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "pipe"], ...options });
}

/** Its end, and all that it said. */
export async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const out = { stdout: "", stderr: "" };
  child.stdout?.on("data", (bytes: Buffer) => {
    out.stdout += bytes;
  });
  child.stderr?.on("data", (bytes: Buffer) => {
    out.stderr += bytes;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...out };
}

/** A folder for one test file, gone after it. */
export function testFolder(): () => string {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-test-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}
