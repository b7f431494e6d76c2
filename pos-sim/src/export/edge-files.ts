// The coil's edges, and a head's samples, for other people's tools: VCD (IEEE 1364-2001, 18) for gtkwave and sigrok, CSV for a spreadsheet.
import type { Emission } from "../signal/coil.js";
import type { Signal } from "../signal/signal.js";

/**
 * A value change dump in nanoseconds with two wires: `coil`, the direction of the current, and `active`, high from the
 * first edge to the end of the emission. Edges are rounded to whole nanoseconds.
 */
export function edgesVcd(emission: Emission): string {
  const { edgesNs, durationNs } = emission;
  const lines = [
    "$comment Flux reversals of an enabling card's coil $end",
    "$timescale 1 ns $end",
    "$scope module card $end",
    "$var wire 1 ! coil $end",
    "$var wire 1 # active $end",
    "$upscope $end",
    "$enddefinitions $end",
    "$dumpvars",
    "0!",
    "0#",
    "$end",
  ];
  for (let i = 0; i < edgesNs.length; i++) {
    lines.push(`#${Math.round(edgesNs[i]!)}`, `${(i + 1) % 2}!`);
    if (i === 0) lines.push("1#");
  }
  if (edgesNs.length > 0) lines.push(`#${Math.round(durationNs)}`, "0#");
  return `${lines.join("\n")}\n`;
}

/** One line an edge: its time in nanoseconds, the current's direction after it, the time since the edge before it. */
export function edgesCsv(emission: Emission): string {
  const lines = ["time_ns,direction,interval_ns"];
  emission.edgesNs.forEach((edge, i) => {
    const interval = i === 0 ? "" : Math.round(edge - emission.edgesNs[i - 1]!);
    lines.push(`${Math.round(edge)},${(i + 1) % 2},${interval}`);
  });
  return `${lines.join("\n")}\n`;
}

/**
 * A value change dump in nanoseconds with a real and a wire: `head`, -1 to 1, each sample that differs from the one before it, and `flux`, which
 * turns at each of `reversalsS`, seconds in rising order. sigrok takes the wire, gtkwave both.
 */
export function samplesVcd(signal: Signal, reversalsS: readonly number[]): string {
  const { samples, sampleRateHz } = signal;
  const lines = [
    "$comment A head, and the stripe that was written $end",
    "$timescale 1 ns $end",
    "$scope module pos $end",
    "$var real 64 ! head $end",
    "$var wire 1 # flux $end",
    "$upscope $end",
    "$enddefinitions $end",
    "$dumpvars",
    "r0 !",
    "0#",
    "$end",
  ];
  let said = 0;
  let turned = 0;
  const turn = (untilS: number): void => {
    for (; turned < reversalsS.length && reversalsS[turned]! <= untilS; turned++) {
      lines.push(`#${Math.round(reversalsS[turned]! * 1e9)}`, `${(turned + 1) % 2}#`);
    }
  };
  samples.forEach((sample, i) => {
    const value = Number(sample.toFixed(DIGITS));
    turn(i / sampleRateHz);
    if (value !== said) lines.push(`#${Math.round((i / sampleRateHz) * 1e9)}`, `r${value} !`);
    said = value;
  });
  turn(Number.POSITIVE_INFINITY);
  // The last time says how long it is.
  lines.push(`#${Math.round((samples.length / sampleRateHz) * 1e9)}`);
  return `${lines.join("\n")}\n`;
}

/** One line a sample: seconds and value, -1 to 1. */
export function samplesCsv(signal: Signal): string {
  const { samples, sampleRateHz } = signal;
  let text = "time_s,value\n";
  for (let i = 0; i < samples.length; i++) text += `${(i / sampleRateHz).toFixed(7)},${samples[i]!.toFixed(DIGITS)}\n`;
  return text;
}

/** Decimal places of a sample: a step of 24 bits has seven. */
const DIGITS = 9;
