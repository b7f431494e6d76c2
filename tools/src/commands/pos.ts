// ecard pos read: recordings of swipes in, tracks out; where there are none, why.

import type { TrackNumber } from "@enabling-card/pos-sim";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import { chargeCommand } from "./pos-charge.js";
import { inspectCommand } from "./pos-inspect.js";
import { listenCommand } from "./pos-listen.js";
import { synthCommand } from "./pos-synth.js";

type TrackChoice = "auto" | "1" | "2" | "3";

export function posCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  const pos = program
    .command("pos")
    .description("the POS simulator: read recordings of swipes, listen to a head, make swipes up, charge")
    .addHelpText("after", "\nExample:\n  ecard pos read out/demo/swipe.wav");
  pos
    .command("read")
    .description("decode WAV files: 8/16/24/32-bit or float, 1 to 8 channels; - is standard input")
    .argument("<file...>", "recordings, or - for standard input")
    .addOption(new Option("--track <track>", "the track to read").choices(["auto", "1", "2", "3"]).default("auto"))
    .addHelpText(
      "after",
      `
Says of each swipe that was not read why, where, and what in the signal did it;
where a read is weak, what is weak in its signal. Exits with 1 where a file gave
no read, or could not be opened. Numbers outside the test range are masked, and
the names beside them hidden. Tracks 2 and 3 share a code: --track 3 takes
frames of either as track 3. With --verbose each character of what is not masked
has the nines of its confidence below it.

With --json: one line a file {"file","reads":[{"track","data","direction",
"confidence","lrc":true,"channel"}],"failed":[{"channel","startS","endS","code",
"sentence","atS","character"}],"diagnosis"}: failed are the swipes that were
not read, diagnosis is null where something was, or {"code","sentence","atS",
"character"}; with "candidates":[{"track","data","direction","probability",
"masked"}] where something was likely and not sure (a read has odds of 100,000
to 1). With --verbose each read has "startS","endS","cellUs","jitterPercent",
"masked","characterConfidence" and "signal" too, each failed swipe "signal", and
each candidate "startS","endS","characterConfidence": of each character of
"data", how likely it is right; none where it is masked. A diagnosis has
"signal" where an attempt could be measured: {"peakDb","swingDb",
"speed":{"meanIps","slowestIps","fastestIps","swing":{"percent","character"}},
"cellUs","cellSamples",
"jitter":{"reversalsPercent","noisePercent","noiseWorstPercent","cells",
"subintervals"},"lowestPulsePercent","dropouts":[{"atS","lengthUs","cells",
"pulsePercent","character"}],"levelStep":{"atS","pulsePercent","character"},
"pauses":[{"atS","lengthS"}],
"cut":{"begins","ends"},"humPercent","wanderPercent","leadingZeros",
"trailingZeros","clippedPercent","snrDb",
"weaknesses":[{"code","sentence","character"}]}; cells and subintervals are
{"rmsPercent","worstPercent","worstOfNewPercent","worstOfUsedPercent",
"worstCharacter"}: "Of" is of ISO/IEC 7811-2's limits. Pulses, hum and wander
are per cent of a usual pulse's height; noise is what noise alone would do.

Examples:
  ecard pos read out/demo/swipe.wav
  ecard pos read --track 2 --json swipe1.wav swipe2.wav
  sox in.flac -t wav - | ecard pos read -`,
    )
    .action(async (files: string[], options: { track: TrackChoice }, command: Command) => {
      const { readRecordings } = await import("../pos/read-recordings.js");
      const { recordingFacts, recordingLines } = await import("../pos/results.js");
      const { progressBar } = await import("../progress.js");
      const output = context.output(command);
      const { signal, stdin } = context;
      if (files.indexOf("-") !== files.lastIndexOf("-")) {
        throw new CommandError("BAD_ARGUMENT", "Standard input can be read once: name - once", EXIT.usage);
      }
      const bar = progressBar(output, "s");
      const track = options.track === "auto" ? options.track : (Number(options.track) as TrackNumber);
      // What nobody is told is not measured.
      const measures = output.json && !output.verbose ? "failed" : true;
      const read = { track, signal, stdin, measures, onProgress: bar.update } as const;
      for await (const result of readRecordings(files, read)) {
        bar.stop();
        output.fact(recordingFacts(result, output.verbose));
        for (const line of recordingLines(result, output.verbose)) output.result(line);
        if (result.reads.length === 0) onCode(EXIT.failed);
      }
    });
  listenCommand(pos, context, onCode);
  inspectCommand(pos, context, onCode);
  synthCommand(pos, context);
  chargeCommand(pos, context, onCode);
}
