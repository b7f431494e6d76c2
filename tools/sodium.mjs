// libsodium's C sources, from Debian's source package: fetched by name and version, checked by apt against Debian's signatures, never kept here.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGE = "libsodium";
/** What the card's crypto port needs of it, and no more. */
const FILES = [
  "crypto_aead/chacha20poly1305/sodium/aead_chacha20poly1305.c",
  "crypto_core/ed25519/ref10/ed25519_ref10.c",
  "crypto_core/hchacha20/core_hchacha20.c",
  "crypto_hash/sha256/cp/hash_sha256_cp.c",
  "crypto_hash/sha512/cp/hash_sha512_cp.c",
  "crypto_onetimeauth/poly1305/onetimeauth_poly1305.c",
  "crypto_onetimeauth/poly1305/donna/poly1305_donna.c",
  "crypto_scalarmult/curve25519/scalarmult_curve25519.c",
  "crypto_scalarmult/curve25519/ref10/x25519_ref10.c",
  "crypto_sign/ed25519/ref10/open.c",
  "crypto_sign/ed25519/ref10/sign.c",
  "crypto_stream/chacha20/stream_chacha20.c",
  "crypto_stream/chacha20/ref/chacha20_ref.c",
  "crypto_verify/sodium/verify.c",
  "sodium/utils.c",
];

/** Fetches and unpacks the sources into `folder`, once. */
export async function sodiumSources(folder, log) {
  const stamp = join(folder, "unpacked");
  if (!existsSync(stamp)) {
    // What an interrupted fetch has left is none of ours.
    rmSync(folder, { recursive: true, force: true });
    log(`mcu: ${PACKAGE}'s sources, from Debian`);
    fetchSources(folder);
    writeFileSync(stamp, "");
  }
  const unpacked = readdirSync(folder).find((name) => /^libsodium-[\d.]+$/.test(name));
  const root = join(folder, unpacked, "src/libsodium");
  const version = join(root, "include/sodium/version.h");
  if (!existsSync(version)) {
    const template = readFileSync(`${version}.in`, "utf8");
    const values = {
      VERSION: unpacked.slice(PACKAGE.length + 1),
      SODIUM_LIBRARY_VERSION_MAJOR: "10",
      SODIUM_LIBRARY_VERSION_MINOR: "3",
      SODIUM_LIBRARY_MINIMAL_DEF: "",
    };
    writeFileSync(
      version,
      template.replace(/@(\w+)@/g, (_, name) => values[name]),
    );
  }
  return {
    files: FILES.map((file) => join(root, file)),
    includes: [
      join(root, "include"),
      join(root, "include/sodium"),
      join(root, "crypto_core/ed25519/ref10/fe_25_5"),
      join(root, "include/sodium/private"),
    ],
    flags: [
      "-DCONFIGURED=1",
      "-DNATIVE_LITTLE_ENDIAN=1",
      "-DDEV_MODE=1",
      "-DSODIUM_STATIC=1",
      "-DED25519_NONDETERMINISTIC=0",
      // Else secrets are wiped octet by octet, which takes as long as hashing them.
      "-DHAVE_EXPLICIT_BZERO=1",
    ],
    // The port multiplies points that it is given, never the base point, whose table would take 30 KiB of flash.
    flagsOf: (file) => (file.endsWith("/x25519_ref10.c") ? ["-Dge25519_scalarmult_base=sodium_base_point_absent"] : []),
  };
}

/** With lists of its own: a machine that builds need not have sources among its own. */
function fetchSources(folder) {
  const lists = join(folder, "lists");
  const parts = join(folder, "parts");
  for (const path of [join(lists, "partial"), parts]) mkdirSync(path, { recursive: true });
  const known = "/etc/apt/sources.list.d/debian.sources";
  const text = existsSync(known) ? readFileSync(known, "utf8").replace(/^Types:.*$/gm, "Types: deb-src") : "";
  if (text !== "") writeFileSync(join(parts, "source.sources"), text);
  else writeFileSync(join(parts, "source.list"), "deb-src http://deb.debian.org/debian bookworm main\n");
  const options = [
    "Dir::Etc::sourcelist=/dev/null",
    `Dir::Etc::sourceparts=${parts}`,
    `Dir::State::lists=${lists}`,
  ].flatMap((one) => ["-o", one]);
  for (const command of [["update"], ["source", PACKAGE]]) {
    const { status, stderr } = spawnSync("apt-get", [...options, "-q", ...command], { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`apt-get ${command.join(" ")} failed: ${stderr}`);
  }
}
