// ecard pos synth: labelled recordings of made-up swipes, by a description of their conditions.

import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { counted } from "../counted.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { CorpusFormat } from "../pos/make-corpus.js";
import { wholeNumber } from "../whole-number.js";

/** Longest description, octets. */
const CONDITIONS_MAX = 1 << 16;

interface SynthOptions {
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly format: CorpusFormat;
}

export function synthCommand(pos: Command, context: Context): void {
  pos
    .command("synth")
    .description("make labelled recordings of made-up swipes, from seeds and a description of conditions")
    .argument("[file]", "JSON with the conditions, - for standard input; a clean swipe without")
    .option("--out <dir>", "where the recordings and labels.json go", "out/synth")
    .option("--count <n>", "recordings", wholeNumber(1, 100_000), 10)
    .option("--seed <n>", "first seed", wholeNumber(1, 2_000_000_000), 1)
    .addOption(
      new Option("--format <format>", "of the recordings; sr is a sigrok session, svg a picture with what was written")
        .choices(["wav", "csv", "sr", "vcd", "svg"])
        .default("wav"),
    )
    .addHelpText(
      "after",
      `
Conditions, all of them optional: track, characters, sampleRateHz, cellUs,
leadingZeros, trailingZeros, direction, pulse {pw50} or {tau}, speed {ratio},
{hand} or {hesitation {to,width,at}}, jitter {normal,uniform}, snrDb, and with
it noise white or pink, hum {height,hz}, wander {height,hz}, clip, dropouts
{count,cells,height}, level, repeats {count,reversed,gapMs,cellUs}, bits. Texts
are made from the seed, in the test range.
In repeats, reversed lists passes, 0 being the first, and cellUs the time of a
cell in each of them, microseconds. A hand that hesitates slows down once: to
this share of its speed, along a normal curve of this width, as a share of the
way, and there.

labels.json has {"conditions","labels"}, a label a recording {"file","seed",
"track","text","passes","swipes":[{"direction","startS","endS","cellsS"}]}:
start sentinel to LRC, and where each cell begins and the last one ends, zeros
too, seconds from the first sample. A VCD has the flux as written beside the
head's signal, an SVG the bits and characters as written.

With --json: one line a recording, a label without "cellsS".

Examples:
  ecard pos synth
  ecard pos synth noisy.json --count 100 --out corpus
  echo '{"snrDb":3,"speed":{"ratio":3}}' | ecard pos synth -
  ecard pos synth --count 1 --format svg
  echo '{"repeats":{"count":3,"reversed":[1],"cellUs":[300,200,450]}}' > 3.json`,
    )
    .action(async (file: string | undefined, options: SynthOptions, command: Command) => {
      const [{ checkedConditions }, { LABELS_FILE, makeCorpus }, { progressBar }] = await Promise.all([
        import("@enabling-card/pos-sim"),
        import("../pos/make-corpus.js"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const conditions = checkedConditions(file === undefined ? {} : await readConditions(file, context));
      const bar = progressBar(output, "recordings");
      const { out: folder, count, seed, format } = options;
      const labels = await makeCorpus(conditions, {
        folder,
        count,
        seed,
        format,
        signal: context.signal,
        onProgress: (done, of) => bar.update(folder, done, of),
      });
      bar.stop();
      for (const label of labels) output.fact(label);
      output.say(`${counted(labels.length, "recording")} and ${LABELS_FILE} in ${folder}`);
    });
}

/** What the system says of a file that is no description. */
const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder, name a file",
  EACCES: "this user may not read it",
};

async function readConditions(file: string, { signal, stdin }: Context): Promise<unknown> {
  const { readAtMost } = await import("../read-at-most.js");
  const isStdin = file === "-";
  if (isStdin && stdin.isTTY) {
    throw new CommandError("BAD_ARGUMENT", "Standard input is a terminal: pipe the conditions into it", EXIT.usage);
  }
  const fail = (why: string, cause?: unknown) =>
    new CommandError(
      "CONDITIONS_UNREADABLE",
      `The conditions ${isStdin ? "on standard input" : file} cannot be read: ${why}`,
      EXIT.usage,
      { cause },
    );
  const octets = readAtMost(isStdin ? stdin : file, CONDITIONS_MAX + 1, signal);
  const text = await octets.catch((cause: NodeJS.ErrnoException) => {
    if (signal.aborted) throw cause;
    throw fail(SYSTEM[String(cause.code)] ?? String(cause.code), cause);
  });
  if (text.length > CONDITIONS_MAX) throw fail(`it has more than ${CONDITIONS_MAX} octets`);
  try {
    return JSON.parse(text.toString("utf8"));
  } catch (cause) {
    throw fail(
      text.length === 0 ? "it is empty, write {} for a clean swipe" : `it is not JSON${placeIn(text, cause)}`,
      cause,
    );
  }
}

/** Where JSON ends to be one, as the engine says. */
function placeIn(text: Buffer, cause: unknown): string {
  const position = / position ([0-9]+)/.exec(String(cause))?.[1];
  if (position === undefined) return ", it ends too early";
  const before = text.toString("utf8").slice(0, Number(position)).split("\n");
  return ` from line ${before.length}, column ${before.at(-1)!.length + 1} on`;
}
