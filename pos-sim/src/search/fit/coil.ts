// What a coil's step leaves in a recording. A step has no end of bandwidth, and a converter has: the same step, sampled elsewhere, is another pulse
// by its table and hardly another one by its samples.

import { Pulse, STRIPE } from "./pulse.js";

/** Coils' pulses as converters hear them, by samples a cell and decay: made when they are needed first. */
const heard = new Map<string, Pulse>();

/** What coils leave, by how fast they decay, cells, where a cell has about so many samples: in steps of half an octave. */
export function coils(decays: readonly number[], cell: number): readonly Pulse[] {
  const samples = 2 ** (Math.round(2 * Math.log2(Math.min(MOST, Math.max(LEAST, cell)))) / 2);
  return decays.map((tau) => {
    const name = `${tau} ${samples}`;
    const pulse = heard.get(name) ?? coil(tau, samples);
    heard.set(name, pulse);
    return pulse;
  });
}

/**
 * A coil's step as a head and a converter hear it: up at once, then decaying by e every `tau` cells; and nothing of it above the half of `samples` a
 * cell. Its centre is where a stripe's pulse would match it best.
 */
function coil(tau: number, samples: number): Pulse {
  const low = Math.ceil(FILTER * STEPS);
  const step = 1 / (samples * STEPS);
  const decay = Math.exp(-step / tau);
  const wave = new Float64Array(low + Math.ceil(SPAN / step));
  let kept = 0;
  for (let i = 0; i < wave.length; i++) {
    kept = kept * decay + (i <= 2 * low ? lowPass((i - low) / STEPS) / STEPS : 0);
    wave[i] = kept;
  }
  const at = (cells: number): number => wave[Math.round(cells / step) + low] ?? 0;
  let best = 0;
  let most = 0;
  for (let shift = -0.1; shift < 0.3; shift += 0.005) {
    let sum = 0;
    for (let cells = -FILTER / samples; cells < 8 * tau; cells += 0.005) sum += at(cells) * STRIPE.at(cells - shift);
    if (sum > most) [most, best] = [sum, shift];
  }
  return new Pulse((cells) => at(cells + best));
}

/** What a converter's filter leaves of an impulse, by samples from it: a windowed sine, 0.45 of the sample rate wide. */
function lowPass(samples: number): number {
  const x = 2 * Math.PI * CUT * samples;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * samples) / FILTER);
  return 2 * CUT * window * (x === 0 ? 1 : Math.sin(x) / x);
}

/** Samples a cell beyond which a filter changes little, and below which nothing is told apart. */
const MOST = 128;
const LEAST = 4;

const CUT = 0.45;
/** Samples on each side that it takes, steps in which a sample is counted, and cells that are followed. */
const FILTER = 6;
const STEPS = 16;
const SPAN = 4;
