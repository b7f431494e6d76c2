// ecard pos read: recordings of swipes in, tracks out; where there are none, why.

import type { Candidate, Read, TrackNumber } from "@enabling-card/pos-sim";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import { printable, rounded } from "../output.js";
import type { RecordingResult } from "../pos/read-recordings.js";
import { listenCommand } from "./pos-listen.js";
import { synthCommand } from "./pos-synth.js";

type TrackChoice = "auto" | "1" | "2" | "3";

export function posCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  const pos = program
    .command("pos")
    .description("the POS simulator: read recordings of swipes, listen to a head, make swipes up")
    .addHelpText("after", "\nExample:\n  ecard pos read out/demo/swipe.wav");
  pos
    .command("read")
    .description("decode WAV files: 8/16/24/32-bit or float, 1 to 8 channels; - is standard input")
    .argument("<file...>", "recordings, or - for standard input")
    .addOption(new Option("--track <track>", "the track to read").choices(["auto", "1", "2", "3"]).default("auto"))
    .addHelpText(
      "after",
      `
Exits with 1 where a file gave no read, or could not be opened. Numbers outside
the test range are masked, and the names beside them hidden. Tracks 2 and 3
share a code: --track 3 takes frames of either as track 3.

With --json: one line a file {"file","reads":[{"track","data","direction",
"confidence","lrc":true}],"diagnosis"}, where diagnosis is null, or {"code",
"sentence","atS","character"}; with "candidates":[{"track","data","direction",
"probability","masked"}] where something was likely and not sure (a read has
odds of 100,000 to 1). With --verbose each read has "startS","endS",
"cellUs","jitterPercent" and "masked" too.

Examples:
  ecard pos read out/demo/swipe.wav
  ecard pos read --track 2 --json swipe1.wav swipe2.wav
  sox in.flac -t wav - | ecard pos read -`,
    )
    .action(async (files: string[], options: { track: TrackChoice }, command: Command) => {
      const { readRecordings } = await import("../pos/read-recordings.js");
      const { progressBar } = await import("../progress.js");
      const output = context.output(command);
      const { signal, stdin } = context;
      if (files.indexOf("-") !== files.lastIndexOf("-")) {
        throw new CommandError("BAD_ARGUMENT", "Standard input can be read once: name - once", EXIT.usage);
      }
      const bar = progressBar(output, "s");
      const track = options.track === "auto" ? options.track : (Number(options.track) as TrackNumber);
      const read = { track, signal, stdin, onProgress: bar.update };
      for await (const result of readRecordings(files, read)) {
        bar.stop();
        const { reads, candidates, diagnosis, file } = result;
        output.fact({
          file,
          reads: reads.map((read) => facts(read, output.verbose)),
          ...(candidates.length > 0 && { candidates: candidates.map(candidateFacts) }),
          diagnosis: diagnosis?.atS === undefined ? diagnosis : { ...diagnosis, atS: rounded(diagnosis.atS, 6) },
        });
        for (const line of describe(result)) output.result(line);
        if (result.reads.length === 0) onCode(EXIT.failed);
      }
    });
  listenCommand(pos, context, onCode);
  synthCommand(pos, context);
}

function facts({ track, data, direction, confidence, lrc, ...more }: Read, verbose: boolean): object {
  const numbers = {
    startS: rounded(more.startS, 6),
    endS: rounded(more.endS, 6),
    cellUs: rounded(more.cellUs, 3),
    jitterPercent: rounded(more.jitterPercent, 3),
    masked: more.masked,
  };
  return { track, data, direction, confidence, lrc, ...(verbose && numbers) };
}

function candidateFacts({ track, data, direction, probability, masked }: Candidate): object {
  return { track, data, direction, probability: rounded(probability, 6), masked };
}

function describe({ file, reads, candidates, diagnosis }: RecordingResult): string[] {
  const many = reads.length === 0 ? "nothing read" : `${reads.length} read${reads.length === 1 ? "" : "s"}`;
  const why = diagnosis === null ? "" : `. ${diagnosis.sentence.replace(/[^.!?]$/, "$&.")} [${diagnosis.code}]`;
  const perhaps = candidates.map(
    ({ track, data, probability, masked }) =>
      `  perhaps track ${track}, ${(100 * probability).toFixed(1)} %: ${data}${masked ? "  (masked)" : ""}`,
  );
  return [`${printable(file)}: ${many}${why}`, ...reads.map(readLine), ...perhaps];
}

function readLine(read: Read): string {
  const numbers = `${read.direction}, cell ${read.cellUs.toFixed(0)} us, jitter ${read.jitterPercent.toFixed(1)} %, confidence ${read.confidence.toFixed(2)}`;
  return `  track ${read.track} at ${read.startS.toFixed(3)} s: ${read.data}${read.masked ? "  (masked)" : ""}\n    ${numbers}`;
}
