// What a head beside the coil records of an emission, and the files that show it: sound, picture, edges.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Emission } from "@enabling-card/emulator";
import { coilSignal, edgesSr, edgesVcd, encodeWav, readSamples, type Signal, swipeSvg } from "@enabling-card/pos-sim";

const SAMPLE_RATE_HZ = 48_000;

export interface Recording {
  /** Each pass by itself. */
  readonly passes: readonly Signal[];
  /** One after the other, as one file. */
  readonly whole: Signal;
}

export function recordingOf(emission: Emission): Recording {
  const passes = emission.passes.map((pass) =>
    coilSignal(
      { edgesNs: pass.edgesNs.map((edge) => edge - pass.startNs), durationNs: pass.endNs - pass.startNs },
      { sampleRateHz: SAMPLE_RATE_HZ },
    ),
  );
  const samples = new Float32Array(passes.reduce((sum, signal) => sum + signal.samples.length, 0));
  let at = 0;
  for (const signal of passes) {
    samples.set(signal.samples, at);
    at += signal.samples.length;
  }
  return { passes, whole: { samples, sampleRateHz: SAMPLE_RATE_HZ } };
}

/** Paths of the files that `writeRecording` writes into `folder`. */
export function recordingFiles(folder: string): readonly [wav: string, svg: string, vcd: string, sr: string] {
  return [join(folder, "swipe.wav"), join(folder, "swipe.svg"), join(folder, "swipe.vcd"), join(folder, "swipe.sr")];
}

export async function writeRecording(folder: string, emission: Emission, recording: Recording): Promise<void> {
  const [wav, svg, vcd, sr] = recordingFiles(folder);
  const first = recording.passes[0]!;
  const { reads } = readSamples(first.samples, first.sampleRateHz, { cells: true });
  const edgesNs = Float64Array.from(emission.edgesNs.flatMap((edges) => [...edges]));
  await writeFile(wav, encodeWav([recording.whole.samples], recording.whole.sampleRateHz));
  await writeFile(svg, swipeSvg(first, reads, { title: "A swipe of the card: its first pass, a test number" }));
  await writeFile(vcd, edgesVcd({ edgesNs, durationNs: emission.durationNs }));
  await writeFile(sr, edgesSr({ edgesNs, durationNs: emission.durationNs }));
}
