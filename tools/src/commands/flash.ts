// ecard flash: a new image onto a card.

import type { QemuBoard } from "@enabling-card/emulator";
import type { FlashOptions, FlashProgress, FlashResult } from "@enabling-card/sdk";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { OpenLine } from "../flash/qemu-line.js";
import { BOARDS } from "../image/choices.js";
import type { Output } from "../output.js";
import { printable } from "../output.js";

interface FlashArguments {
  readonly port?: string;
  readonly device?: string;
  readonly ble?: string;
  readonly board: QemuBoard;
  readonly memory?: string;
  readonly key?: string;
  readonly confirm: boolean;
}

/** Progress in JSON, ms apart at least. */
const TOLD_MS = 500;

export function flashCommand(program: Command, context: Context): void {
  program
    .command("flash")
    .description("put a signed image onto a card: checked, sent, tried, confirmed; a broken call goes on")
    .argument("<image>", "an image of ecard image sign")
    .option("--port <path>", "the card's serial port; of several you are asked")
    .option("--device <device>", "qemu, a card without hardware; ble, or ble:PATH of a controller, over Bluetooth")
    .option("--ble <name>", "over Bluetooth: the card's name or address; alone, with this computer's adapter")
    .addOption(new Option("--board <board>", "of --device qemu").choices(BOARDS).default("an386"))
    .option("--memory <file>", "keeps the flash of --device qemu from one call to the next")
    .option("--key <pem>", "the public key that must have signed it, checked here too")
    .option("--no-confirm", "leaves the image on trial: the card's next start goes back")
    .addHelpText(
      "after",
      `
Before the first octet the image is checked as the card will: form, digest,
who signed it, board, address, size, security counter. The card then runs it
once; when it has come up it hands over to the loader, which confirms it.
Ctrl-C, or a cable that is pulled, harms nothing: the same call goes on where
it was; after a minute, when the card runs its image again, or a power cut,
behind the 4 KiB pieces that were whole. A card that refuses an image runs its
own again at once. A grant that was loaded is lost.
An image that the card has is not sent: neither is the built one to QEMU's card,
which begins with it.

Over Bluetooth the card lets its updater in for a minute after its button was
held for three seconds; it goes on running its image meanwhile, without wallet.
A link that breaks is made anew, and the upload goes on. All cards are named
ecard; without --ble, it is the first one in reach that lets somebody in.

A card without an image, or one that does not answer, is started with its button
held: its loader listens then.

With --json: {"step","detail"}, in between {"progress":{"sent","total",
"resumed","rate","leftS"}} (octets, octets a second, seconds), then {"board",
"version","hash","octets","sentOctets","seconds","confirmed"}.

Examples:
  ecard flash card.img --port /dev/ttyACM0
  ecard flash card.img --device ble
  ecard image build build/mcu/an386/card.elf --board an386 --version 0.2.0 \\
    --counter 1 --out two.img
  ecard image sign two.img --key build/mcu/an386/development.pem
  ecard flash two.img --device qemu --memory card.flash`,
    )
    .action(async (file: string, options: FlashArguments, command: Command) => {
      const output = context.output(command);
      const [{ readImageFile }, { readPublicImageKey }] = await Promise.all([
        import("../image/image-files.js"),
        import("../image/image-keys.js"),
      ]);
      checkWays(options);
      const image = await readImageFile(file, context.signal);
      const { decodeImage } = await import("@enabling-card/wire");
      decodeImage(image); // what is no image opens no port
      const key = options.key === undefined ? undefined : await readPublicImageKey(options.key);
      const open = await openCard(options, output, context);
      const bar = await flashBar(output);
      try {
        const result = await open.flash({
          ...{ image, confirm: options.confirm, signal: context.signal },
          ...(key && { publicKey: key.publicKey }),
          onStep: (step, detail) => {
            bar.stop();
            output.fact({ step, detail });
            output.say(`  ${output.paint("dim", step.padEnd(10))} ${printable(detail)}`);
          },
          onProgress: bar.update,
        });
        output.fact(result);
        const state = result.confirmed ? "confirmed" : "on trial: the next start goes back";
        output.result(
          `${output.paint("green", "✓")} ${printable(file)}: version ${result.version} runs on ${result.board}, ${state}`,
        );
      } finally {
        bar.stop();
        await open.close();
      }
    });
}

function checkWays({ port, device, ble, memory }: FlashArguments): void {
  const wrong = (sentence: string) => new CommandError("WRONG_USE", sentence, EXIT.usage);
  if (device !== undefined && device !== "qemu" && !isBluetooth(device))
    throw wrong(`--device ${device}: give qemu, ble, or ble:PATH of a controller`);
  const isOverAir = ble !== undefined || (device !== undefined && device !== "qemu");
  if ([port !== undefined, device === "qemu", isOverAir].filter(Boolean).length > 1)
    throw wrong("which card: give --port, --device or --ble, one of them");
  if (memory !== undefined && device !== "qemu") throw wrong("--memory belongs to --device qemu");
}

const isBluetooth = (device: string): boolean => device === "ble" || device.startsWith("ble:");

/** A way to a card's loader, and what ends it. */
interface OpenCard {
  flash(options: FlashOptions): Promise<FlashResult>;
  close(): void | Promise<void>;
}

async function openCard(
  { port, device, ble, board, memory }: FlashArguments,
  output: Output,
  context: Context,
): Promise<OpenCard> {
  const [{ flashCard, flashCardOverAir }, { openWay, readWay }] = await Promise.all([
    import("@enabling-card/sdk"),
    import("../phone/way.js"),
  ]);
  const onLine = ({ line, brokenOff, failure, close }: OpenLine): OpenCard => ({
    flash: (options) =>
      flashCard(line, { ...options, ...(brokenOff && { brokenOff }) }).catch((error: unknown) => {
        throw failure?.() ?? error;
      }),
    close,
  });
  if (device === undefined && ble === undefined)
    return onLine(await (await import("./serial.js")).openPort(port, output, context));
  if (device === "qemu") return onLine(await (await import("../flash/qemu-line.js")).openQemu(board, memory));
  // A controller may stand in the name's place.
  const isWay = ble?.startsWith("ble:") ?? false;
  const { transport, close } = await openWay(readWay(device ?? (isWay ? ble! : "ble")), { signal: context.signal });
  const card = isWay ? undefined : ble;
  return { flash: (options) => flashCardOverAir(transport, { ...options, card }).catch(otherWays), close };
}

/** Without an adapter other commands have a card on a TCP port; here it is another one. */
function otherWays(error: { readonly code?: string }): never {
  if (error.code !== "BLUETOOTH_UNAVAILABLE") throw error;
  const sentence = "No Bluetooth adapter can be used: give --device ble:PATH of a controller, --port, or --device qemu";
  throw new CommandError("BLUETOOTH_UNAVAILABLE", sentence, EXIT.unavailable, { cause: error });
}

/** What stands behind the octets: how fast they come along, and how long the rest takes. */
export function paceOf({ rate, leftS }: FlashProgress): string {
  return `octets, ${(rate / 1000).toFixed(1)} kB/s${leftS === undefined ? "" : `, ${leftS} s left`}`;
}

async function flashBar(output: Output) {
  const { progressBar } = await import("../progress.js");
  // What was there already did not take any time: the flasher knows better than a bar how long the rest takes.
  const bar = progressBar(output, "octets", { tellsLeft: false });
  let told = Number.NEGATIVE_INFINITY;
  return {
    stop: () => bar.stop(),
    update: (progress: FlashProgress) => {
      const { sent, total } = progress;
      bar.update("sending", sent, total, paceOf(progress));
      if (performance.now() - told < TOLD_MS && sent < total) return;
      told = performance.now();
      output.fact({ progress });
    },
  };
}

export function flasherCommand(program: Command, context: Context): void {
  program
    .command("flasher")
    .description("write the flasher's page: one file, for a browser with serial ports (Chrome, Edge, Opera)")
    .option("--out <file>", "the page", "out/flasher.html")
    .addHelpText(
      "after",
      `
The page does what ecard flash does, with the same code, on a port that its
reader chooses. It loads nothing from elsewhere, and sends nothing anywhere but
to the card. Browsers give ports to pages of https: and localhost, and to files.

With --json: one line {"file","octets"}.

Examples:
  ecard flasher
  ecard flasher --out site/flasher.html`,
    )
    .action(async ({ out }: { out: string }, command: Command) => {
      const output = context.output(command);
      const [{ flasherPage }, { writeWhole }] = await Promise.all([
        import("../flash/flasher-page.js"),
        import("../write-whole.js"),
      ]);
      const page = new TextEncoder().encode(await flasherPage());
      await writeWhole(out, page);
      output.fact({ file: out, octets: page.length });
      output.result(`${printable(out)}: ${page.length} octets`);
    });
}
