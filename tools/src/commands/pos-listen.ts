// ecard pos listen: raw samples in, reads out as they are swiped, until the samples end or somebody has heard enough.

import type { PcmFormat, TrackNumber } from "@enabling-card/pos-sim";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import { firstOf } from "../first-of.js";
import { wholeNumber } from "../whole-number.js";

interface PosListenOptions {
  readonly rate: number;
  readonly format: PcmFormat;
  readonly channels: number;
  readonly track: "auto" | "1" | "2" | "3";
}

/** As in @enabling-card/pos-sim, which help does without. */
const FORMATS: readonly PcmFormat[] = ["u8", "s16le", "s24le", "s32le", "f32le"];

export function listenCommand(pos: Command, context: Context, onCode: (code: ExitCode) => void): void {
  pos
    .command("listen")
    .description("read swipes as they come: raw samples from a sound card, or from an emulated card's coil")
    .argument("<source>", "- for standard input, or a file or named pipe")
    .option("--rate <hz>", "samples a second", wholeNumber(300, 200_000_000), 48_000)
    .addOption(new Option("--format <format>", "of the samples").choices(FORMATS).default("s16le"))
    .option("--channels <n>", "interleaved, each a head of its own, 1 to 8", wholeNumber(1, 8), 1)
    .addOption(new Option("--track <track>", "the track to read").choices(["auto", "1", "2", "3"]).default("auto"))
    .addHelpText(
      "after",
      `
Samples without a header: a WAV file is refused here, ecard pos read - takes it.
Clean swipes are told at once, those that are searched for behind later ones.
Runs until the samples end, or Ctrl-C, in the same memory however long. Exits
with 1 where they end and nothing was read. Numbers are masked as by pos read.

With --json: {"event":"listening","source","rateHz","format","channels"}, then
as they come {"event":"read","track","data","direction","confidence","lrc",
"channel","startS","endS","masked"}, seconds from the first sample,
{"event":"candidates","startS","candidates"}, as pos read has them, where
something was likely and not sure, and, of each swipe that was not read, a few
seconds later {"event":"failed","channel","startS","endS","code","sentence",
"atS","character"}; at last {"event":"end","reads","seconds","diagnosis"}, with
"restOctets" where the end was no whole frame. With --verbose reads and
candidates have "characterConfidence". A diagnosis has "signal", as pos
read has it, where an attempt could be measured.

Examples:
  arecord -t raw -f S16_LE -r 48000 | ecard pos listen -
  ecard emulate --coil - | ecard pos listen - --format f32le
  ecard pos listen my-head.pipe --rate 96000 --channels 2 --json`,
    )
    .action(async (source: string, options: PosListenOptions, command: Command) => {
      const { signal, unheard, stdin } = context;
      if (source === "-" && stdin.isTTY) {
        throw new CommandError("BAD_ARGUMENT", "Standard input is a terminal: pipe samples into it", EXIT.usage);
      }
      const [{ checkSource, listen }, { tellHeard }] = await Promise.all([
        import("@enabling-card/pos-sim"),
        import("../pos/tell-heard.js"),
      ]);
      if (source !== "-") await checkSource(source);
      const output = context.output(command);
      const { rate: sampleRateHz, format, channels } = options;
      const track = options.track === "auto" ? options.track : (Number(options.track) as TrackNumber);
      const listening = listen(source === "-" ? stdin : source, {
        ...{ format, sampleRateHz, channels, track },
        signal: firstOf(signal, unheard),
      });
      output.fact({ event: "listening", source, rateHz: sampleRateHz, format, channels });
      output.say(output.paint("dim", `${format}, ${sampleRateHz} Hz, channels: ${channels}; Ctrl-C ends it`));
      for await (const heard of listening) {
        tellHeard(heard, output);
        if (heard.kind === "end" && heard.reads === 0) onCode(EXIT.failed);
      }
    });
}
