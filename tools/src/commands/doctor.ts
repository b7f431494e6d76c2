// ecard doctor: is everything here that the commands need? Each check that fails has a line that mends it.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MODULE_NAMES } from "@enabling-card/emulator";
import { FIRMWARE_VERSION, PROTOCOL_VERSION } from "@enabling-card/wire";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { builtFirmware } from "../stage.js";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to run or do, where it is not ok. */
  readonly fix?: string;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs every check; none throws. */
export async function examine(): Promise<readonly Check[]> {
  return [
    nodeVersion(),
    await check("packages", "npm ci", async () => {
      await import("better-sqlite3").then(({ default: Database }) => new Database(":memory:").close());
      return "installed, SQLite opens";
    }),
    await check("firmware", "npm run build:firmware", async () => {
      await builtFirmware();
      const sizes = MODULE_NAMES.map(
        (name) => `${name} ${readFileSync(join(ROOT, `build/firmware/${name}.wasm`)).length}`,
      );
      return `built, imports allowed: ${sizes.join(", ")} octets`;
    }),
    {
      name: "versions",
      ok: true,
      detail: `firmware ${[16, 8, 0].map((shift) => (FIRMWARE_VERSION >> shift) & 0xff).join(".")}, protocol ${PROTOCOL_VERSION}`,
    },
    await check("loopback", "allow this user to listen on 127.0.0.1", listenOnce),
    await check("output folder", "make the folder writable: chmod u+w .", async () => {
      const probe = join(process.cwd(), "out", `.probe-${process.pid}`);
      mkdirSync(join(process.cwd(), "out"), { recursive: true });
      writeFileSync(probe, "");
      rmSync(probe);
      return join(process.cwd(), "out");
    }),
    {
      name: "public vectors",
      ok: true,
      detail: existsSync(process.env.VECTORS_DIR ?? join(ROOT, "../shared/vectors"))
        ? "found"
        : "not found: their tests are skipped (set VECTORS_DIR)",
    },
    { name: "bluetooth", ok: true, detail: "not needed: the emulated card's air is in memory" },
  ];
}

export function doctorCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  program
    .command("doctor")
    .description("check Node, packages, firmware and permissions; each failure comes with its mending")
    .addHelpText("after", "\nExits with 3 where something is missing.\n\nExample:\n  ecard doctor --json")
    .action(async (_options: object, command: Command) => {
      const output = context.output(command);
      for (const row of await examine()) {
        output.fact(row);
        output.result(`${row.ok ? output.paint("green", "✓") : output.paint("red", "✗")} ${row.name}: ${row.detail}`);
        if (!row.ok && row.fix) output.result(`    mend it: ${row.fix}`);
        if (!row.ok) onCode(EXIT.unavailable);
      }
    });
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return { name: "node", ok, detail: process.versions.node, fix: "install Node 20.19 or newer from nodejs.org" };
}

async function check(name: string, fix: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await work() };
  } catch (error) {
    return { name, ok: false, detail: (error as Error).message.split("\n")[0]!, fix };
  }
}

async function listenOnce(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
  return "a port can be opened on 127.0.0.1";
}
