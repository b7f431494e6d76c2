// Set-up for every command: Node's version, packages, built firmware, built loops of the reader. Plain JavaScript without imports of packages: it runs
// before there are any. A second run finds everything done in well under a second.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NODE_MIN = [20, 19];
const STAMP = join(ROOT, "node_modules/.ecard-packages");
/** Programs, and the Debian packages that bring them: better-sqlite3 is compiled with the first, the second build, run and debug the microcontroller's image, the third read our recordings and completions in tests. */
const BUILD_TOOLS = [
  ["make", "make"],
  ["g++", "g++"],
  ["python3", "python3"],
];
const MCU_TOOLS = [
  ["wasm2c", "wabt"],
  ["arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi"],
  ["qemu-system-arm", "qemu-system-arm"],
  ["dpkg-source", "dpkg-dev"],
  ["gdb-multiarch", "gdb-multiarch"],
];
const TEST_TOOLS = [
  ...MCU_TOOLS,
  ["sox", "sox"],
  ["sigrok-cli", "sigrok-cli"],
  ["zsh", "zsh"],
  ["fish", "fish"],
  ["socat", "socat"],
  ["tshark", "tshark"],
  ["chromium", "chromium"],
  ["pg_createcluster", "postgresql"],
];

main().catch((error) => {
  console.error(`ecard set-up: ${error.message}`);
  process.exitCode = 3;
});

async function main() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new Error(
      `Node ${NODE_MIN.join(".")} or newer is needed, this is ${process.versions.node}: install it from nodejs.org or Debian`,
    );
  }
  if (!packagesCurrent()) installPackages();
  const { buildFirmware } = await import("./build-firmware.mjs");
  await buildFirmware((line) => console.error(line));
  const { buildLoops } = await import("./build-loops.mjs");
  await buildLoops((line) => console.error(line));
  if (["--companion", "--tests"].some((wanted) => process.argv.includes(wanted))) {
    const { buildCompanion } = await import("./build-companion.mjs");
    await buildCompanion((line) => console.error(line));
  }
  if (process.argv.includes("--tests")) await testTools();
  if (process.argv.includes("--mcu")) await mcuImages();
}

/** The microcontroller's images, and what builds and runs them. */
async function mcuImages() {
  const missing = missingOf(MCU_TOOLS);
  if (missing.length > 0) installDebian(missing);
  const { BOARDS, buildMcu } = await import("./build-mcu.mjs");
  for (const board of Object.keys(BOARDS)) await buildMcu(board, (line) => console.error(line));
}

/** Without them their test is skipped, with a word; in CI nothing is. */
async function testTools() {
  const missing = missingOf(TEST_TOOLS);
  try {
    if (missing.length > 0) installDebian(missing);
    await mcuImages();
  } catch (error) {
    if (process.env.CI === "true") throw error;
    console.error(`ecard set-up: ${error.message} (their test is skipped)`);
  }
}

function missingOf(tools) {
  return tools.filter(([program]) => !found(program)).map(([, debian]) => debian);
}

function lockDigest() {
  const lock = readFileSync(join(ROOT, "package-lock.json"));
  return createHash("sha256").update(lock).update(process.versions.modules).digest("hex");
}

function packagesCurrent() {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === lockDigest();
}

function installPackages() {
  const missing = missingOf(BUILD_TOOLS);
  let compiler = "";
  try {
    if (missing.length > 0) installDebian(missing);
  } catch (error) {
    compiler = ` (${error.message})`;
    console.error(`ecard set-up: ${error.message}; going on, as SQLite may be had ready built`);
  }
  console.error("ecard set-up: installing packages (the first time, SQLite is compiled: about two minutes)");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (npm.status !== 0)
    throw new Error(
      `npm ci failed: see above; check the network and the registry, then run the command again${compiler}`,
    );
  writeFileSync(STAMP, lockDigest());
}

/** As root, or with a sudo that asks nothing; else one line that says what to run. */
function installDebian(packages) {
  const root = process.getuid?.() === 0;
  const sudo = !root && spawnSync("sudo", ["-n", "true"]).status === 0;
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!found("apt-get") || !(root || sudo))
    throw new Error(`these are missing: ${packages.join(", ")}; run: sudo ${command}`);
  console.error(`ecard set-up: ${command}`);
  const as = root ? [] : ["sudo", "-n"];
  for (const line of ["apt-get update", command]) {
    const [program, ...rest] = [...as, ...line.split(" ")];
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    if (spawnSync(program, rest, { stdio: ["ignore", "ignore", "inherit"], env }).status !== 0)
      throw new Error(`failed: ${line}`);
  }
}

function found(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
