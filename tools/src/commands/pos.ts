// ecard pos read: recordings of swipes in, tracks out; where there are none, why.

import { type PosReadResult, posRead, type Read } from "@enabling-card/pos-sim";
import { type Command, InvalidArgumentError } from "commander";
import type { Context } from "../context.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { describeError } from "../output.js";

type TrackChoice = "auto" | 1 | 2 | 3;

export function posCommand(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  const pos = program.command("pos").description("the POS simulator: read recordings of swipes");
  pos
    .command("read")
    .description("decode WAV files (8/16/24/32-bit, float, any rate, mono or more channels); - is standard input")
    .argument("<file...>", "recordings, or - for standard input")
    .option("--track <track>", "auto, 1, 2 or 3", trackChoice, "auto" as TrackChoice)
    .addHelpText(
      "after",
      "\nExits with 1 when a file gave no read. Numbers outside the test range are masked.\n\nExamples:\n  ecard pos read out/demo/swipe.wav\n  ecard pos read --track 2 --json swipe1.wav swipe2.wav\n  sox in.flac -t wav - | ecard pos read -",
    )
    .action(async (files: string[], options: { track: TrackChoice }, command: Command) => {
      const output = context.output(command);
      for (const file of files) {
        context.signal.throwIfAborted();
        try {
          const result = await posRead(file, { track: options.track });
          output.fact(result);
          for (const line of describe(result)) output.result(line);
          if (result.reads.length === 0) onCode(EXIT.failed);
        } catch (error) {
          const { code, message } = describeError(error);
          output.fact({ file, reads: [], diagnosis: { code, sentence: message } });
          output.result(`${file}: ${message} [${code}]`);
          onCode(EXIT.failed);
        }
      }
    });
}

function trackChoice(value: string): TrackChoice {
  if (value === "auto") return value;
  if (value === "1" || value === "2" || value === "3") return Number(value) as TrackChoice;
  throw new InvalidArgumentError("Tracks are auto, 1, 2 and 3.");
}

function describe({ file, reads, diagnosis }: PosReadResult): string[] {
  if (reads.length > 0)
    return [`${file}: ${reads.length} read${reads.length === 1 ? "" : "s"}`, ...reads.map(readLine)];
  const at = diagnosis?.atS === undefined ? "" : ` (at ${diagnosis.atS.toFixed(3)} s)`;
  return [`${file}: nothing read. ${diagnosis?.sentence ?? ""}${at} [${diagnosis?.code ?? "unknown"}]`];
}

function readLine(read: Read): string {
  const facts = `${read.direction}, cell ${read.cellUs.toFixed(0)} us, jitter ${read.jitterPercent.toFixed(1)} %, confidence ${read.confidence.toFixed(2)}`;
  return `  track ${read.track} at ${read.startS.toFixed(3)} s: ${read.data}\n    ${facts}`;
}
