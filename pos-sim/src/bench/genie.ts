// How far any reader could get in white noise: a genie that knows every cell's time, the height and the pulse, and asks the same trellis.

import { match } from "../search/fit/matched.js";
import { metricsOf } from "../search/fit/metrics.js";
import { lorentzian, type Pulse } from "../search/fit/pulse.js";
import { weighed } from "../search/fit/weighed.js";
import { Background } from "../search/texts/background.js";
import { POLARITY } from "../search/texts/chain.js";
import { Graph } from "../search/texts/graph.js";
import { CodeTrellis } from "../search/texts/lattice.js";
import { addLog, Weights } from "../search/texts/weights.js";
import type { Labelled } from "../synth/synth.js";
import { TRACK_FORMATS } from "../track-format.js";

export interface Limit {
  readonly valid: number;
  readonly first: number;
}

/** Shapes that are kept: making one takes longer than asking it. */
const KEPT = 64;
const PULSES = new Map<number, Pulse>();
const TRELLIS = new CodeTrellis(new Graph(TRACK_FORMATS[2], POLARITY));
const ODDS = 1e5;

/** 1 or 0 each: the genie's text is right, and it is sure of it. Of one pass of track 2, forward, with Lorentzian pulses `pw50` cells wide. */
export function limitOf({ samples, passes, sigma, text }: Labelled, pw50 = 0.25): Limit {
  const pulse = PULSES.get(pw50) ?? lorentzian(pw50);
  if (PULSES.size < KEPT) PULSES.set(pw50, pulse);
  const { bounds, heights } = passes[0]!;
  const grid = { bounds, height: heights, steps: new Float64Array(heights.length).fill(1), variance: sigma * sigma };
  const weights = new Weights(metricsOf(weighed(grid, match(samples, grid, pulse), pulse, false), "never"));
  const background = new Background(weights);
  const { total, best } = TRELLIS.decode(weights, background);
  if (best === undefined) return { valid: 0, first: 0 };
  const data = String.fromCharCode(
    ...Array.from(best.symbols.subarray(0, -1), (symbol) => symbol + TRACK_FORMATS[2].offset),
  );
  if (data !== text) return { valid: 0, first: 0 };
  const others = Math.expm1(addLog(total, background.total) - best.score);
  return { valid: others <= 1 / ODDS ? 1 : 0, first: 1 };
}
