// Keys of services apart, changed in two steps: the next ones, with those of before beside them, and, when all that was made by those is over, the next ones
// alone. What is made is a folder of its own each time, and nothing of the one it is made from is altered: killed at any point, that one is still there.

import { rotatedSeeds } from "@enabling-card/issuer";
import {
  forHolders,
  KEY_HOLDERS,
  type KeyHolder,
  newServiceKeys,
  readWrittenKeys,
  type WrittenKeys,
  writtenKeys,
} from "./service-keys.js";

/**
 * What lives longest of all that is made by a key: a code may begin within a week, lives a week at most, and is remembered for a day (processor). Off-line
 * grants live a week, requests' answers are kept a day.
 */
export const OVERLAP_S = 15 * 86_400;

export const ROTATION_ERRORS = {
  KEYS_ROTATING: "These keys have those of before beside them: take those out first (--retire), then change them again",
  KEYS_NOT_ROTATED: "These keys have none of before beside them: there is nothing to take out",
  KEYS_OVERLAP:
    "What the keys of before made is not over yet: wait, or take them out early where somebody else has them",
  KEYS_APART: "The files are not of one folder: each has to have the same number of rotations behind it",
} as const;

export type RotationErrorCode = keyof typeof ROTATION_ERRORS;

export class RotationError extends Error {
  override readonly name = "RotationError";

  constructor(
    readonly code: RotationErrorCode,
    detail?: string,
  ) {
    super(detail === undefined ? ROTATION_ERRORS[code] : `${ROTATION_ERRORS[code]} (${detail})`);
  }
}

export interface ChangedKeys {
  /** The issuer's, which cards are made by as well. */
  readonly seeds: Uint8Array;
  readonly written: Readonly<Record<KeyHolder, string>>;
  readonly number: number;
}

type Files = Readonly<Record<KeyHolder, string>>;

/** The next keys, those of `files` beside them. @param now - Seconds since 1970. @throws {RotationError} `KEYS_ROTATING`, `KEYS_APART`; undefined for files that hold no keys */
export function rotatedKeys(files: Files, now: number): ChangedKeys | undefined {
  const all = read(files);
  if (all === undefined) return undefined;
  if (all.issuer.before) throw new RotationError("KEYS_ROTATING");
  const { seeds, keys } = newServiceKeys(rotatedSeeds(all.issuer.keys.seeds!));
  const number = all.issuer.number + 1;
  const changed = (holder: KeyHolder) =>
    writtenKeys(holder, { keys: keys[holder], number, before: { keys: all[holder].keys, at: now } });
  return { seeds, number, written: forHolders(changed) };
}

/**
 * The keys of `files` without those of before.
 *
 * @param isEarly - Though what those made is not over: it is refused from then on
 * @throws {RotationError} `KEYS_NOT_ROTATED`, `KEYS_OVERLAP`, `KEYS_APART`; undefined for files that hold no keys
 */
export function retiredKeys(files: Files, now: number, isEarly = false): ChangedKeys | undefined {
  const all = read(files);
  if (all === undefined) return undefined;
  const { before, number, keys } = all.issuer;
  if (before === undefined) throw new RotationError("KEYS_NOT_ROTATED");
  const over = before.at + OVERLAP_S;
  if (now < over && !isEarly)
    throw new RotationError("KEYS_OVERLAP", `it is on ${new Date(over * 1000).toISOString()}`);
  return {
    seeds: keys.seeds!,
    number,
    written: forHolders((holder) => writtenKeys(holder, { keys: all[holder].keys, number })),
  };
}

function read(files: Files): Readonly<Record<KeyHolder, WrittenKeys>> | undefined {
  const found = KEY_HOLDERS.map((holder) => readWrittenKeys(holder, files[holder]));
  const [first] = found;
  if (first === undefined || found.some((keys) => keys === undefined)) return undefined;
  const isOne = found.every((keys) => keys!.number === first.number && keys!.before?.at === first.before?.at);
  if (!isOne) throw new RotationError("KEYS_APART");
  return forHolders((holder) => found[KEY_HOLDERS.indexOf(holder)]!);
}
