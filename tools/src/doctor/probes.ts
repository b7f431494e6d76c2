// What the doctor looks at on this machine.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MODULE_NAMES } from "@enabling-card/emulator";
import { adapters } from "../bluetooth/system-noble.js";
import { builtFirmware } from "../stage.js";

export interface Probes {
  readonly nodeVersion: string;
  openDatabase(): Promise<void>;
  /** Octets of each module, after its imports were checked. */
  firmwareSizes(): Promise<Readonly<Record<string, number>>>;
  /** Opens a port on loopback, and gives it back. */
  listen(): Promise<void>;
  /** Writes where commands write; the folder's name. */
  writeOut(): Promise<string>;
  /** Milliseconds since 1970. */
  now(): number;
  /** `found`, or undefined. */
  vectors(): string | undefined;
  /** Those of `PROGRAMS` that are there. */
  programs(): Promise<readonly string[]>;
  /** Those of `MCU_PROGRAMS` that are there. */
  mcuPrograms(): Promise<readonly string[]>;
  /** Bluetooth adapters, by name; undefined where the system does not tell. */
  adapters(): readonly string[] | undefined;
}

/** Programs that tests ask, or open files and completions with, as in set-up.mjs, and Debian's packages of them. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  sox: "sox",
  "sigrok-cli": "sigrok-cli",
  zsh: "zsh",
  fish: "fish",
  socat: "socat",
  tshark: "tshark",
  chromium: "chromium",
  pg_createcluster: "postgresql",
};

/** What builds, runs and debugs the microcontroller's image, as in set-up.mjs, and Debian's packages of them. */
export const MCU_PROGRAMS: Readonly<Record<string, string>> = {
  wasm2c: "wabt",
  "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
  "qemu-system-arm": "qemu-system-arm",
  "dpkg-source": "dpkg-dev",
  "gdb-multiarch": "gdb-multiarch",
};

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export function probesOfThisMachine(): Probes {
  return {
    nodeVersion: process.versions.node,
    async openDatabase() {
      const { default: Database } = await import("better-sqlite3");
      new Database(":memory:").close();
    },
    async firmwareSizes() {
      await builtFirmware();
      const size = (name: string) => readFileSync(join(ROOT, `build/firmware/${name}.wasm`)).length;
      return Object.fromEntries(MODULE_NAMES.map((name) => [name, size(name)]));
    },
    async listen() {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      await new Promise((resolve) => server.close(resolve));
    },
    async writeOut() {
      const folder = join(process.cwd(), "out");
      const probe = join(folder, `.probe-${process.pid}`);
      const made = mkdirSync(folder, { recursive: true });
      writeFileSync(probe, "");
      rmSync(probe);
      if (made !== undefined) rmdirSync(folder); // it only looked
      return folder;
    },
    now: Date.now,
    vectors: () => (existsSync(process.env.VECTORS_DIR ?? join(ROOT, "../shared/vectors")) ? "found" : undefined),
    programs: () => found(Object.keys(PROGRAMS)),
    mcuPrograms: () => found(Object.keys(MCU_PROGRAMS)),
    adapters,
  };
}

async function found(programs: readonly string[]): Promise<readonly string[]> {
  const each = await Promise.all(programs.map(async (name) => ((await runs(name)) ? [name] : [])));
  return each.flat();
}

/** How a program is asked for its version, where not by `--version`. */
const VERSION: Readonly<Record<string, string>> = { socat: "-V" };

function runs(program: string): Promise<boolean> {
  return new Promise((resolve) =>
    execFile(program, [VERSION[program] ?? "--version"], (error) => resolve(error === null)),
  );
}
