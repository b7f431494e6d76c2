// Builds the card for a Cortex-M board: modules to C (wasm2c), with libsodium and the machine (firmware/mcu) into two ELF files, the loader and the
// card's program, and the program's signed image. Plain JavaScript, as build-firmware.mjs, which runs before it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildFirmware, MODULES } from "./build-firmware.mjs";
import { developmentImageRoot, productionImageRoot } from "./image-root.mjs";
import { moduleToC } from "./module-to-c.mjs";
import { run, runBeside } from "./run-program.mjs";
import { sodiumSources } from "./sodium.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUT = join(ROOT, "build/mcu");
const MCU = join(ROOT, "firmware/mcu");

export const BOARDS = {
  an505: { cpu: ["-mcpu=cortex-m33+nodsp", "-mthumb", "-mfloat-abi=soft"] },
  an386: { cpu: ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"] },
};

/** The modules of the card's program, and what of the machine goes into each ELF file. */
const SHIPPED = ["wallet", "authenticator", "link"];
const CARD_ROOMS = ["runtime", "ports", "board"];
const LOADER_FILES = [
  "runtime/memory.c",
  "runtime/wasm-rt.c",
  "ports/crypto.c",
  "board/mps2.c",
  "board/panic.c",
  "board/start.c",
];
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
const RUNTIME = ["-DWASM_RT_USE_STACK_DEPTH_COUNT=0", "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0"];

/** Of each board, loader and image together, octets: docs/mcu.md. */
export const FLASH_MAX = 128 * 1024;
export const RAM_MAX = 48 * 1024;
const WASM_RT = "/usr/include/wasm-rt.h";
const REPORT = "size.json";
const [CARD, LOADER, IMAGE] = ["card.elf", "loader.elf", "card.img"];
/** What others read of a build: of a production one not all. */
const FILES = [
  ...[CARD, LOADER, IMAGE, "card.map", "loader.map", "development.pem", "wasm-rt.h"],
  ...[...SHIPPED, "loader"].map((name) => `${name}.c`),
];

/** Of a development build's image. */
const VERSION = "0.1.0";
const COUNTER = 1;

/**
 * Builds a board's loader and image, if anything has changed.
 *
 * @param {keyof typeof BOARDS} board
 * @param {{production?: string}} [options] - `production`: a public key in PEM, which the loader pins; without a bench, and without a signed image
 * @returns where they lie, and how much of flash and RAM they take
 */
export async function buildMcu(board, log = console.log, { production } = {}) {
  await buildFirmware(log);
  const out = join(OUT, production === undefined ? board : `${board}-production`);
  const root = rootOf(production);
  const digest = sourceDigest(root);
  const known = upToDate(out, digest);
  if (known !== undefined) return known;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "wasm-rt.h"), readFileSync(WASM_RT));
  writeFileSync(join(out, "loader-root.h"), `static const uint8_t LOADER_ROOT[32] = { ${[...root].join(", ")} };\n`);
  const sodium = await sodiumSources(join(OUT, "sodium"), log);
  const parts = partsOf(board, out, sodium, production !== undefined);
  const card = await buildCard(parts);
  const loader = await buildLoader(parts);
  const flash = card.flash + loader.flash;
  const ram = Math.max(card.ram, loader.ram);
  if (flash > FLASH_MAX || ram > RAM_MAX)
    throw new Error(`${board}: ${flash} octets of flash and ${ram} of RAM; ${FLASH_MAX} and ${RAM_MAX} are there`);
  const size = {
    digest,
    flash,
    ram,
    loaderFlash: loader.flash,
    loaderRam: loader.ram,
  };
  if (production === undefined) signedImage(board, card.elf, out);
  size.files = FILES.filter((name) => existsSync(join(out, name)));
  // Last: what is there is whole.
  writeFileSync(join(out, REPORT), `${JSON.stringify(size)}\n`);
  const whose = production === undefined ? "" : " for production";
  log(
    `mcu: ${board} built${whose}, ${flash} of ${FLASH_MAX} octets of flash, ${loader.flash} of them the loader's; ${ram} of ${RAM_MAX} of RAM`,
  );
  return placed(out, size);
}

/**
 * What is built in a folder, where that is of the sources of `digest` and all there; undefined where it is not.
 *
 * @param {string} out
 * @param {string} digest
 */
export function upToDate(out, digest) {
  if (!existsSync(join(out, REPORT))) return undefined;
  const known = JSON.parse(readFileSync(join(out, REPORT), "utf8"));
  const isWhole = known.digest === digest && known.files?.every((name) => existsSync(join(out, name)));
  return isWhole ? placed(out, known) : undefined;
}

/** A report with the places of its files: it names none itself, so that a folder may be copied. */
function placed(out, report) {
  const at = (name) => (report.files.includes(name) ? join(out, name) : undefined);
  return { ...report, elf: at(CARD), loader: at(LOADER), image: at(IMAGE) };
}

function rootOf(production) {
  const { publicKey } = developmentImageRoot();
  if (production === undefined) return publicKey;
  const own = productionImageRoot(readFileSync(production, "utf8"));
  if (everybodys(own))
    throw new Error(
      `${production} is a sample key, which everybody has: make one with ecard image key --root production`,
    );
  return own;
}

function everybodys(key) {
  const hex = Buffer.from(key).toString("hex");
  return readFileSync(join(ROOT, "wire/development-roots.ts"), "utf8").includes(hex);
}

/** How files of a board are compiled. */
function partsOf(board, out, sodium, isProduction) {
  const { cpu } = BOARDS[board];
  const includes = [join(MCU, "include"), join(MCU, "board", board), out, ...sodium.includes].map(
    (path) => `-I${path}`,
  );
  const memories = Object.keys(MODULES).map((name) => `-D${name.toUpperCase()}_MEMORY=${MODULES[name].memory}`);
  const own = [...WARNINGS, ...RUNTIME, ...memories, ...includes, ...(isProduction ? ["-DPRODUCTION=1"] : [])];
  const compiled = [];
  const compile = (file, flags, prefix = "") => {
    const object = join(out, `${prefix}${file.replace(/^.*\/(?=[^/]*\/[^/]*$)/, "").replaceAll("/", "-")}.o`);
    compiled.push(runBeside("arm-none-eabi-gcc", [...cpu, ...COMMON, ...flags, "-c", file, "-o", object]));
    return object;
  };
  return {
    module: (name, level) => {
      moduleToC(join(ROOT, `build/firmware/${name}.wasm`), name, out);
      const flags = [`-DMODULE_MEMORY=${MODULES[name].memory}u`, `-DMODULE_OCTETS=${name}_octets`];
      return compile(join(out, `${name}.c`), ["-w", level, ...RUNTIME, ...flags, ...includes]);
    },
    machine: (file, prefix, more = []) => compile(join(MCU, file), [...own, ...more], prefix),
    sodium: (level, prefix) =>
      sodium.files.map((file) =>
        compile(file, ["-w", level, ...sodium.flags, ...sodium.flagsOf(file), ...includes], prefix),
      ),
    link: async (name, script, objects) => {
      await Promise.all(compiled.splice(0));
      return link(cpu, join(out, name), join(MCU, "board", board, script), objects);
    },
    isProduction,
  };
}

/** The card's program: what is slow is compiled for speed. */
function buildCard({ module, machine, sodium, link, isProduction }) {
  const files = CARD_ROOMS.flatMap((room) =>
    readdirSync(join(MCU, room))
      .filter((name) => name.endsWith(".c") && !(isProduction && name === "bench.c"))
      .map((name) => `${room}/${name}`),
  );
  const objects = [
    ...SHIPPED.map((name) => module(name, name === "link" ? "-Os" : "-O2")),
    ...files.map((file) => machine(file)),
  ];
  return link("card", "image.ld", [...objects, ...sodium("-O2")]);
}

/** The loader: once a start, so for size. */
function buildLoader({ module, machine, sodium, link }) {
  const files = [...LOADER_FILES, ...readdirSync(join(MCU, "loader")).map((name) => `loader/${name}`)];
  const objects = [module("loader", "-Os"), ...files.map((file) => machine(file, "loader-", ["-DLOADER=1"]))];
  return link("loader", "loader.ld", [...objects, ...sodium("-Os", "loader-")]);
}

function link(cpu, path, script, objects) {
  const elf = `${path}.elf`;
  run("arm-none-eabi-gcc", [
    ...cpu,
    "-nostartfiles",
    "--specs=nano.specs",
    "--specs=nosys.specs",
    "-Wl,--gc-sections",
    "-Wl,--no-warn-rwx-segments",
    `-Wl,-Map=${path}.map`,
    `-T${script}`,
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
  return { elf, flash: of(".text", ".ARM.exidx", ".data"), ram: of(".handoff", ".shared", ".data", ".bss", ".stack") };
}

/** The program as the loader takes it, signed with the sample key that it pins. */
function signedImage(board, elf, out) {
  const image = join(out, IMAGE);
  const key = join(out, "development.pem");
  writeFileSync(key, developmentImageRoot().privatePem, { mode: 0o600 });
  const ecard = (...args) => run(process.execPath, [join(ROOT, "tools/bin/ecard.mjs"), "image", ...args]);
  ecard("build", elf, "--board", board, "--version", VERSION, "--counter", String(COUNTER), "--out", image);
  ecard("sign", image, "--key", key);
}

function sourceDigest(root) {
  const hash = createHash("sha256");
  // The last makes an image of the program.
  const files = [MCU, join(ROOT, "tools/src/image")].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  const builders = ["build-mcu", "module-to-c", "sodium"].map((name) => join(ROOT, `tools/${name}.mjs`));
  files.push(...builders, join(ROOT, "build/firmware/stamp"), WASM_RT);
  const named = (file) => (file.startsWith(ROOT) ? file.slice(ROOT.length) : file);
  for (const file of files.sort()) hash.update(named(file)).update("\0").update(readFileSync(file));
  for (const program of ["wasm2c", "arm-none-eabi-gcc"]) hash.update(run(program, ["--version"]));
  return hash.update(root).digest("hex");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    const at = process.argv.indexOf("--production");
    const options = at < 0 ? {} : { production: process.argv[at + 1] ?? "" };
    for (const board of Object.keys(BOARDS)) await buildMcu(board, console.log, options);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
