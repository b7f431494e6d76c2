// Is everything here that the commands need? Each check that fails has a line that mends it, and says whether commands need it, or only tests and
// the microcontroller's builds do. What a check looks at is a probe, so that a test can make it fail.

import { FIRMWARE_VERSION, PROTOCOL_VERSION } from "@enabling-card/wire";
import { MCU_PROGRAMS, PROGRAMS, type Probes, probesOfThisMachine } from "./probes.js";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** False of what only some tests want, or the microcontroller's commands: its absence is no failure. */
  readonly needed: boolean;
  readonly detail: string;
  /** What to run or do, where it is not ok. */
  readonly fix?: string;
}

/** docs/protocol.md, "Modules" */
const WASM_MAX = 40 * 1024;
const NODE_MIN = [20, 19] as const;

const NO_VECTORS = {
  detail: "not found: their tests are skipped",
  fix: "set VECTORS_DIR to the folder that has them",
};

/** Runs every check; none throws. `probes` replaces what is looked at. */
export async function examine(probes: Partial<Probes> = {}): Promise<readonly Check[]> {
  const look: Probes = { ...probesOfThisMachine(), ...probes };
  return [
    await check("node", "install Node 20.19 or newer: from nodejs.org, or Debian's nodejs", () => nodeVersion(look)),
    await check("packages", "npm ci (needs make, g++ and python3 where SQLite must be compiled)", async () => {
      await look.openDatabase();
      return "installed, SQLite opens";
    }),
    await check("firmware", "npm run build:firmware", async () => {
      const sizes = Object.entries(await look.firmwareSizes());
      const total = sizes.reduce((sum, [, octets]) => sum + octets, 0);
      if (total > WASM_MAX) throw new Error(`the modules have ${total} octets, of ${WASM_MAX} at most`);
      return `${sizes.map(([name, octets]) => `${name} ${octets}`).join(", ")}: ${total} of ${WASM_MAX} octets`;
    }),
    await check("versions", "", async () => `firmware ${dotted(FIRMWARE_VERSION)}, protocol ${PROTOCOL_VERSION}`),
    await check("loopback", "allow this user to listen on 127.0.0.1: look at the firewall or the sandbox", async () => {
      await look.listen();
      return "a port can be opened on 127.0.0.1";
    }),
    await check("output folder", "make it writable, chmod u+w ., or run the command in another folder", look.writeOut),
    await check("clock", "set this machine's clock: grants live two minutes by it", async () => {
      const now = look.now();
      if (now < Date.UTC(2026, 0)) throw new Error(`it says ${new Date(now).toISOString()}, which is past`);
      return new Date(now).toISOString();
    }),
    wanted("public vectors", "found", look.vectors() === undefined && NO_VECTORS),
    wanted("other programs", ...programs(await look.programs())),
    wanted("microcontroller", ...mcuPrograms(await look.mcuPrograms())),
    wanted("bluetooth", ...bluetooth(look.adapters())),
  ];
}

async function nodeVersion({ nodeVersion: version }: Probes): Promise<string> {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return version;
  throw new Error(`${version} is too old`);
}

async function check(name: string, fix: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, needed: true, detail: await work() };
  } catch (error) {
    return { name, ok: false, needed: true, detail: (error as Error).message.split("\n")[0]!, fix };
  }
}

/** What is missing, and what brings it; false where nothing is. */
type Missing = { readonly detail: string; readonly fix: string } | false;

/** What not every command needs. */
function wanted(name: string, found: string, missing: Missing): Check {
  return { name, needed: false, ...(missing === false ? { ok: true, detail: found } : { ok: false, ...missing }) };
}

function programs(found: readonly string[]): [string, Missing] {
  return among(PROGRAMS, found, ", tests of them are skipped");
}

function mcuPrograms(found: readonly string[]): [string, Missing] {
  return among(MCU_PROGRAMS, found, "; build:mcu, debug, bench mcu and --device qemu want them");
}

function among(wanted: Readonly<Record<string, string>>, found: readonly string[], so: string): [string, Missing] {
  const missing = Object.entries(wanted).filter(([name]) => !found.includes(name));
  const [names, packages] = [0, 1].map((i) => missing.map((one) => one[i]!));
  const detail = `${names!.join(", ")}: not found${so}`;
  return [found.join(", "), missing.length > 0 && { detail, fix: `apt-get install ${packages!.join(" ")}` }];
}

/** `--device ble`, which a phone's commands take unless told, wants an adapter; the emulated card's air does not. */
function bluetooth(adapters: readonly string[] | undefined): [string, Missing] {
  if (adapters === undefined) return ["this system tells of its adapter when it is used", false];
  const detail = "no adapter: pair, pay and a phone's other commands need --device here";
  const fix = "plug one in, or give --device tcp:PORT of ecard emulate, or ble:PATH of a controller";
  return [adapters.join(", "), adapters.length === 0 && { detail, fix }];
}

function dotted(version: number): string {
  return [16, 8, 0].map((shift) => (version >> shift) & 0xff).join(".");
}
