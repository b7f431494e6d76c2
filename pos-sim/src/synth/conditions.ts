// What a made-up swipe is like, as JSON says it. No text: that is made from the seed, in the test range, and cannot be given (rule 3: what
// plays a given text is a copier).

import { PosError } from "../errors.js";
import { TRACK_FORMATS, type TrackNumber } from "../track-format.js";

/** Everything has a default: a clean swipe of track 2, 40 characters, 48 kHz, cells of 300 us. */
export interface Conditions {
  readonly track?: TrackNumber;
  /** Characters with sentinels and LRC, as many as the track has at most. */
  readonly characters?: number;
  readonly sampleRateHz?: number;
  /** Mean time of a cell, microseconds. */
  readonly cellUs?: number;
  readonly leadingZeros?: number;
  readonly trailingZeros?: number;
  readonly direction?: "forward" | "reverse";
  /** Width at half height of a stripe's pulse, or decay of a coil's, in cells. */
  readonly pulse?: { readonly pw50: number } | { readonly tau: number };
  /** Speed at the end over speed at the start, changing linearly in time; or a hand's; or one that hesitates. */
  readonly speed?: { readonly ratio: number } | { readonly hand: true } | { readonly hesitation: Hesitation };
  /** Every reversal moved by its own deviate, in cells: normal (deviation), or uniform (either way). */
  readonly jitter?: { readonly normal?: number; readonly uniform?: number };
  /** Mean power of the clean signal over the swipe to that of the noise over the whole band. */
  readonly snrDb?: number;
  /** Of the noise that `snrDb` is the strength of: white, or falling by 3 dB an octave. */
  readonly noise?: "white" | "pink";
  /** Heights in pulse heights. */
  readonly hum?: { readonly height: number; readonly hz: number };
  readonly wander?: { readonly height: number; readonly hz: number };
  /** The recorder's limit, in pulse heights. */
  readonly clip?: number;
  /** Cells without signal, or with a low one, of this height over the whole, at places that the seed chooses. */
  readonly dropouts?: { readonly count: number; readonly cells: number; readonly height?: number };
  /** Height of the tallest pulse, of full scale. */
  readonly level?: number;
  /** Passes of the same text in one recording. */
  readonly repeats?: Repeats;
  /** Bits of a sample that the recorder keeps. */
  readonly bits?: 8 | 16 | 24;
}

/** A hand that slows down once and goes on as before. */
export interface Hesitation {
  /** Slowest speed, as a share of the speed before and behind. */
  readonly to: number;
  /** How long: the deviation of the normal curve that the speed goes down by, as a share of the way. */
  readonly width: number;
  /** Where it is slowest, as a share of the way; where the seed chooses, without. */
  readonly at?: number;
}

export interface Repeats {
  readonly count: number;
  /** Which of them are reversed; the first is 0. */
  readonly reversed?: readonly number[];
  readonly gapMs?: number;
  /** Mean time of a cell of each pass, microseconds; the conditions' `cellUs` without. */
  readonly cellUs?: readonly number[];
}

const CHARACTERS_MIN = 4;
const RANGES = {
  sampleRateHz: [4_000, 768_000],
  cellUs: [20, 20_000],
  leadingZeros: [0, 1000],
  trailingZeros: [0, 1000],
  snrDb: [-30, 200],
  clip: [1e-3, 1e3],
  level: [1e-6, 1],
} as const;

/** @throws {@link PosError} `BAD_ARGUMENT` naming the field that no swipe can have. */
export function checkedConditions(value: unknown): Conditions {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refused(`The "conditions" are ${shown(value)}: give an object, as {"snrDb": 3}, or {} for a clean swipe`);
  }
  const given = value as Record<string, unknown>;
  for (const key of Object.keys(given)) if (!FIELDS.has(key)) throw unknown(key, "They have", [...FIELDS]);
  oneOf(given.track, "track", [1, 2, 3]);
  const { maxCharacters } = TRACK_FORMATS[(given as Conditions).track ?? 2];
  number(given.characters, "characters", CHARACTERS_MIN, maxCharacters);
  for (const [key, [low, high]] of Object.entries(RANGES)) number(given[key], key, low, high);
  for (const key of ["characters", "sampleRateHz", "leadingZeros", "trailingZeros"] as const) {
    if (given[key] !== undefined && !Number.isInteger(given[key])) throw bad(key, given[key], "a whole number");
  }
  oneOf(given.direction, "direction", ["forward", "reverse"]);
  oneOf(given.noise, "noise", ["white", "pink"]);
  if (given.noise !== undefined && given.snrDb === undefined) {
    const [low, high] = RANGES.snrDb;
    throw refused(
      `The conditions' "noise" is without "snrDb": give a number from ${low} to ${high}, or leave "noise" out`,
    );
  }
  oneOf(given.bits, "bits", [8, 16, 24]);
  checkPulse(given.pulse);
  checkSpeed(given.speed);
  part(given.jitter, "jitter", {}, { normal: [0, 1], uniform: [0, 1] });
  part(given.hum, "hum", { height: [0, 100], hz: [1, 10_000] });
  part(given.wander, "wander", { height: [0, 100], hz: [0.01, 100] });
  part(given.dropouts, "dropouts", { count: [0, 100], cells: [0.1, 1000] }, { height: [0, 1] });
  part(given.repeats, "repeats", { count: [1, 10] }, { gapMs: [0, 2_000] }, ["reversed", "cellUs"]);
  const { repeats, dropouts } = given as Conditions;
  for (const [name, counted] of Object.entries({ repeats, dropouts })) {
    if (counted !== undefined && !Number.isInteger(counted.count))
      throw bad(`${name}.count`, counted.count, "a whole number");
  }
  const reversed: unknown = repeats?.reversed;
  const isPass = (pass: unknown): boolean =>
    Number.isInteger(pass) && Number(pass) >= 0 && Number(pass) < repeats!.count;
  if (reversed !== undefined && !(Array.isArray(reversed) && reversed.every(isPass))) {
    throw bad("repeats.reversed", reversed, `a list of passes, 0 to ${repeats!.count - 1}`);
  }
  const [shortest, longest] = RANGES.cellUs;
  const isCell = (cell: unknown): boolean => typeof cell === "number" && cell >= shortest && cell <= longest;
  const cells: unknown = repeats?.cellUs;
  if (cells !== undefined && !(Array.isArray(cells) && cells.length === repeats!.count && cells.every(isCell))) {
    const list = `a list of ${repeats!.count}, one a pass, of numbers from ${shortest} to ${longest}`;
    throw bad("repeats.cellUs", cells, list);
  }
  checkLength(value as Conditions);
  return value as Conditions;
}

/** Samples of a recording, at most: a minute and a half at 384 kHz. */
const LONGEST = 2 ** 25;

/** Before the first cell and behind the last one. */
export const SILENCE_S = 0.02;
/** Between two passes, where nothing is said. */
export const GAP_MS = 40;

/** Fields that are each within their range make more together than anybody listens to. @throws {@link PosError} `BAD_ARGUMENT` */
function checkLength(conditions: Conditions): void {
  const samples = lengthOf(conditions);
  if (samples > LONGEST) {
    const next = `give a shorter "cellUs", fewer zeros or passes, or a lower "sampleRateHz"`;
    throw refused(`The conditions make a recording of ${samples} samples, where ${LONGEST} are the most: ${next}`);
  }
}

/** Samples that a recording has. Whatever the hand does, `cellUs` is the mean: no profile of speed makes a swipe longer. */
export function lengthOf({ track = 2, repeats, ...more }: Conditions): number {
  const { symbolBits, maxCharacters } = TRACK_FORMATS[track];
  const { characters = maxCharacters, leadingZeros = 25, trailingZeros = 25 } = more;
  const { cellUs = 300, sampleRateHz = 48_000 } = more;
  const cells = leadingZeros + trailingZeros + characters * symbolBits;
  const each = repeats?.cellUs ?? new Array<number>(repeats?.count ?? 1).fill(cellUs);
  const between = Math.ceil(((repeats?.gapMs ?? GAP_MS) / 1000) * sampleRateHz) - Math.ceil(SILENCE_S * sampleRateHz);
  const passes = each.map((us) => Math.ceil((2 * SILENCE_S + cells * us * 1e-6) * sampleRateHz));
  return passes.reduce((length, pass) => length + between + pass);
}

const FIELDS = new Set([
  ...["track", "characters", "sampleRateHz", "cellUs", "leadingZeros", "trailingZeros", "direction", "pulse"],
  ...["speed", "jitter", "snrDb", "noise", "hum", "wander", "clip", "dropouts", "level", "repeats", "bits"],
]);

/** @param whole - What may be left out. */
function number(value: unknown, field: string, low: number, high: number, whole = "it"): void {
  if (value === undefined) return;
  if (!(typeof value === "number" && value >= low && value <= high))
    throw bad(field, value, `a number from ${low} to ${high}`, whole);
}

function oneOf(value: unknown, field: string, allowed: readonly unknown[]): void {
  if (value !== undefined && !allowed.includes(value)) {
    throw bad(field, value, `one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`);
  }
}

type Ranges = Readonly<Record<string, readonly [number, number]>>;

/** An object with all of `needed`, and what there is of `more`. */
function part(value: unknown, field: string, needed: Ranges, more: Ranges = {}, others: readonly string[] = []): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const example = Object.entries({ ...more, ...needed }).map(([key, [low, high]]) => `"${key}": ${low} to ${high}`);
    throw bad(field, value, `an object, as {${example.join(", ")}}`);
  }
  const given = value as Record<string, unknown>;
  const ranges = { ...more, ...needed };
  const names = [...Object.keys(ranges), ...others];
  for (const key of Object.keys(given))
    if (!names.includes(key)) throw unknown(`${field}.${key}`, `${field} has`, names);
  for (const [key, range] of Object.entries(ranges)) {
    if (key in needed && given[key] === undefined)
      throw refused(
        `The conditions' "${field}" is without "${field}.${key}": give a number from ${range[0]} to ${range[1]}`,
      );
    number(given[key], `${field}.${key}`, ...range, key in needed ? `"${field}"` : "it");
  }
}

/** @returns The only field of an object, which is one of `names`. */
function only(value: unknown, field: string, names: readonly string[]): string | undefined {
  if (value === undefined) return undefined;
  const [name, ...more] = Object.keys(Object(value) as object);
  if (name === undefined || !names.includes(name)) throw bad(field, value, `an object with one of ${names.join(", ")}`);
  if (more.length > 0)
    throw refused(`The conditions' "${field}" has ${1 + more.length} fields: give one of ${names.join(", ")} alone`);
  return name;
}

function checkPulse(pulse: unknown): void {
  const name = only(pulse, "pulse", ["pw50", "tau"]);
  if (name !== undefined) part(pulse, "pulse", name === "pw50" ? { pw50: [0.02, 2] } : { tau: [0.01, 2] });
}

function checkSpeed(speed: unknown): void {
  const name = only(speed, "speed", ["ratio", "hand", "hesitation"]);
  if (name === undefined) return;
  const value = (speed as Record<string, unknown>)[name];
  if (name === "ratio") part(speed, "speed", { ratio: [0.1, 10] });
  else if (name === "hesitation") part(value, "speed.hesitation", { to: [0.1, 1], width: [1e-3, 1] }, { at: [0, 1] });
  else if (value !== true) throw bad("speed.hand", value, "true");
}

/** A field, what was given, what it may be. */
function bad(field: string, given: unknown, expected: string, whole = "it"): PosError {
  return refused(`The conditions' "${field}" is ${shown(given)}: give ${expected}, or leave ${whole} out`);
}

/** @param field - With its object's, if any. @param have - Who has `names`. */
function unknown(field: string, have: string, names: readonly string[]): PosError {
  const start = field.split(".").at(-1)!.slice(0, ALIKE).toLowerCase();
  const meant = names.find((name) => start.length === ALIKE && name.toLowerCase().startsWith(start));
  const hint = meant === undefined ? "" : `Did you mean "${meant}"? `;
  const made = field === "text" ? "Texts are made from the seed. " : hint;
  return refused(`The conditions have no "${field.slice(0, SHOWN)}". ${made}${have} ${names.join(", ")}`);
}

/** Letters at the beginning of a name that was meant. */
const ALIKE = 3;
/** So much is shown of what was given: it may be anything, a track too, which no error tells. */
const SHOWN = 24;

function shown(given: unknown): string {
  if (Array.isArray(given)) {
    const numbers = given.length <= SHOWN / 2 && given.every((one) => typeof one === "number");
    return numbers ? `[${given.join(", ")}]` : `a list of ${given.length}`;
  }
  if (typeof given === "object" && given !== null) return "an object";
  if (typeof given === "string" && given.length > SHOWN / 2) return `a text of ${given.length} characters`;
  return typeof given === "string" ? JSON.stringify(given) : String(given);
}

function refused(sentence: string): PosError {
  return new PosError("BAD_ARGUMENT", sentence);
}
