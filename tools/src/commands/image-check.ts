// ecard image verify, inspect: is an image to be trusted, and what does it say.

import type { QemuBoard } from "@enabling-card/emulator";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { BOARDS } from "../image/choices.js";
import { printable } from "../output.js";
import { wholeNumber } from "../whole-number.js";

interface VerifyArguments {
  readonly key: string;
  readonly counter?: number;
  readonly board?: QemuBoard;
}

export function verifyImageCommand(image: Command, context: Context): void {
  image
    .command("verify")
    .description("check an image as the card does: whole, signed by this key, for this board, not too old")
    .argument("<file>", "the image")
    .requiredOption("--key <pem>", "the public key that must have signed it")
    .option("--counter <n>", "the lowest security counter that is taken", wholeNumber(0, 0xffff_ffff))
    .addOption(new Option("--board <board>", "what it must run on, and fit").choices(BOARDS))
    .addHelpText(
      "after",
      `
Exits with 1 where the image is refused; why has a code of its own, the first
that applies: size, form, digest, signature, board, address, counter.

With --json: one line {"file","version","board","counter","digest","keyHash"},
with "root" where the key's file says one; refused, {"error":{"code",
"message"}}.

Examples:
  ecard image verify card.img --key keys/development.pub.pem
  ecard image verify card.img --key keys/production.pub.pem --counter 7 \\
    --board an386`,
    )
    .action(async (file: string, { key, counter, board }: VerifyArguments, command: Command) => {
      const [{ checkImage, imageKeyHash }, { formatImageVersion, toHex }] = await Promise.all([
        import("@enabling-card/sdk"),
        import("@enabling-card/wire"),
      ]);
      const [{ readPublicImageKey }, { readBoard }, { readImageFile }] = await Promise.all([
        import("../image/image-keys.js"),
        import("../image/board.js"),
        import("../image/image-files.js"),
      ]);
      const output = context.output(command);
      const { publicKey, root } = await readPublicImageKey(key);
      const image = checkImage(await readImageFile(file, context.signal), {
        publicKey,
        ...(counter !== undefined && { counter }),
        ...(board !== undefined && { board: readBoard(board) }),
      });
      const version = formatImageVersion(image.version);
      const keyHash = toHex(imageKeyHash(publicKey));
      output.fact({
        ...{ file, version, board: image.board, counter: image.counter, digest: toHex(image.digest), keyHash },
        ...(root && { root }),
      });
      const whose = root === undefined ? "key" : `${root} key`;
      output.result(
        `${output.paint("green", "✓")} ${printable(file)}: version ${version} for ${image.board}, counter ${image.counter}, signed with ${whose} ${keyHash.slice(0, 16)}`,
      );
    });
}

export function inspectImageCommand(image: Command, context: Context): void {
  image
    .command("inspect")
    .description("show what an image says: header, TLVs, digest, who signed it, how full the slot is")
    .argument("<file>", "the image")
    .option("--key <pem>", "a public key: did this one sign it")
    .addHelpText(
      "after",
      `
Shows what can be read, signed or not, true or not, and exits with 0: it is
ecard image verify that decides.

With --json: one line {"file","version","board","counter","loadAddress",
"headerOctets","programOctets","octets","slotOctets","digest","digestMatches",
"signed","keyHash","tlvs":[{"area","type","name","at","octets","value"}]}, and
with --key "key":{"file","root","refusal"}, refusal being null or a code. There
is no keyHash without a signature, no slotOctets without a board of ours.

Examples:
  ecard image inspect card.img
  ecard image inspect card.img --key keys/development.pub.pem --json`,
    )
    .action(async (file: string, options: { key?: string }, command: Command) => {
      const [{ decodeImage }, { readPublicImageKey }, { imageFacts, imageLines }, { readImageFile }] =
        await Promise.all([
          import("@enabling-card/wire"),
          import("../image/image-keys.js"),
          import("../image/describe-image.js"),
          import("../image/image-files.js"),
        ]);
      const output = context.output(command);
      const key = options.key && { file: options.key, ...(await readPublicImageKey(options.key)) };
      const bytes = await readImageFile(file, context.signal);
      const facts = imageFacts(bytes, decodeImage(bytes), key || undefined);
      output.fact({ file, ...facts });
      output.result(output.paint("bold", printable(file)));
      for (const line of imageLines(facts, output.paint)) output.result(line);
    });
}
