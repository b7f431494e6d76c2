// ecard image: keys, images and their signatures.

import type { QemuBoard } from "@enabling-card/emulator";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { BOARDS, ROOTS, type Root } from "../image/choices.js";
import { printable } from "../output.js";
import { wholeNumber } from "../whole-number.js";
import { inspectImageCommand, verifyImageCommand } from "./image-check.js";

/** Highest security counter: u32 */
const COUNTER_MAX = 0xffff_ffff;

export function imageCommand(program: Command, context: Context): void {
  const image = program
    .command("image")
    .description("firmware images as MCUboot has them: build, sign, verify, inspect; keys to sign with")
    .addHelpText(
      "after",
      `
Example:
  ecard image key --out out/keys/development.pem
  ecard image build build/mcu/an386/card.elf --board an386 --version 1.0.0 \\
    --counter 1 --out out/card.img
  ecard image sign out/card.img --key out/keys/development.pem
  ecard image verify out/card.img --key out/keys/development.pub.pem`,
    );
  keyCommand(image, context);
  buildCommand(image, context);
  signCommand(image, context);
  verifyImageCommand(image, context);
  inspectImageCommand(image, context);
}

const rootOption = (what: string) => new Option("--root <root>", what).choices(ROOTS).default("development");

function keyCommand(image: Command, context: Context): void {
  image
    .command("key")
    .description("make a key that signs images: Ed25519, PKCS#8 in PEM, and the public key beside it")
    .requiredOption("--out <file>", "where the private key goes, for its owner's eyes; the public one beside it")
    .addOption(rootOption("development keys sign nothing as production"))
    .addHelpText(
      "after",
      `
The private key is a secret: whoever holds it makes images that cards take. It
has no password: keep a production key where nobody else reads it. No file is
ever overwritten. Which root a key is of stands in its file, before the PEM.

With --json: one line {"file","publicFile","root","keyHash"}; keyHash is what
images call the key: SHA-256 of its SubjectPublicKeyInfo, hexadecimal.

Examples:
  ecard image key --out keys/development.pem
  ecard image key --out keys/production.pem --root production`,
    )
    .action(async ({ out: file, root }: { out: string; root: Root }, command: Command) => {
      const [{ imageKeyHash }, { toHex }, { makeImageKey }, { writeKeyFiles }] = await Promise.all([
        import("@enabling-card/sdk"),
        import("@enabling-card/wire"),
        import("../image/image-keys.js"),
        import("../image/image-files.js"),
      ]);
      const output = context.output(command);
      const made = makeImageKey(root);
      const publicFile = await writeKeyFiles(file, made.privatePem, made.publicPem);
      const keyHash = toHex(imageKeyHash(made.publicKey));
      output.fact({ file, publicFile, root, keyHash });
      output.result(`${root} key ${keyHash}`);
      output.say(`  ${printable(file)}  (secret)\n  ${printable(publicFile)}`);
    });
}

interface BuildArguments {
  readonly board: QemuBoard;
  readonly version: string;
  readonly counter: number;
  readonly out: string;
}

function buildCommand(image: Command, context: Context): void {
  image
    .command("build")
    .description("make an unsigned image of a program: an ELF file's loadable segments, or a flat binary")
    .argument("<file>", "the program, ELF or flat")
    .addOption(new Option("--board <board>", "what it runs on").choices(BOARDS).makeOptionMandatory())
    .requiredOption("--version <version>", "major.minor.revision+build: 1.2.3+4; the build may be left out")
    .requiredOption(
      "--counter <n>",
      "security counter: a card takes none lower than it ran",
      wholeNumber(0, COUNTER_MAX),
    )
    .requiredOption("--out <file>", "the image")
    .addHelpText(
      "after",
      `
Where the program lies and how large the board's slot is, its linker script in
firmware/mcu/board says. Room for the signature is kept. A flat binary begins at
the slot's first address, as an ELF file's octets do, with its vector table: a
stack that begins in the board's RAM, and where to begin, which is in itself.
The counter rises only where an older image must never run again; the version
says nothing about that.

With --json: one line {"file","board","version","counter","programOctets",
"octets","slotOctets","digest"}.

Examples:
  ecard image build card.elf --board an386 --version 1.2.3+4 --counter 1 \\
    --out card.img
  ecard image build card.bin --board an505 --version 1.2.3 --counter 1 \\
    --out card.img`,
    )
    .action(async (file: string, { board: name, version: text, counter, out }: BuildArguments, command: Command) => {
      const [
        wire,
        { readBoard },
        { flatProgram },
        { checkVectors },
        { buildImage },
        { readImageFile },
        { writeWhole },
      ] = await Promise.all([
        import("@enabling-card/wire"),
        import("../image/board.js"),
        import("../image/flat-program.js"),
        import("../image/vector-table.js"),
        import("../image/make-image.js"),
        import("../image/image-files.js"),
        import("../write-whole.js"),
      ]);
      const output = context.output(command);
      const version = wire.parseImageVersion(text);
      const board = readBoard(name);
      const program = flatProgram(await readImageFile(file, context.signal), board);
      checkVectors(program, name, board);
      const built = buildImage(program, { version, counter, board });
      await writeWhole(out, built);
      output.fact({
        ...{ file: out, board: name, version: wire.formatImageVersion(version), counter },
        ...{ programOctets: program.length, octets: built.length, slotOctets: board.slotSize },
        digest: wire.toHex(wire.decodeImage(built).digest),
      });
      output.result(
        `${printable(out)}: version ${wire.formatImageVersion(version)} for ${name}, counter ${counter}, ${built.length} of ${board.slotSize} octets, unsigned`,
      );
      output.say(`  next: ecard image sign ${printable(out)} --key FILE`);
    });
}

function signCommand(image: Command, context: Context): void {
  image
    .command("sign")
    .description("sign an image; a signature that it has is replaced")
    .argument("<file>", "the image")
    .requiredOption("--key <pem>", "the private key, Ed25519, PKCS#8 in PEM")
    .addOption(rootOption("as whom: the key must be of this root"))
    .option("--out <file>", "the signed image (default: the same file)")
    .addHelpText(
      "after",
      `
A development key, and one whose file does not say what it is, signs nothing as
production; a production key signs nothing by mistake.

With --json: one line {"file","root","keyHash","digest","octets"}.

Examples:
  ecard image sign card.img --key keys/development.pem
  ecard image sign card.img --key keys/production.pem --root production \\
    --out release.img`,
    )
    .action(async (file: string, options: { key: string; root: Root; out?: string }, command: Command) => {
      const [{ decodeImage, toHex }, { readImageKey }, { signImage }, { readImageFile }, { writeWhole }] =
        await Promise.all([
          import("@enabling-card/wire"),
          import("../image/image-keys.js"),
          import("../image/make-image.js"),
          import("../image/image-files.js"),
          import("../write-whole.js"),
        ]);
      const output = context.output(command);
      const { root, out = file } = options;
      const key = await readImageKey(options.key, root);
      const signed = signImage(await readImageFile(file, context.signal), key);
      await writeWhole(out, signed);
      const { digest, signature } = decodeImage(signed);
      const keyHash = toHex(signature!.keyHash);
      output.fact({ file: out, root, keyHash, digest: toHex(digest), octets: signed.length });
      output.result(`${printable(out)}: signed with ${root} key ${keyHash.slice(0, 16)}, ${signed.length} octets`);
    });
}
