// ecard pos inspect: a recording as pictures.

import type { TrackNumber } from "@enabling-card/pos-sim";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { EXIT, type ExitCode } from "../exit-codes.js";

interface InspectArguments {
  readonly out: string;
  readonly track: "auto" | "1" | "2" | "3";
}

export function inspectCommand(pos: Command, context: Context, onCode: (code: ExitCode) => void): void {
  pos
    .command("inspect")
    .description("draw a recording: an SVG and an HTML page of its signal, and of why nothing was read")
    .argument("<file>", "a WAV file, or - for standard input")
    .option("--out <dir>", "where the two files go, named as the recording", "out/inspect")
    .addOption(new Option("--track <track>", "the track to read").choices(["auto", "1", "2", "3"]).default("auto"))
    .addHelpText(
      "after",
      `
Waveform with cells, bits and characters; speed along the swipe; jitter with
the limits of ISO/IEC 7811-2; a table of measures; candidates; each swipe that
was not read, why and where; how sure each character is. All reads are listed,
the first 12 pictured, and as many failed swipes. The page needs nothing from
elsewhere.

Of a masked read, and of what could not be read, neither waveform nor cells
nor bits are in the files: only levels and the speed, in parts of several
characters, and how jitter is spread, without order or number. Exits with 1
where nothing was read; the pictures are there.

With --json: the line of "pos read --json --verbose", and "svg" and "html", the
paths of what was written, or null where the file is no recording.

Examples:
  ecard pos inspect out/demo/swipe.wav
  ecard pos inspect --track 2 --out pictures --json swipe1.wav`,
    )
    .action(async (file: string, options: InspectArguments, command: Command) => {
      const [{ inspectRecording }, { recordingFacts, recordingLines }, { progressBar }] = await Promise.all([
        import("../pos/inspect-recording.js"),
        import("../pos/results.js"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const bar = progressBar(output, "s");
      const track = options.track === "auto" ? options.track : (Number(options.track) as TrackNumber);
      const { signal, stdin } = context;
      const inspecting = { folder: options.out, track, signal, stdin, onProgress: bar.update };
      const result = await inspectRecording(file, inspecting).finally(bar.stop);
      const { written } = result;
      output.fact({ ...recordingFacts(result, true), svg: written?.svg ?? null, html: written?.html ?? null });
      for (const line of recordingLines(result, output.verbose)) output.result(line);
      if (written !== undefined) output.result(`  ${written.html}\n  ${written.svg}`);
      if (result.reads.length === 0) onCode(EXIT.failed);
    });
}
