// What tells a run of zeros from any other tone: pulses by turns up and down have odd harmonics, in step with the tone, and no even ones.

/** Cells that are looked at. */
const CELLS = 18;
/** Deviations that the noise is granted. */
const GRANTED = 2.5;
/** Of the tone's height: the third harmonic that pulses have at least (half a cell wide: 0.2; jittering by 15 %: 0.15), and the second at most. */
const THIRD = 0.18;
const SECOND = 0.35;

/** True where `samples` may hold zeros: a positive pulse at `at`, cells of `cell`, six samples and more. */
export function mayBeZeros(samples: Float32Array, at: number, cell: number): boolean {
  const from = Math.max(0, Math.round(at - (CELLS / 2) * cell));
  const to = Math.min(samples.length, Math.round(at + (CELLS / 2) * cell));
  const count = to - from;

  // Cosines and sines of the tone and of its harmonics, from one sample to the next.
  const sums = new Float64Array(6);
  const turn = Math.PI / cell;
  const [turnC, turnS] = [Math.cos(turn), Math.sin(turn)];
  let [c, s] = [Math.cos(turn * (from - at)), Math.sin(turn * (from - at))];
  let squares = 0;
  let mean = 0;
  for (let n = from; n < to; n++) {
    const x = samples[n]!;
    squares += x * x;
    mean += x;
    const c2 = c * c - s * s;
    const s2 = 2 * c * s;
    sums[0]! += x * c;
    sums[1]! += x * s;
    sums[2]! += x * c2;
    sums[3]! += x * s2;
    sums[4]! += x * (c2 * c - s2 * s);
    sums[5]! += x * (s2 * c + c2 * s);
    const next = c * turnC - s * turnS;
    s = s * turnC + c * turnS;
    c = next;
  }
  const power = (h: number): number => (4 * (sums[2 * h]! ** 2 + sums[2 * h + 1]! ** 2)) / (count * count);
  const [first, second, third] = [power(0), power(1), power(2)];
  const height = Math.sqrt(first);
  const left = squares / count - (mean / count) ** 2 - (first + second + third) / 2;
  const granted = GRANTED * Math.sqrt((2 * Math.max(0, left)) / count);
  const phase = 3 * Math.atan2(sums[1]!, sums[0]!);
  const inStep = (2 * (sums[4]! * Math.cos(phase) + sums[5]! * Math.sin(phase))) / count;
  return inStep > THIRD * height - granted && Math.sqrt(second) < SECOND * height + granted;
}
