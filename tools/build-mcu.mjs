// Builds the card's image for a Cortex-M board: modules to C (wasm2c), with libsodium and the machine (firmware/mcu) into one ELF file.
// Plain JavaScript, as build-firmware.mjs, which runs before it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildFirmware, MODULES } from "./build-firmware.mjs";
import { sodiumSources } from "./sodium.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUT = join(ROOT, "build/mcu");
const MCU = join(ROOT, "firmware/mcu");

export const BOARDS = {
  an505: { cpu: ["-mcpu=cortex-m33+nodsp", "-mthumb", "-mfloat-abi=soft"] },
  an386: { cpu: ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"] },
};

const SHIPPED = ["wallet", "authenticator", "link"];
const WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"];
const COMMON = [
  "-std=gnu11",
  "-Os",
  "-g",
  "-ffunction-sections",
  "-fdata-sections",
  "-fno-strict-aliasing",
  "-DNDEBUG",
];

/** Of each board's image, octets: docs/mcu.md. */
export const FLASH_MAX = 128 * 1024;
export const RAM_MAX = 48 * 1024;

/**
 * Builds a board's image, if anything has changed.
 *
 * @param {keyof typeof BOARDS} board
 * @returns where the image lies, and how much of flash and RAM it takes
 */
export async function buildMcu(board, log = console.log) {
  await buildFirmware(log);
  const { cpu } = BOARDS[board];
  const out = join(OUT, board);
  const report = join(out, "size.json");
  const digest = sourceDigest();
  if (existsSync(report)) {
    const known = JSON.parse(readFileSync(report, "utf8"));
    if (known.digest === digest) return known;
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const name of SHIPPED) moduleToC(name, out);
  const sodium = await sodiumSources(join(OUT, "sodium"), log);
  const memories = SHIPPED.map((name) => `-D${name.toUpperCase()}_MEMORY=${MODULES[name].memory}`);
  const objects = [];
  const compile = (file, flags) => {
    const object = join(out, `${file.replace(/^.*\/(?=[^/]*\/[^/]*$)/, "").replaceAll("/", "-")}.o`);
    run("arm-none-eabi-gcc", [...cpu, ...COMMON, ...flags, "-c", file, "-o", object]);
    objects.push(object);
  };
  const includes = [join(MCU, "include"), join(MCU, "board", board), out, ...sodium.includes].map(
    (path) => `-I${path}`,
  );
  const runtime = "-DWASM_RT_USE_STACK_DEPTH_COUNT=0 -DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0".split(" ");
  writeFileSync(join(out, "wasm-rt.h"), readFileSync("/usr/include/wasm-rt.h"));
  for (const name of SHIPPED) {
    const flags = [`-DMODULE_MEMORY=${MODULES[name].memory}u`, `-DMODULE_OCTETS=${name}_octets`];
    compile(join(out, `${name}.c`), ["-w", "-O2", ...runtime, ...flags, ...includes]);
  }
  for (const room of ["runtime", "ports", "board"]) {
    for (const file of readdirSync(join(MCU, room)).filter((name) => name.endsWith(".c")))
      compile(join(MCU, room, file), [...WARNINGS, ...runtime, ...memories, ...includes]);
  }
  for (const file of sodium.files) compile(file, ["-w", "-O2", ...sodium.flags, ...sodium.flagsOf(file), ...includes]);
  const elf = join(out, "card.elf");
  run("arm-none-eabi-gcc", [
    ...cpu,
    "-nostartfiles",
    "--specs=nano.specs",
    "--specs=nosys.specs",
    "-Wl,--gc-sections",
    "-Wl,--no-warn-rwx-segments",
    `-Wl,-Map=${join(out, "card.map")}`,
    `-T${join(MCU, "board", board, "image.ld")}`,
    ...objects,
    "-o",
    elf,
  ]);
  const sections = Object.fromEntries(
    [...run("arm-none-eabi-size", ["-A", elf]).matchAll(/^(\.\S+)\s+(\d+)/gm)].map(([, name, size]) => [
      name,
      Number(size),
    ]),
  );
  const of = (...names) => names.reduce((sum, name) => sum + (sections[name] ?? 0), 0);
  // The bench's memory lies outside of the card's.
  const size = { digest, elf, flash: of(".text", ".ARM.exidx", ".data"), ram: of(".data", ".bss", ".stack") };
  if (size.flash > FLASH_MAX || size.ram > RAM_MAX)
    throw new Error(
      `${board}: ${size.flash} octets of flash and ${size.ram} of RAM; ${FLASH_MAX} and ${RAM_MAX} are there`,
    );
  writeFileSync(report, `${JSON.stringify(size)}\n`);
  log(`mcu: ${board} built, ${size.flash} of ${FLASH_MAX} octets of flash, ${size.ram} of ${RAM_MAX} of RAM`);
  return size;
}

function sourceDigest() {
  const hash = createHash("sha256");
  const files = readdirSync(MCU, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  files.push(join(ROOT, "tools/build-mcu.mjs"), join(ROOT, "tools/sodium.mjs"), join(ROOT, "build/firmware/stamp"));
  for (const file of files.sort()) hash.update(file.slice(ROOT.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** What wasm2c makes of a module, with memory whose place and size are constants: as safe as with checks by pointer, and faster. */
function moduleToC(name, out) {
  const file = join(out, `${name}.c`);
  run("wasm2c", [join(ROOT, `build/firmware/${name}.wasm`), "-n", name, "-o", file]);
  let source = readFileSync(file, "utf8");
  const swap = (from, to, least) => {
    const parts = source.split(from);
    if (parts.length <= least)
      throw new Error(`wasm2c's output has changed: "${from}" occurs ${parts.length - 1} times`);
    source = parts.join(to);
  };
  swap(
    "if (UNLIKELY(offset + (uint64_t)len > mem->size))",
    "if (UNLIKELY((uint64_t)offset > MODULE_MEMORY - (uint64_t)len))",
    1,
  );
  swap("&mem->data[addr]", "&MODULE_OCTETS[addr]", 2);
  swap(`#include "${name}.h"`, `#include "${name}.h"\nextern u8 MODULE_OCTETS[MODULE_MEMORY];`, 1);
  writeFileSync(file, source);
}

function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw new Error(`${program} is missing: npm run build:mcu installs it`);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stderr}${stdout}`);
  return stdout;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    for (const board of Object.keys(BOARDS)) await buildMcu(board);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
