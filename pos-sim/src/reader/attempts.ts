// What could not be read, place by place. Octaves, frames that contradict each other and the search all speak of the same swipe: it is told
// once, by what came nearest, and only when nobody may read it any more.

import { END_ZEROS, type Followed, TEXT_CELLS } from "../cells.js";
import type { Attempted, Findings } from "../measure/gauge.js";
import type { Place } from "../measure/swipe.js";
import type { Span } from "../search/searcher.js";
import { likelyFormats } from "../search/texts/parity.js";
import { type Diagnosis, diagnosisOf, type Nearest, nearer, type Outcome } from "./diagnosis.js";
import type { Failure, Frame } from "./frame.js";

/** A swipe that was not read. */
export interface FailedSwipe extends Diagnosis {
  /** The cells that could be followed, with what lies between them, seconds from the start of the recording. */
  readonly startS: number;
  readonly endS: number;
  /** Of a recording of several, or of a head that is listened to; the first is 1. */
  readonly channel?: number;
}

interface Piece extends Attempted {
  readonly from: number;
  readonly to: number;
  /** Cells that were followed. */
  readonly count: number;
  readonly outcome: Outcome;
}

interface Told extends Nearest {
  readonly diagnosis: Diagnosis;
}

interface Group {
  readonly pieces: readonly Piece[];
  readonly from: number;
  readonly to: number;
}

interface Tried extends Nearest, Group {
  readonly swipe: boolean;
}

export interface AttemptsOptions {
  readonly sampleRateHz: number;
  /** Was something read here after all? */
  readonly isRead: (from: number, to: number) => boolean;
  readonly measure: (attempted: Attempted, place: Place) => Findings;
  readonly onFailed: (failed: FailedSwipe) => void;
}

/** So many are one without any zeros, too. */
const LONG_CELLS = 150;
/** Parts of a swipe lie no farther apart: a scratch; and where the hand stops. */
const APART_S = 0.045;
const STOP_S = 1.5;
/** Pieces that wait, at most; each is a swipe, or a part of one. */
const PENDING = 256;

export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #rate: number;
  #pending: Piece[] = [];
  #nearest: Told | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#rate = options.sampleRateHz;
  }

  failure(failure: Failure): void {
    const { from, to, cells: count, strip: cells, direction, symbolBits, followed } = failure;
    this.#add({ from, to, count, cells, direction, followed, ...(symbolBits && { symbolBits }), outcome: { failure } });
  }

  /** A frame that is not certain: contradicted, or of low confidence; or likely, and no more, by a search. */
  frame(frame: Frame, probability?: number): void {
    const { from, to, cells, direction, symbolBits } = frame;
    const outcome = probability === undefined ? { uncertainAt: from } : { candidateAt: from, probability };
    this.#add({ from, to, count: cells.frameBits, cells, direction, symbolBits, outcome });
  }

  /** The same of one that is not even likely, and is no attempt: for where there is none. */
  unlikely({ from, to, cells, direction, symbolBits }: Frame, probability: number): Diagnosis {
    const outcome = { candidateAt: from, probability };
    const piece = { from, to, count: cells.frameBits, cells, direction, symbolBits, outcome };
    return this.#told({ outcome, pieces: [piece], from, to, swipe: false }).diagnosis;
  }

  /** Passes that were read as one, or beside one that was read: none of them has failed. */
  joined(passes: readonly Span[]): void {
    this.#pending = this.#pending.filter((piece) => !passes.some(({ from, to }) => piece.from < to && piece.to > from));
  }

  /** Tells what ends before a sample up to which everybody has looked. */
  settle(before: number): void {
    if (this.#pending.length === 0) return;
    for (const group of groupsOf(this.#pending, this.#rate)) {
      if (group.to + STOP_S * this.#rate > before && this.#pending.length < PENDING) continue;
      this.#pending = this.#pending.filter((piece) => !group.pieces.includes(piece));
      const tried = this.#tried(group);
      // What is neither a swipe nor nearer to one is not measured: sounds have many such.
      if (tried === undefined || !(tried.swipe || nearer<Nearest>(this.#nearest, tried) === tried)) continue;
      const told = this.#told(tried);
      this.#nearest = nearer(this.#nearest, told);
      const [startS, endS] = [group.from / this.#rate, group.to / this.#rate];
      if (tried.swipe) this.#options.onFailed({ ...told.diagnosis, startS, endS });
    }
  }

  /** Of all that were told, and of those that wait, the one that came nearest; undefined where there is none. */
  get nearest(): Diagnosis | undefined {
    const waiting = groupsOf(this.#pending, this.#rate).flatMap((group) => this.#tried(group) ?? []);
    const best = waiting.reduce<Told | Tried | undefined>((one, other) => nearer(one, other), this.#nearest);
    return best === undefined || "diagnosis" in best ? best?.diagnosis : this.#told(best).diagnosis;
  }

  #add(piece: Piece): void {
    this.#pending.push(piece);
  }

  /** What came of a place, where nothing was read after all. */
  #tried(group: Group): Tried | undefined {
    const { isRead } = this.#options;
    const { from, to } = group;
    if (isRead(from, to)) return undefined;
    const pieces = group.pieces
      .filter(
        (piece) =>
          !isRead(piece.from, piece.to) && (piece.outcome.failure?.code !== "NO_START_SENTINEL" || keepsParity(piece)),
      )
      .map((piece) => amongOthers(piece, group.pieces));
    if (pieces.length === 0) return undefined;
    const outcome = pieces.map((piece) => piece.outcome).reduce(together);
    return { outcome, pieces, from, to, swipe: pieces.some(isSwipe) };
  }

  #told({ outcome, pieces, from, to }: Tried): Told {
    const pauses = pausesOf(pieces, APART_S * this.#rate);
    const findings = this.#options.measure(pieces.reduce(bestMeasured), { from, to, pauses });
    return { outcome, diagnosis: diagnosisOf(outcome, findings, this.#rate) };
  }
}

/** A failed piece with few zeros at an end, beyond which lies another piece, was not followed from there: it is the same swipe. */
function amongOthers(piece: Piece, all: readonly Piece[]): Piece {
  const { cells, direction, outcome, followed } = piece;
  const { failure } = outcome;
  if (failure === undefined || followed === undefined) return piece;
  const early = cells.frameFrom < END_ZEROS && all.some(({ to }) => to <= piece.from);
  const late =
    cells.bits.length - cells.frameFrom - cells.frameBits < END_ZEROS && all.some(({ from }) => from >= piece.to);
  const [before, behind] = direction === "forward" ? [early, late] : [late, early];
  const known: Followed = { start: followed.start && !before, end: followed.end && !behind };
  return { ...piece, followed: known, outcome: { failure: { ...failure, followed: known } } };
}

/** Speech and music have runs of steady cells; only a card's keep parity. Of cells lost between samples nobody can tell. */
const keepsParity = ({ cells, outcome }: Piece): boolean =>
  outcome.failure?.code === "TOO_FAST" || likelyFormats(cells.bits).length > 0;

/** Beside what was read, or may have been, a failure is told where it has the zeros or the length of a swipe, too. */
function isSwipe(piece: Piece): boolean {
  const { count, cells, outcome } = piece;
  if (outcome.failure === undefined) return true;
  const zeros = Math.max(cells.frameFrom, cells.bits.length - cells.frameFrom - cells.frameBits);
  return count >= TEXT_CELLS && (zeros >= END_ZEROS || count >= LONG_CELLS) && keepsParity(piece);
}

/** What is measured: the likeliest text's cells, as they are all there; then a frame's; then the attempt that came farthest. */
function bestMeasured(a: Piece, b: Piece): Piece {
  const rank = ({ outcome }: Piece): number =>
    outcome.probability !== undefined ? 1 + outcome.probability : outcome.uncertainAt !== undefined ? 1 : 0;
  if (rank(a) !== rank(b)) return rank(a) > rank(b) ? a : b;
  const [first, second] = [a.outcome.failure, b.outcome.failure];
  if (first === undefined || second === undefined) return a;
  return nearer({ outcome: a.outcome }, { outcome: b.outcome })?.outcome === a.outcome ? a : b;
}

function together(a: Outcome, b: Outcome): Outcome {
  const failure = nearer(a.failure && { outcome: { failure: a.failure } }, {
    outcome: b.failure ? { failure: b.failure } : {},
  }).outcome.failure;
  const uncertainAt = a.uncertainAt ?? b.uncertainAt;
  const likelier = (a.probability ?? 0) >= (b.probability ?? 0) ? a : b;
  return {
    ...(failure && { failure }),
    ...(uncertainAt !== undefined && { uncertainAt }),
    ...(likelier.probability !== undefined && {
      probability: likelier.probability,
      candidateAt: likelier.candidateAt!,
    }),
  };
}

/** Pieces of one swipe together, in the order of time. */
function groupsOf(pieces: readonly Piece[], rate: number): readonly Group[] {
  const groups: { pieces: Piece[]; from: number; to: number; last: Piece }[] = [];
  for (const piece of [...pieces].sort((a, b) => a.from - b.from)) {
    const group = groups.at(-1);
    if (group !== undefined && belongs(group.last, group.to, piece, rate)) {
      group.pieces.push(piece);
      if (piece.to > group.to) group.last = piece;
      group.to = Math.max(group.to, piece.to);
    } else groups.push({ pieces: [piece], from: piece.from, to: piece.to, last: piece });
  }
  return groups;
}

/** Is `next` a part of the swipe that was followed up to `to`? Behind the zeros that end a swipe, those that begin one are another's. */
function belongs(last: Piece, to: number, next: Piece, rate: number): boolean {
  const gap = next.from - to;
  if (gap <= 0) return true;
  const { bits, frameFrom, frameBits } = last.cells;
  const ended = bits.length - frameFrom - frameBits >= END_ZEROS;
  const begun = next.cells.frameFrom >= END_ZEROS;
  return gap < APART_S * rate ? !(ended && begun) : gap < STOP_S * rate && !ended && !begun;
}

/** Where nothing was followed between the pieces of a swipe, for longer than `least`. */
function pausesOf(pieces: readonly Piece[], least: number): Place["pauses"] {
  const pauses: { from: number; to: number }[] = [];
  let end = pieces[0]!.to;
  for (const { from, to } of pieces) {
    if (from - end > least) pauses.push({ from: end, to: from });
    end = Math.max(end, to);
  }
  return pauses;
}
