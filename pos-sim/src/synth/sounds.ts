// Recordings without a swipe: what a microphone hears all day. No read may come of them.

import { normal, uniform } from "../signal/random.js";

export const SOUNDS = ["white noise", "pink noise", "hum", "speech-like", "music-like"] as const;
export type Sound = (typeof SOUNDS)[number];

/** A sound of a kind, full scale -1 to 1; the same seed gives the same samples. */
export function sound(kind: Sound, seed: number, seconds: number, sampleRateHz: number): Float32Array {
  const random = uniform(Math.imul(seed, 0x9e3779b1) ^ 0x51ed270b);
  const deviate = normal(Math.imul(seed, 0x85ebca6b) ^ 0x2545f491);
  const samples = new Float32Array(Math.ceil(seconds * sampleRateHz));
  switch (kind) {
    case "white noise":
      for (let n = 0; n < samples.length; n++) samples[n] = deviate();
      break;
    case "pink noise":
      pink(samples, deviate);
      break;
    case "hum":
      hum(samples, sampleRateHz, random, deviate);
      break;
    case "speech-like":
      speech(samples, sampleRateHz, random, deviate);
      break;
    case "music-like":
      music(samples, sampleRateHz, random, deviate);
      break;
  }
  return recorded(samples, 10 ** (-3 * random()));
}

/** Scaled to a peak, and rounded to 16 bits. */
function recorded(samples: Float32Array, peak: number): Float32Array {
  const most = samples.reduce((max, x) => Math.max(max, Math.abs(x)), 1e-9);
  return samples.map((x) => Math.round((x / most) * peak * 32767) / 32768);
}

function pink(samples: Float32Array, deviate: () => number): void {
  let slow = 0;
  let middle = 0;
  for (let n = 0; n < samples.length; n++) {
    const white = deviate();
    slow = 0.998 * slow + 0.1 * white;
    middle = 0.96 * middle + 0.3 * white;
    samples[n] = slow + middle + 0.2 * white;
  }
}

/** Mains with its harmonics, a dimmer's edge twice a cycle, and some noise. */
function hum(samples: Float32Array, rate: number, random: () => number, deviate: () => number): void {
  const mains = random() < 0.5 ? 50 : 60;
  const harmonics = Array.from({ length: 12 }, (_, i) => ({
    step: (2 * Math.PI * mains * (i + 1)) / rate,
    height: random() / (i + 1),
    phase: 2 * Math.PI * random(),
  }));
  const edge = random();
  const noise = 0.3 * random() ** 2;
  for (let n = 0; n < samples.length; n++) {
    let sum = noise * deviate();
    for (const { step, height, phase } of harmonics) sum += height * Math.sin(phase + step * n);
    const share = ((2 * mains * n) / rate) % 1;
    sum += edge * Math.exp(-40 * ((share + 0.7) % 1)) * (Math.floor((2 * mains * n) / rate) % 2 === 0 ? 1 : -1);
    samples[n] = sum;
  }
}

/** A throat's pulses through three resonances that move from sound to sound; hisses and pauses between them. */
function speech(samples: Float32Array, rate: number, random: () => number, deviate: () => number): void {
  const state = new Float64Array(6);
  let pitch = 80 + 170 * random();
  let phase = 0;
  for (let n = 0; n < samples.length; ) {
    const length = Math.round((0.06 + 0.16 * random()) * rate);
    const kind = random();
    const formants = [250 + 600 * random(), 800 + 1600 * random(), 2300 + 900 * random()];
    pitch = Math.max(70, Math.min(300, pitch * (0.9 + 0.2 * random())));
    for (let i = 0; i < length && n < samples.length; i++, n++) {
      const envelope = Math.sin((Math.PI * i) / length) ** 0.5;
      phase += (pitch * (1 + 0.01 * deviate())) / rate;
      const pulse = phase >= 1 ? 1 : 0;
      phase %= 1;
      // Voiced, hissed, or a pause.
      const source = kind < 0.65 ? pulse + 0.01 * deviate() : kind < 0.85 ? 0.15 * deviate() : 0.002 * deviate();
      let sum = 0;
      for (const [f, hz] of formants.entries()) {
        const radius = Math.exp((-Math.PI * (60 + 40 * f)) / rate);
        const next =
          source + 2 * radius * Math.cos((2 * Math.PI * hz) / rate) * state[2 * f]! - radius ** 2 * state[2 * f + 1]!;
        state[2 * f + 1] = state[2 * f]!;
        state[2 * f] = next;
        sum += next / (f + 1);
      }
      samples[n] = envelope * sum;
    }
  }
}

/** Chords of plucked and of square tones, and a drum. */
function music(samples: Float32Array, rate: number, random: () => number, deviate: () => number): void {
  const beat = Math.round((0.12 + 0.3 * random()) * rate);
  for (let start = 0; start < samples.length; start += beat) {
    const voices = 1 + Math.floor(4 * random());
    for (let voice = 0; voice < voices; voice++) {
      const hz = 55 * 2 ** (Math.floor(48 * random()) / 12);
      const square = random() < 0.3;
      const decay = 1 + 8 * random();
      const length = Math.min(samples.length - start, beat * (1 + Math.floor(3 * random())));
      const height = random();
      for (let i = 0; i < length; i++) {
        const turn = (hz * i) / rate;
        const wave = square
          ? turn % 1 < 0.5
            ? 1
            : -1
          : Math.sin(2 * Math.PI * turn) + 0.5 * Math.sin(4 * Math.PI * turn) + 0.3 * Math.sin(6 * Math.PI * turn);
        samples[start + i]! += height * wave * Math.exp((-decay * i) / rate);
      }
    }
    if (random() < 0.5) {
      const length = Math.min(samples.length - start, Math.round(0.1 * rate));
      for (let i = 0; i < length; i++) samples[start + i]! += 2 * deviate() * Math.exp((-60 * i) / rate);
    }
  }
}
